/* SPDX-License-Identifier: MIT */
#include "ratelimit_conf.h"

#include <stdlib.h>

#include "clock.h"
#include "diag.h"
#include "hash.h"
#include "match.h"
#include "template.h"

enum { COST_MAX = 1000000 };

struct limit {
	struct str name;
	struct template *key;
	struct rate rate;
	struct str cost; /* a JSON Pointer; {NULL, 0}: one a record */
	int cond;        /* number in the match, -1: always */
};

struct limits {
	struct arena *arena;
	const struct conf *conf;
	struct match *match;
	struct limit list[LIMITS_MAX];
	unsigned n;
	bool conditions;
	struct buf key;
	struct rates_key keys[LIMITS_MAX]; /* of the record at hand */
	unsigned used[LIMITS_MAX];
};

static int bad(const struct limits *l, size_t i, const char *member, const char *what, struct err *e)
{
	return err_set(e, FAULT_CONFIG, "config", "%s: /limits/%zu%s: %s", l->conf->path, i, member, what);
}

/* So many in "s", "6s" or "1m30s". */
static int per(uint64_t n, struct str span, struct rate *rate)
{
	char text[32];
	int64_t ms;

	if (span.n == 0 || span.n >= sizeof(text) - 1)
		return -1;
	/* A unit alone is one of it. */
	text[0] = '1';
	memcpy(text + 1, span.p, span.n);
	if (clock_span(span.p[0] >= '0' && span.p[0] <= '9' ? span : (struct str){ text, span.n + 1 },
		       &ms) < 0 ||
	    ms == 0 || n == 0)
		return -1;
	rate->interval = (int64_t)((__int128)ms * 1000000 / n);
	return rate->interval > 0 ? 0 : -1;
}

/* "80/s", "30/m", "1/6s", "5000/d", or a number a second.  The burst is what comes in one second, at least 1. */
static int read_rate(const struct json *v, struct rate *rate)
{
	struct str text = json_str(v);
	size_t slash = str_find(text, '/');
	uint64_t n;
	double x;

	if (json_is(v, JSON_NUMBER)) {
		if (json_double(v, &x) < 0 || !(x >= 1e-8 && x <= 1e9))
			return -1;
		rate->interval = (int64_t)(1e9 / x);
	} else if (slash == text.n || str_u64(str_sub(text, 0, slash), &n) < 0 ||
		   per(n, str_sub(text, slash + 1, text.n), rate) < 0) {
		return -1;
	}
	rate->burst = RATES_SECOND / rate->interval;
	if (rate->burst < 1)
		rate->burst = 1;
	return 0;
}

static int read_limit(struct limits *l, const struct json *v, struct err *e)
{
	struct limit *lim = &l->list[l->n];
	const struct json *when = json_get(v, "when"), *burst = json_get(v, "burst");
	struct str where = arena_fmt(l->arena, "/limits/%u/when", l->n);
	struct err why;

	lim->name = json_get_str(v, "name");
	lim->cost = json_get_str(v, "cost");
	lim->cond = -1;
	if (lim->name.n == 0 || lim->name.n > ROUTE_NAME_MAX)
		return bad(l, l->n, "/name", "a limit needs a name of 1 to 64 bytes", e);
	for (unsigned i = 0; i < l->n; i++)
		if (str_eq(lim->name, l->list[i].name))
			return bad(l, l->n, "/name", "a limit before it has this name", e);
	if (json_get_str(v, "key").n == 0)
		return bad(l, l->n, "/key", "a limit needs a key, such as \"{carrier}/{account}\"", e);
	lim->key = template_read(json_get_str(v, "key"), l->arena, &why);
	if (!lim->key)
		return bad(l, l->n, "/key", why.text, e);
	if (read_rate(json_get(v, "rate"), &lim->rate) < 0)
		return bad(l, l->n, "/rate",
			   "must be a number of records a second above 0, or text like \"80/s\", \"1/6s\", \"5000/d\"",
			   e);
	if (burst && (json_i64(burst, &lim->rate.burst) < 0 || lim->rate.burst < 1 ||
		      lim->rate.burst > 1000000000))
		return bad(l, l->n, "/burst", "must be a whole number from 1 to 1000000000", e);
	lim->rate.most = lim->cost.p ? COST_MAX : 1;
	if (lim->cost.p && (lim->cost.n == 0 || lim->cost.p[0] != '/'))
		return bad(l, l->n, "/cost",
			   "must be a JSON Pointer to a number, such as \"/route/segments\"", e);
	if (when) {
		lim->cond = match_add(l->match, when, where, e);
		if (lim->cond < 0)
			return -1;
		l->conditions = true;
	}
	l->n++;
	return 0;
}

