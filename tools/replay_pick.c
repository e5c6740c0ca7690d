/* SPDX-License-Identifier: MIT */
#include "replay.h"

#include <stdlib.h>

#include "diag.h"
#include "file.h"
#include "match.h"

#define IDS_MAX_BYTES MIB(256) /* a file of --ids: seven million of them */

struct pick {
	struct arena *arena;
	struct match *match;           /* NULL: no condition */
	int n;                         /* of conditions: all must hold */
	const struct match_need *need; /* of the first; NULL: not known */
	struct str *ids;               /* in order; NULL: any */
	size_t n_ids;
	bool outbound;
};

/* ${text} is a condition as in `when` of a rule; "@FILE" names a file with one. */
static const struct json *read_filter(struct pick *p, const char *text, struct err *e)
{
	struct str json = str_c(text);
	const struct json *cond;
	struct err why;

	if (*text == '@' && file_read(text + 1, CONF_MAX_BYTES, p->arena, &json, NULL, e) < 0)
		return NULL;
	cond = json_parse_relaxed(json, p->arena, &why);
	if (!cond)
		err_set(e, FAULT_USAGE, "usage",
			"--filter takes a condition as in the rules of omni-route, {\"eq\":{\"channel\":\"sms\"}}, or @FILE: %s",
			why.text);
	return cond;
}

static int add(struct pick *p, const char *option, const struct json *cond, struct err *e)
{
	if (!p->match)
		p->match = match_new(option);
	if (!cond || match_add(p->match, cond, STR(""), e) < 0)
		return -1;
	p->n++;
	return 0;
}

static int read_conditions(struct pick *p, const struct args *a, struct err *e)
{
	const char *filter = opt_value(a, "filter"), *jq = opt_value(a, "jq");
	struct buf b = { .max = EXPR_MAX_BYTES };
	const struct json *cond;
	int rc = 0;

	if (filter)
		rc = add(p, "--filter", read_filter(p, filter, e), e);
	if (rc == 0 && jq && !str_utf8(str_c(jq)))
		rc = err_set(e, FAULT_USAGE, "usage", "--jq is not UTF-8");
	if (rc == 0 && jq) {
		json_open(&b, '{');
		json_add_str(&b, "jq", str_c(jq));
		json_close(&b, '}');
		cond = json_parse(buf_get(&b), p->arena, e);
		rc = add(p, p->match ? "--filter and --jq" : "--jq", cond, e);
	}
	buf_free(&b);
	if (rc < 0 || !p->match)
		return rc;
	p->need = match_need(p->match, 0);
	return match_ready(p->match, e);
}

static int order(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* The id in a line: the line itself, or the member `id` of a record. */
static struct str id_in(struct pick *p, struct str line)
{
	struct err e;

	line = str_trim(line);
	if (line.n > 0 && line.p[0] == '{')
		return json_get_str(json_parse(line, p->arena, &e), "id");
	return line;
}

static int read_ids(struct pick *p, const char *path, struct err *e)
{
	size_t cap = 1;
	struct str text;

	if (file_read(path, IDS_MAX_BYTES, p->arena, &text, NULL, e) < 0)
		return -1;
	for (size_t i = 0; i < text.n; i++)
		cap += text.p[i] == '\n';
	p->ids = arena_alloc(p->arena, cap * sizeof(*p->ids));
	while (text.n > 0) {
		size_t n = str_find(text, '\n');
		struct str id = id_in(p, str_sub(text, 0, n));

		if (id.n > 0)
			p->ids[p->n_ids++] = id;
		text = str_sub(text, n + 1, text.n);
	}
	if (p->n_ids == 0)
		return err_set(e, FAULT_USAGE, "usage", "%s: there is no id in it", path);
	qsort(p->ids, p->n_ids, sizeof(*p->ids), order);
	return 0;
}

struct pick *pick_new(const struct args *a, struct err *e)
{
	struct pick *p = calloc(1, sizeof(*p));
	const char *ids = opt_value(a, "ids");

	if (!p)
		diag_oom();
	p->arena = arena_new();
	p->outbound = opt_flag(a, "allow-outbound") || opt_flag(a, "diff"); /* which sends nothing */
	if (read_conditions(p, a, e) == 0 && (!ids || read_ids(p, ids, e) == 0))
		return p;
	pick_free(p);
	return NULL;
}

void pick_free(struct pick *p)
{
	if (!p)
		return;
	match_free(p->match);
	arena_free(p->arena);
	free(p);
}

/* What omni-deliver or omni-push would send: a message of ours that no carrier has yet, a push. */
static bool would_be_sent(const struct rec *r)
{
	struct str kind = rec_str(r, "kind");

	if (str_eq(kind, STR("push")))
		return true;
	return str_eq(kind, STR("message")) && str_eq(rec_str(r, "direction"), STR("out")) &&
	       rec_str(r, "external_id").n == 0;
}

bool pick_passes_over(const struct pick *p, struct str line)
{
	return p->need && match_lacks(p->need, line);
}

int pick_test(struct pick *p, const struct rec *r, struct err *e)
{
	struct str id;

	if (p->ids) {
		id = rec_str(r, "id");
		if (!bsearch(&id, p->ids, p->n_ids, sizeof(id), order))
			return 0;
	}
	if (p->match)
		match_begin(p->match, r);
	for (int i = 0; i < p->n; i++) {
		int yes = match_test(p->match, i, e);

		if (yes <= 0)
			return yes;
	}
	if (!p->outbound && would_be_sent(r))
		return err_set(e, FAULT_DENIED, "outbound-replay",
			       "it would be sent again: say --allow-outbound if it is to be");
	return 1;
}
