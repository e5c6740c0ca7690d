/* SPDX-License-Identifier: MIT */
#include "rules.h"

#include <search.h>
#include <stdlib.h>

#include "diag.h"
#include "match.h"

enum { DESTS_MAX = 65535, FOUND_MAX = 64 };

struct dest {
	struct str name;
	unsigned short i;
};

struct rule {
	struct str name;
	int cond;  /* number in the match, -1: always */
	bool more; /* "continue" */
	unsigned short *dests;
	unsigned n_dests;
	struct str route; /* what is appended when it alone matches */
};

struct rules {
	struct arena *arena;
	const struct conf *conf;
	struct match *match;
	struct rule *list;
	size_t n;
	const char **dests;
	size_t n_dests;
	bool explain;
	size_t *matched; /* by the record at hand */
	size_t n_matched;
	uint64_t *seen, round; /* destinations that the record at hand has already */
	struct buf text, why;
	size_t unsaid; /* what did not fit into `why` */
};

/* What is needed while the configuration is read. */
struct reader {
	struct rules *rs;
	void *names, *dests; /* trees of tsearch(3) */
	size_t growth;       /* bytes that rules with "continue" can put into one route */
	struct err *e;
};

/* ---- reading ---- */

/* Both trees hold what begins with a name. */
static int by_name(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void keep(void *item)
{
	(void)item; /* lives in the arena */
}

static int bad(struct reader *rd, struct str where, const char *what)
{
	return err_set(rd->e, FAULT_CONFIG, "config", "%s: %.*s%s", rd->rs->conf->path,
		       STR_FMT(where), what);
}

static bool name_safe(struct str s)
{
	static const char chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

	for (size_t i = 0; i < s.n; i++)
		if (!s.p[i] || !strchr(chars, s.p[i]))
			return false;
	return s.n > 0 && s.n <= ROUTE_NAME_MAX && s.p[0] != '.';
}

static int read_dest(struct reader *rd, const struct json *v, struct str where, struct rule *rule)
{
	struct rules *rs = rd->rs;
	struct dest *d = arena_alloc(rs->arena, sizeof(*d)), **found;

	d->name = json_str(v);
	if (!d->name.p)
		return bad(rd, where, ": must be the name of a destination, a string");
	if (!name_safe(d->name))
		return bad(rd, where,
			   ": the name of a destination is 1 to 64 of A-Z a-z 0-9 . _ - and does not begin with a dot");
	if (rs->n_dests == DESTS_MAX)
		return bad(rd, where, ": more than 65535 destinations");
	d->i = (unsigned short)rs->n_dests;
	found = tsearch(d, &rd->dests, by_name);
	if (!found)
		diag_oom();
	if (*found == d) {
		rs->dests = reallocarray(rs->dests, rs->n_dests + 2, sizeof(*rs->dests));
		if (!rs->dests)
			diag_oom();
		rs->dests[rs->n_dests++] = arena_cstr(rs->arena, d->name);
		rs->dests[rs->n_dests] = NULL;
	}
	for (unsigned i = 0; i < rule->n_dests; i++)
		if (rule->dests[i] == (*found)->i)
			return 0;
	rule->dests[rule->n_dests++] = (*found)->i;
	return 0;
}

static int read_to(struct reader *rd, const struct json *to, struct str where, struct rule *rule)
{
	struct str at = arena_fmt(rd->rs->arena, "%.*s/to", STR_FMT(where));

	if (!to)
		return bad(rd, where, ": a rule needs \"to\", its destinations (or [] for none)");
	rule->dests = arena_alloc(rd->rs->arena, (json_len(to) + 1) * sizeof(*rule->dests));
	if (!json_is(to, JSON_ARRAY))
		return read_dest(rd, to, at, rule);
	for (struct json_iter it = json_iter(to); json_next(&it);)
		if (read_dest(rd, it.value, arena_fmt(rd->rs->arena, "%.*s/%zu", STR_FMT(at), it.i),
			      rule) < 0)
			return -1;
	return 0;
}

static int read_name(struct reader *rd, const struct json *name, struct str where, struct rule *rule)
{
	struct rule **found;

	rule->name = name ? json_str(name) : arena_fmt(rd->rs->arena, "rule-%zu", rd->rs->n + 1);
	if (rule->name.n == 0 || rule->name.n > ROUTE_NAME_MAX)
		return bad(rd, where, "/name: must have 1 to 64 bytes");
	found = tsearch(rule, &rd->names, by_name);
	if (!found)
		diag_oom();
	if (*found != rule)
		return err_set(rd->e, FAULT_CONFIG, "config",
			       "%s: %.*s: a rule before it has the name \"%.*s\"",
			       rd->rs->conf->path, STR_FMT(where), STR_FMT(rule->name));
	return 0;
}

/* Append {"rule":…,"to":[…] for ${rule}, without the closing brace. */
static void route_open(const struct rules *rs, struct buf *b, const struct rule *rule)
{
	json_open(b, '{');
	json_add_str(b, "rule", rule->name);
	json_key(b, "to");
	json_open(b, '[');
	for (unsigned i = 0; i < rule->n_dests; i++)
		json_put_str(b, str_c(rs->dests[rule->dests[i]]));
	json_close(b, ']');
}

static int read_rule(struct reader *rd, const struct json *v, struct str where)
{
	struct rules *rs = rd->rs;
	struct rule *rule = &rs->list[rs->n];
	const struct json *when = json_get(v, "when");

	rule->more = json_true(json_get(v, "continue"));
	rule->cond = -1;
	if (read_name(rd, json_get(v, "name"), where, rule) < 0 ||
	    read_to(rd, json_get(v, "to"), where, rule) < 0)
		return -1;
	if (when) {
		rule->cond = match_add(rs->match, when,
				       arena_fmt(rs->arena, "%.*s/when", STR_FMT(where)), rd->e);
		if (rule->cond < 0)
			return -1;
	}
	buf_reset(&rs->text);
	route_open(rs, &rs->text, rule);
	json_close(&rs->text, '}');
	rule->route = arena_str(rs->arena, buf_get(&rs->text));
	rd->growth += rule->more ? rule->route.n : 0;
	if (rule->route.n > ROUTE_MAX / 2 || rd->growth > ROUTE_MAX / 4)
		return bad(rd, where,
			   ": the names of the destinations and of the rules with \"continue\" get too long for one record");
	rs->n++;
	return 0;
}

static int read_rules(struct reader *rd)
{
	struct rules *rs = rd->rs;
	const struct json *routes = json_get(rs->conf->root, "routes");
	struct json_iter it = json_iter(routes);
	bool many = json_is(routes, JSON_ARRAY);
	size_t n = many ? json_len(routes) : routes != NULL;

	rs->list = arena_calloc(rs->arena, n, sizeof(*rs->list));
	rs->matched = arena_calloc(rs->arena, n, sizeof(*rs->matched));
	if (routes && !many)
		return read_rule(rd, routes, STR("/routes"));
	while (many && json_next(&it))
		if (read_rule(rd, it.value, arena_fmt(rs->arena, "/routes/%zu", it.i)) < 0)
			return -1;
	return 0;
}

struct rules *rules_new(const struct conf *conf, bool explain, struct err *e)
{
	struct rules *rs = calloc(1, sizeof(*rs));
	struct reader rd = { .rs = rs, .e = e };
	int rc;

	if (!rs)
		diag_oom();
	rs->arena = arena_new();
	rs->conf = conf;
	rs->explain = explain;
	rs->match = match_new(conf->path);
	rs->text.max = rs->why.max = SIZE_MAX;
	rs->dests = calloc(1, sizeof(*rs->dests));
	if (!rs->dests)
		diag_oom();
	rc = read_rules(&rd);
	tdestroy(rd.names, keep);
	tdestroy(rd.dests, keep);
	if (rc < 0 || match_ready(rs->match, e) < 0) {
		rules_free(rs);
		return NULL;
	}
	rs->seen = arena_calloc(rs->arena, rs->n_dests, sizeof(*rs->seen));
	return rs;
}

void rules_free(struct rules *rs)
{
	if (!rs)
		return;
	match_free(rs->match);
	buf_free(&rs->text);
	buf_free(&rs->why);
	free(rs->dests);
	arena_free(rs->arena);
	free(rs);
}

const char *const *rules_dests(const struct rules *rs)
{
	return rs->dests;
}

/* ---- applying ---- */

/* A value of the record in a few bytes: what is longer becomes a string, its start. */
static void put_found(struct buf *b, const struct json *v)
{
	struct buf text = { .max = SIZE_MAX };

	if (json_is(v, JSON_STRING)) {
		json_put_str(b, str_utf8_cut(json_str(v), FOUND_MAX));
		return;
	}
	json_put_value(&text, v);
	if (text.n <= FOUND_MAX)
		json_put_raw(b, buf_get(&text));
	else
		json_put_str(b, str_utf8_cut(buf_get(&text), FOUND_MAX));
	buf_free(&text);
}

/* Note why ${rule}, which was tested last, did not match. */
static void say_why(struct rules *rs, const struct rule *rule)
{
	const struct json *found;
	struct str where = match_why(rs->match, &found);
	struct buf *b = &rs->why;

	if (b->n > ROUTE_MAX / 2 || where.n > KIB(4)) {
		rs->unsaid++;
		return;
	}
	json_open(b, '{');
	json_add_str(b, "rule", rule->name);
	json_key(b, "condition");
	json_put_raw(b, STR("\"/when"));
	json_escape(b, where);
	buf_char(b, '"');
	json_key(b, "found");
	put_found(b, found);
	json_close(b, '}');
}

/* Put the rules that match into rs->matched. */
static int find_matches(struct rules *rs, struct err *e)
{
	rs->n_matched = 0;
	rs->unsaid = 0;
	buf_reset(&rs->why);
	for (size_t i = 0; i < rs->n; i++) {
		const struct rule *rule = &rs->list[i];
		int yes = rule->cond < 0 ? 1 : match_test(rs->match, rule->cond, e);

		if (yes < 0) {
			struct err cause = *e;

			return err_set(e, cause.fault, cause.code, "rule \"%.*s\": %s",
				       STR_FMT(rule->name), cause.text);
		}
		if (yes)
			rs->matched[rs->n_matched++] = i;
		else if (rs->explain && rs->n_matched == 0)
			say_why(rs, rule);
		if (yes && !rule->more)
			break;
	}
	return 0;
}

/* "to" of all that matched: each destination once, in order. */
static void put_union(struct rules *rs, struct rec *r)
{
	unsigned n = 0;
	unsigned short *dests;

	for (size_t i = 0; i < rs->n_matched; i++)
		n += rs->list[rs->matched[i]].n_dests;
	dests = arena_alloc(r->arena, n * sizeof(*dests));
	n = 0;
	rs->round++;
	json_key(&rs->text, "to");
	json_open(&rs->text, '[');
	for (size_t i = 0; i < rs->n_matched; i++) {
		const struct rule *rule = &rs->list[rs->matched[i]];

		for (unsigned k = 0; k < rule->n_dests; k++) {
			unsigned short d = rule->dests[k];

			if (rs->seen[d] == rs->round)
				continue;
			rs->seen[d] = rs->round;
			dests[n++] = d;
			json_put_str(&rs->text, str_c(rs->dests[d]));
		}
	}
	json_close(&rs->text, ']');
	r->dests = dests;
	r->n_dests = n;
}

static void put_why(struct rules *rs)
{
	struct buf *b = &rs->text;

	json_key(b, "why");
	json_open(b, '[');
	buf_str(b, buf_get(&rs->why));
	if (rs->unsaid) {
		json_open(b, '{');
		json_add_i64(b, "more", (int64_t)rs->unsaid);
		json_close(b, '}');
	}
	json_close(b, ']');
}

/* A route that more than one rule, or an explanation, has a part in. */
static void put_route(struct rules *rs, struct rec *r)
{
	struct buf *b = &rs->text;

	buf_reset(b);
	json_open(b, '{');
	json_key(b, "rule");
	if (rs->n_matched > 0)
		json_put_str(b, rs->list[rs->matched[0]].name);
	else
		json_put_raw(b, STR("null"));
	put_union(rs, r);
	if (rs->n_matched > 1) {
		json_key(b, "also");
		json_open(b, '[');
		for (size_t i = 1; i < rs->n_matched; i++)
			json_put_str(b, rs->list[rs->matched[i]].name);
		json_close(b, ']');
	}
	if (rs->explain)
		put_why(rs);
	json_close(b, '}');
	rec_add(r, "route", arena_str(r->arena, buf_get(b)));
}

int rules_apply(struct rules *rs, struct rec *r, struct err *e)
{
	const struct rule *rule;

	match_begin(rs->match, r);
	if (find_matches(rs, e) < 0)
		return -1;
	if (rs->explain || rs->n_matched > 1) {
		put_route(rs, r);
	} else if (rs->n_matched == 0) {
		rec_add(r, "route", STR("{\"rule\":null,\"to\":[]}"));
	} else {
		rule = &rs->list[rs->matched[0]];
		rec_add(r, "route", rule->route);
		r->dests = rule->dests;
		r->n_dests = rule->n_dests;
	}
	return 0;
}