struct limits *limits_new(const struct conf *conf, struct err *e)
{
	struct limits *l = calloc(1, sizeof(*l));
	const struct json *list = json_get(conf->root, "limits");
	bool one = json_is(list, JSON_OBJECT);

	if (!l)
		diag_oom();
	l->arena = arena_new();
	l->conf = conf;
	l->match = match_new(conf->path);
	l->key.max = LIMIT_KEY_MAX;
	if (list && !one && (!json_is(list, JSON_ARRAY) || json_len(list) > LIMITS_MAX)) {
		err_set(e, FAULT_CONFIG, "config",
			"%s: /limits: must be a limit, or an array of up to %d", conf->path, LIMITS_MAX);
		goto fail;
	}
	if (one && read_limit(l, list, e) < 0)
		goto fail;
	for (struct json_iter it = json_iter(list); !one && json_next(&it);)
		if (read_limit(l, it.value, e) < 0)
			goto fail;
	if (match_ready(l->match, e) < 0)
		goto fail;
	return l;
fail:
	limits_free(l);
	return NULL;
}

void limits_free(struct limits *l)
{
	if (!l)
		return;
	match_free(l->match);
	arena_free(l->arena);
	buf_free(&l->key);
	free(l);
}

/* What ${r} asks of ${lim}. */
static int units(const struct limit *lim, const struct rec *r, int64_t *n, struct err *e)
{
	const struct json *v;
	struct str way = lim->cost;
	size_t end;
	char name[ROUTE_NAME_MAX + 1];

	*n = 1;
	if (!way.p)
		return 0;
	end = 1 + str_find(str_sub(way, 1, way.n), '/');
	if (end > sizeof(name))
		return 0;
	memcpy(name, way.p + 1, end - 1);
	name[end - 1] = '\0';
	v = json_pointer(rec_get(r, name), str_sub(way, end, way.n));
	if (!v)
		return 0;
	if (json_i64(v, n) < 0 || *n < 0 || *n > COST_MAX)
		return err_set(e, FAULT_DATA, "limit-cost",
			       "%.*s, which limit \"%.*s\" counts by, must be a whole number from 0 to %d",
			       STR_FMT(way), STR_FMT(lim->name), COST_MAX);
	return 0;
}

/* What is hashed: no name holds a NUL, so keys of two limits are never the same. */
static void key_begin(struct limits *l, unsigned i)
{
	buf_reset(&l->key);
	buf_str(&l->key, l->list[i].name);
	buf_char(&l->key, '\0');
}

int limits_of(struct limits *l, const struct rec *r, const struct rates *t, struct limits_use *use,
	      struct err *e)
{
	*use = (struct limits_use){ l->keys, l->used, 0 };
	if (l->conditions)
		match_begin(l->match, r);
	for (unsigned i = 0; i < l->n; i++) {
		const struct limit *lim = &l->list[i];
		struct rates_key *k = &use->keys[use->n];
		int holds = lim->cond < 0 ? 1 : match_test(l->match, lim->cond, e);

		if (holds < 0)
			return -1;
		key_begin(l, i);
		if (!holds || !template_put(lim->key, r, &l->key))
			continue;
		if (l->key.over)
			return err_set(e, FAULT_DATA, "limit-key",
				       "the key of limit \"%.*s\" is longer than %zu bytes",
				       STR_FMT(lim->name), LIMIT_KEY_MAX);
		*k = (struct rates_key){ .hash = hash_64(buf_get(&l->key), rates_seed(t)),
					 .rate = lim->rate };
		rates_near(t, k->hash);
		if (units(lim, r, &k->units, e) < 0)
			return -1;
		if (k->units > 0)
			use->limit[use->n++] = i;
	}
	return 0;
}

unsigned limits_count(const struct limits *l)
{
	return l->n;
}

struct str limits_name(const struct limits *l, unsigned i)
{
	return l->list[i].name;
}

struct rate limits_rate(const struct limits *l, unsigned i)
{
	return l->list[i].rate;
}

uint64_t limits_hash(struct limits *l, unsigned i, struct str key, uint64_t seed)
{
	key_begin(l, i);
	buf_str(&l->key, key);
	return hash_64(buf_get(&l->key), seed);
}

void limits_key(const struct limits *l, unsigned i, const struct rec *r, struct buf *b)
{
	template_put(l->list[i].key, r, b);
}
