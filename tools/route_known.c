/* SPDX-License-Identifier: MIT */
#include "route_known.h"

#include <stdlib.h>

#include "clock.h"
#include "diag.h"
#include "limit.h"
#include "route_watch.h"
#include "strmap.h"

enum { REMEMBERED = 20000 }; /* people; some 20 MiB at most */

/* All words of one address, the last first. */
struct entry {
	struct said said;
	struct entry *next;
};

struct known {
	struct store *store;
	int64_t version;
	struct watch watch;
	struct arena *list;    /* entries and their texts */
	struct strmap entries; /* by address */
	struct arena *cache;
	struct strmap people; /* by channel and address */
	struct arena *scratch;
};

static void forget(struct known *k)
{
	if (k->people.n == 0 && k->cache)
		return;
	arena_free(k->cache);
	k->cache = arena_new();
	k->people = (struct strmap){ .arena = k->cache };
}

static void forget_list(struct known *k)
{
	arena_free(k->list);
	k->list = arena_new();
	k->entries = (struct strmap){ .arena = k->list };
}

struct known *known_new(const struct conf *conf, const char *store, struct err *e)
{
	struct known *k = calloc(1, sizeof(*k));
	struct str list = json_get_str(json_get(conf->root, "consent"), "list");

	if (!k)
		diag_oom();
	k->scratch = arena_new();
	forget(k);
	forget_list(k);
	k->watch.path = list.p ? arena_cstr(conf->arena, list) : NULL;
	if (store) {
		k->store = store_open(store, STORE_READONLY, e);
		if (!k->store) {
			known_free(k);
			return NULL;
		}
	}
	return k;
}

void known_free(struct known *k)
{
	if (!k)
		return;
	store_close(k->store);
	arena_free(k->list);
	arena_free(k->cache);
	arena_free(k->scratch);
	free(k);
}

bool known_store(const struct known *k)
{
	return k->store != NULL;
}

/* ---- the list ---- */

static struct str copy(struct arena *a, struct str s)
{
	return s.p ? arena_str(a, s) : STR_NONE;
}

static bool same_key(const struct said *a, const struct said *b)
{
	return str_eq(a->channel, b->channel) && str_eq(a->carrier, b->carrier) &&
	       str_eq(a->account, b->account) && str_eq(a->address, b->address);
}

/* An event opt-out or opt-in, as omni-route makes it; all else in the list says nothing. */
static void take(struct known *k, const struct json *v)
{
	struct str who = json_get_str(json_get(v, "from"), "address"), event = json_get_str(v, "event");
	struct said s = { .out = str_eq(event, STR("opt-out")),
			  .channel = json_get_str(v, "channel"),
			  .carrier = json_get_str(v, "carrier"),
			  .account = json_get_str(v, "account"),
			  .address = json_get_str(json_at(json_get(v, "to"), 0), "address") };
	struct entry *x, *first = strmap_get(&k->entries, who);

	if (!who.n || (!s.out && !str_eq(event, STR("opt-in"))))
		return;
	if (clock_parse(json_get_str(v, "at"), &s.at) < 0)
		s.at = 0;
	for (x = first; x; x = x->next)
		if (same_key(&x->said, &s)) {
			if (s.at >= x->said.at) {
				x->said.out = s.out;
				x->said.at = s.at;
			}
			return;
		}
	x = arena_calloc(k->list, 1, sizeof(*x));
	x->said = (struct said){ s.out,
				 copy(k->list, s.channel),
				 copy(k->list, s.carrier),
				 copy(k->list, s.account),
				 copy(k->list, s.address),
				 s.at };
	if (first) {
		x->next = first->next;
		first->next = x;
	} else {
		strmap_put(&k->entries, arena_str(k->list, who), x);
	}
}

static int look_list(struct known *k, int64_t now, struct err *e)
{
	struct arena *a = k->scratch, *one;
	struct str text;
	int news = watch_look(&k->watch, now, CONSENT_MAX_BYTES, a, &text, e);

	if (news == WATCH_OTHER)
		forget_list(k);
	if (news > WATCH_SAME)
		forget(k);
	one = news > WATCH_SAME && text.n ? arena_new() : NULL;
	while (one && text.n > 0) {
		size_t n = str_find(text, '\n');
		struct err why; /* a line of something else, or a broken one, is not about consent */

		take(k, json_parse(str_sub(text, 0, n), one, &why));
		arena_reset(one);
		text = str_sub(text, n + 1, text.n);
	}
	arena_free(one);
	arena_reset(a);
	return news < 0 ? -1 : 0;
}

int known_look(struct known *k, int64_t now, struct err *e)
{
	int64_t version = k->version;

	if (k->store && store_version(k->store, &version, e) < 0)
		return -1;
	if (version != k->version || k->people.n > REMEMBERED)
		forget(k);
	k->version = version;
	return k->watch.path ? look_list(k, now, e) : 0;
}

/* ---- a person ---- */

static int from_store(struct known *k, struct str address, struct str channel, int64_t now,
		      struct person *p, struct err *e)
{
	struct store_reach r;

	if (store_reach(k->store, address, channel, now - KNOWN_WINDOW_MS, k->cache, &r, e) < 0)
		return -1;
	p->talks = r.talks;
	p->n_talks = r.n;
	p->said = arena_calloc(k->cache, json_len(r.consents), sizeof(*p->said));
	for (struct json_iter it = json_iter(r.consents); json_next(&it);) {
		struct said *s = &p->said[p->n_said++];

		*s = (struct said){ .out = str_eq(json_get_str(it.value, "state"), STR("opt-out")),
				    .channel = json_get_str(it.value, "channel"),
				    .carrier = json_get_str(it.value, "carrier"),
				    .account = json_get_str(it.value, "account"),
				    .address = json_get_str(it.value, "address") };
		if (clock_parse(json_get_str(it.value, "at"), &s->at) < 0)
			s->at = 0;
	}
	return 0;
}

/* What the list says of a key stands beside what the store says of it: the later word counts. */
static void from_list(struct known *k, const struct entry *x, struct person *p)
{
	size_t n = p->n_said, i;

	for (const struct entry *y = x; y; y = y->next)
		n++;
	p->said = arena_resize(k->cache, p->said, p->n_said * sizeof(*p->said), n * sizeof(*p->said));
	for (; x; x = x->next) {
		for (i = 0; i < p->n_said && !same_key(&p->said[i], &x->said);)
			i++;
		if (i == p->n_said || x->said.at >= p->said[i].at)
			p->said[i] = x->said;
		p->n_said += i == p->n_said;
	}
}

const struct person *known_person(struct known *k, struct str address, struct str channel,
				  int64_t now, struct err *e)
{
	static const struct person nobody;
	struct person *p;
	const struct entry *x;
	struct str key;

	if (!k->store && !k->entries.n)
		return &nobody;
	arena_reset(k->scratch);
	key = arena_fmt(k->scratch, "%.*s%c%.*s", STR_FMT(channel), '\0', STR_FMT(address));
	p = strmap_get(&k->people, key);
	if (p)
		return p;
	p = arena_calloc(k->cache, 1, sizeof(*p));
	if (k->store && from_store(k, address, channel, now, p, e) < 0)
		return NULL;
	x = k->entries.n ? strmap_get(&k->entries, address) : NULL;
	if (x)
		from_list(k, x, p);
	strmap_put(&k->people, arena_str(k->cache, key), p);
	return p;
}
