/* SPDX-License-Identifier: MIT */
#include "sandbox_scenario.h"

#include <math.h>
#include <stdlib.h>

#include "cause.h"
#include "clock.h"
#include "diag.h"
#include "hash.h"
#include "limit.h"
#include "model.h"
#include "strmap.h"

enum {
	DELAY_MS = 50,  /* from one receipt to the next, if nobody says otherwise */
	REPLY_MS = 200, /* until a reply */
	MS_NS = 1000000,
};

/* What different chances of one message are made of, so that they do not depend on each other. */
enum { CHANCE_SHARE = 1, CHANCE_LATENCY = 1000, CHANCE_DELAY = 2000 };

struct patterns {
	struct str *list;
	unsigned n; /* 0: anything */
};

/* A distribution of times. */
struct times {
	enum { TIMES_FIXED, TIMES_EVEN, TIMES_LOGNORMAL } kind;
	int64_t a, b; /* milliseconds: the time; shortest and longest; median and p99 */
};

/* How far one account has used a rate: the instant, in nanoseconds, at which it is as new (GCRA). */
struct used {
	int64_t full;
};

struct rule {
	struct patterns carrier, account, kind, from, to, type, text;
	int64_t after, until;
	int64_t attempts;
	double share;
	bool has_latency, has_answer, has_course, has_replies;
	struct times latency, delay;
	struct conduct answer;
	int64_t interval; /* nanoseconds between two requests; 0: any number */
	int64_t burst, retry_after;
	struct strmap used; /* by carrier and account */
	struct course course;
	struct saying *replies;
	unsigned n_replies;
};

struct scenario {
	struct arena *arena, *rates;
	uint64_t seed;
	struct rule *rules;
	unsigned n;
	const char *where, *why; /* of the rule at hand, what makes no sense; NULL: all of it does */
};

/* ---- reading: the schema has checked the form, what numbers and times mean together is checked here ---- */

static void wrong(struct scenario *s, const char *where, const char *why)
{
	if (s->where)
		return;
	s->where = where;
	s->why = why;
}

static struct patterns read_patterns(struct arena *a, const struct json *v)
{
	struct json_iter it = json_iter(v);
	struct patterns p = { 0 };

	if (!v)
		return p;
	if (json_is(v, JSON_STRING)) {
		p.list = arena_calloc(a, 1, sizeof(*p.list));
		p.list[p.n++] = json_str(v);
		return p;
	}
	p.list = arena_calloc(a, json_len(v) + 1, sizeof(*p.list));
	while (json_next(&it))
		p.list[p.n++] = json_str(it.value);
	return p;
}

static int64_t read_span(struct scenario *s, const char *where, const struct json *v, int64_t otherwise)
{
	int64_t ms = otherwise;

	if (v && clock_span(json_str(v), &ms) < 0)
		wrong(s, where, "must be a time of at most a hundred years");
	return ms;
}

static int64_t read_number(struct scenario *s, const char *where, const struct json *v, int64_t otherwise)
{
	int64_t n = otherwise;

	if (v && (json_i64(v, &n) < 0 || n < 0))
		wrong(s, where, "must be a whole number, without a point or an exponent");
	return n;
}

static struct times read_times(struct scenario *s, const char *where, const struct json *v,
			       int64_t otherwise)
{
	struct times t = { TIMES_FIXED, otherwise, otherwise };

	if (json_is(v, JSON_ARRAY)) {
		t.kind = TIMES_EVEN;
		t.a = read_span(s, where, json_at(v, 0), 0);
		t.b = read_span(s, where, json_at(v, 1), 0);
	} else if (json_is(v, JSON_OBJECT)) {
		t.kind = TIMES_LOGNORMAL;
		t.a = read_span(s, where, json_get(v, "median"), 0);
		t.b = read_span(s, where, json_get(v, "p99"), 0);
	} else if (v) {
		t.a = t.b = read_span(s, where, v, 0);
	}
	if (t.b < t.a)
		wrong(s, where, "the longer time must not be shorter than the other");
	return t;
}

/* "80/s", "1/6s". */
static int read_rate(struct rule *r, struct str text)
{
	size_t slash = str_find(text, '/');
	struct str span = str_sub(text, slash + 1, text.n);
	char one[16] = "1";
	uint64_t n;
	int64_t ms;

	if (str_u64(str_sub(text, 0, slash), &n) < 0 || n == 0)
		return -1;
	if (span.n > 0 && span.n < sizeof(one) - 1 && (span.p[0] < '0' || span.p[0] > '9')) {
		memcpy(one + 1, span.p, span.n);
		span = str_sub((struct str){ one, span.n + 1 }, 0, sizeof(one));
	}
	if (clock_span(span, &ms) < 0 || ms == 0)
		return -1;
	r->interval = (int64_t)((__int128)ms * MS_NS / (int64_t)n);
	if (r->interval < 1)
		r->interval = 1;
	r->burst = 1000 * (int64_t)MS_NS / r->interval;
	if (r->burst < 1)
		r->burst = 1;
	return 0;
}

static const char *class_of(struct str name)
{
	static const char *const classes[] = { CAUSE_PERMANENT,   CAUSE_TEMP,      CAUSE_THROTTLED,
					       CAUSE_CREDENTIALS, CAUSE_OPTED_OUT, CAUSE_UNKNOWN };

	for (size_t i = 0; i < LEN(classes); i++)
		if (str_eq(str_c(classes[i]), name))
			return classes[i];
	return NULL;
}

static void read_answer(struct scenario *s, struct rule *r, const struct json *v)
{
	static const char *const faults[] = { "", "silent", "close", "cut", "garbage" };
	struct conduct *c = &r->answer;
	const struct json *taken = json_get(v, "taken");

	r->has_answer = v != NULL;
	c->class = class_of(json_get_str(v, "class"));
	c->code = json_text(json_get(v, "code"));
	c->status = (int)read_number(s, "answer/status", json_get(v, "status"), 0);
	c->retry_after = read_span(s, "answer/retry_after", json_get(v, "retry_after"), 0);
	for (size_t i = 1; i < LEN(faults); i++)
		if (str_eq(json_get_str(v, "fault"), str_c(faults[i])))
			c->mishap = (enum mishap)i;
	if (!c->class && (c->code.p || c->status))
		c->class = c->status == 429 ? CAUSE_THROTTLED :
			   c->status >= 500 ? CAUSE_TEMP :
					      CAUSE_PERMANENT;
	c->taken = !c->class && (!taken || json_true(taken));
}

static void read_course(struct scenario *s, struct rule *r, const struct json *v)
{
	const struct json *list = json_get(v, "statuses");
	struct json_iter it = json_iter(list);
	struct course *c = &r->course;
	struct str *statuses;

	r->has_course = v != NULL;
	c->none = json_is(v, JSON_BOOL);
	c->code = json_text(json_get(v, "code"));
	(void)json_double(json_get(v, "duplicate"), &c->duplicate);
	(void)json_double(json_get(v, "lose"), &c->lose);
	c->shuffle = json_true(json_get(v, "shuffle"));
	r->delay = read_times(s, "receipts/delay", json_get(v, "delay"), DELAY_MS);
	if (!list)
		return;
	c->statuses = statuses = arena_calloc(s->arena, json_len(list) + 1, sizeof(*statuses));
	while (json_next(&it))
		statuses[c->n++] = json_str(it.value);
}

static void read_replies(struct scenario *s, struct rule *r, const struct json *v)
{
	struct json_iter it = json_iter(v);

	r->has_replies = v != NULL;
	r->replies = arena_calloc(s->arena, json_len(v) + 1, sizeof(*r->replies));
	while (json_next(&it))
		r->replies[r->n_replies++] =
			(struct saying){ json_get_str(it.value, "text"),
					 read_span(s, "replies", json_get(it.value, "after"), REPLY_MS) };
}

/* True if ${s} is like ${p}, in which "*" stands for any characters. */
static bool like(struct str p, struct str s)
{
	size_t i = 0, k = 0, star = SIZE_MAX, from = 0;

	while (k < s.n) {
		if (i < p.n && p.p[i] == '*') {
			star = i++;
			from = k;
		} else if (i < p.n && p.p[i] == s.p[k]) {
			i++;
			k++;
		} else if (star != SIZE_MAX) {
			i = star + 1;
			k = ++from;
		} else {
			return false;
		}
	}
	while (i < p.n && p.p[i] == '*')
		i++;
	return i == p.n;
}

/* A name that is none would never count, and nobody would see why: each must be like one of ${names}. */
static void check_names(struct scenario *s, const struct patterns *p, const char *const *names,
			const char *where, const char *why)
{
	for (unsigned i = 0; i < p->n; i++) {
		const char *const *name = names;

		while (*name && !like(p->list[i], str_c(*name)))
			name++;
		if (!*name)
			wrong(s, where, why);
	}
}

static void read_when(struct scenario *s, struct rule *r, const struct json *when)
{
	static const char *const carriers[] = { "bandwidth",   "inteliquent", "livechat",
						"messagebird", "twilio",      "whatsapp",
						"apns",        "fcm",         "webpush",
						NULL };
	static const char *const kinds[] = { "message", "media", "mark", "template",
					     "token",   "query", NULL };
	struct arena *a = s->arena;

	r->carrier = read_patterns(a, json_get(when, "carrier"));
	r->account = read_patterns(a, json_get(when, "account"));
	r->kind = read_patterns(a, json_get(when, "kind"));
	check_names(s, &r->carrier, carriers, "when/carrier",
		    "must be bandwidth, inteliquent, livechat, messagebird, twilio, whatsapp, apns, fcm or webpush; \"*\" stands for any characters");
	check_names(s, &r->kind, kinds, "when/kind",
		    "must be message, media, mark, template, token or query; \"*\" stands for any characters");
	r->from = read_patterns(a, json_get(when, "from"));
	r->to = read_patterns(a, json_get(when, "to"));
	r->type = read_patterns(a, json_get(when, "type"));
	r->text = read_patterns(a, json_get(when, "text"));
	r->after = read_span(s, "when/after", json_get(when, "after"), 0);
	r->until = read_span(s, "when/until", json_get(when, "until"), INT64_MAX);
	if (r->until <= r->after)
		wrong(s, "when/until", "must be later than after: this rule would never count");
	r->attempts = read_number(s, "when/attempts", json_get(when, "attempts"), 0);
	r->share = 1;
	(void)json_double(json_get(when, "share"), &r->share);
}

static void read_limit(struct scenario *s, struct rule *r, const struct json *v)
{
	const struct json *rate = json_get(v, "rate"), *burst = json_get(v, "burst");

	r->used.arena = s->rates;
	r->retry_after = read_span(s, "retry_after", json_get(v, "retry_after"), 0);
	if (!rate) {
		if (burst)
			wrong(s, "burst", "means something with rate only");
		return;
	}
	if (read_rate(r, json_str(rate)) < 0) {
		wrong(s, "rate", "is no number of requests in a time, as 80/s or 30/m");
		return;
	}
	r->burst = read_number(s, "burst", burst, r->burst);
	if (r->burst > CLOCK_SPAN_MAX / 2 * MS_NS / r->interval)
		wrong(s, "burst", "takes longer than fifty years at this rate");
}

static void read_rule(struct scenario *s, struct rule *r, const struct json *v)
{
	read_when(s, r, json_get(v, "when"));
	r->has_latency = json_get(v, "latency") != NULL;
	r->latency = read_times(s, "latency", json_get(v, "latency"), 0);
	read_answer(s, r, json_get(v, "answer"));
	read_course(s, r, json_get(v, "receipts"));
	read_replies(s, r, json_get(v, "replies"));
	read_limit(s, r, v);
}

/* True if ${u}, a failure of another alternative, tells more than ${told}: of a member inside, or of more than a type. */
static bool tells_more(const struct schema_unit *u, const struct schema_unit *told)
{
	struct str inside = str_sub(u->instance, told->instance.n, u->instance.n);

	if (!str_prefix(u->instance, told->instance))
		return false;
	return inside.n > 0 ? inside.p[0] == '/' :
			      str_suffix(told->keyword, STR("/type")) &&
				      str_suffix(u->keyword, STR("/required"));
}

static const struct schema_unit *most_telling(const struct schema_report *r)
{
	const struct schema_unit *told = &r->units[0];

	for (size_t i = 1; i < r->n; i++)
		if (tells_more(&r->units[i], told))
			told = &r->units[i];
	return told;
}

static int check(struct arena *a, const struct json *v, const char *name, struct err *e)
{
	struct schema_set *set = schema_set_new(0);
	struct buf text = { .max = KIB(1) };
	const struct schema *s = NULL;
	struct schema_report report;
	int rc = -1;

	if (model_add_all(set, e) == 0)
		s = schema_set_get(set, STR("omni:scenario"), e);
	if (!s)
		goto out;
	report = schema_explain(s, v, a);
	if (report.n > 0) {
		schema_put_text(&text, most_telling(&report));
		err_set(e, FAULT_CONFIG, "scenario", "%s: %.*s", name, STR_FMT(buf_get(&text)));
		goto out;
	}
	rc = 0;
out:
	buf_free(&text);
	schema_set_free(set);
	return rc;
}

struct scenario *scenario_of(const struct json *root, const char *name, uint64_t seed, struct err *e)
{
	struct scenario *s = calloc(1, sizeof(*s));
	const struct json *rules = json_get(root, "rules");

	if (!s)
		diag_oom();
	s->arena = arena_new();
	s->rates = arena_new();
	s->seed = (uint64_t)read_number(s, "seed", json_get(root, "seed"), (int64_t)(seed & INT64_MAX));
	s->rules = arena_calloc(s->arena, json_len(rules) + 1, sizeof(*s->rules));
	for (struct json_iter it = json_iter(rules); !s->where && json_next(&it);)
		read_rule(s, &s->rules[s->n++], it.value);
	if (!s->where)
		return s;
	if (s->n == 0)
		err_set(e, FAULT_CONFIG, "scenario", "%s: /%s: %s", name, s->where, s->why);
	else
		err_set(e, FAULT_CONFIG, "scenario", "%s: /rules/%u/%s: %s", name, s->n - 1,
			s->where, s->why);
	scenario_free(s);
	return NULL;
}

struct scenario *scenario_read(struct str text, struct arena *a, const char *name, uint64_t seed,
			       struct err *e)
{
	const struct json *root = NULL;
	struct err why;

	if (name) {
		root = json_parse_relaxed(text, a, &why);
		if (!root) {
			err_set(e, FAULT_CONFIG, "scenario", "%s: %s", name, why.text);
			return NULL;
		}
		if (check(a, root, name, e) < 0)
			return NULL;
	}
	return scenario_of(root, name, seed, e);
}

void scenario_free(struct scenario *s)
{
	if (!s)
		return;
	arena_free(s->arena);
	arena_free(s->rates);
	free(s);
}

uint64_t scenario_seed(const struct scenario *s)
{
	return s->seed;
}

void scenario_reset(struct scenario *s)
{
	for (unsigned i = 0; i < s->n; i++)
		s->rules[i].used = (struct strmap){ .arena = s->rates };
	arena_reset(s->rates);
}

/* ---- chance ---- */

double scenario_chance(uint64_t roll, uint64_t what)
{
	uint64_t key[2] = { roll, what };

	return (double)(hash_64((struct str){ (const char *)key, sizeof(key) }, 0) >> 11) * 0x1p-53;
}

/* A number of the standard normal distribution (Box and Muller). */
static double normal(uint64_t roll, uint64_t what)
{
	double u = scenario_chance(roll, what), w = scenario_chance(roll, what + 1);

	return sqrt(-2 * log(1 - u)) * cos(2 * 3.14159265358979323846 * w);
}

static int64_t time_of(const struct times *t, uint64_t roll, uint64_t what)
{
	double sigma, ms;

	if (t->kind == TIMES_FIXED || t->b <= t->a)
		return t->a;
	if (t->kind == TIMES_EVEN)
		return t->a + (int64_t)(scenario_chance(roll, what) * (double)(t->b - t->a + 1));
	sigma = log((double)t->b / (double)(t->a ? t->a : 1)) / 2.3263478740408408; /* of the 99th in 100 */
	ms = (double)(t->a ? t->a : 1) * exp(sigma * normal(roll, what));
	return ms < (double)CLOCK_SPAN_MAX ? (int64_t)ms : CLOCK_SPAN_MAX;
}

/* ---- conditions ---- */

static bool fits(const struct patterns *p, struct str s)
{
	for (unsigned i = 0; i < p->n; i++)
		if (s.p && like(p->list[i], s))
			return true;
	return p->n == 0;
}

static bool fits_one(const struct patterns *p, const struct str *list, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (fits(p, list[i]))
			return true;
	return p->n == 0;
}

static bool fits_kind(const struct patterns *p, struct str kind)
{
	return p->n > 0 ? fits(p, kind) : str_eq(kind, STR("message")) || str_eq(kind, STR("mark"));
}

static bool holds(const struct scenario *s, const struct rule *r, const struct occasion *o)
{
	uint64_t index = (uint64_t)(r - s->rules);

	return fits(&r->carrier, o->carrier) && fits(&r->account, o->account) &&
	       fits_kind(&r->kind, o->kind) && fits(&r->from, o->from) &&
	       fits_one(&r->to, o->to, o->n_to) && fits(&r->type, o->type) &&
	       fits(&r->text, o->text) && o->since >= r->after && o->since < r->until &&
	       (r->attempts == 0 || o->attempt <= r->attempts) &&
	       (r->share >= 1 || scenario_chance(o->roll, CHANCE_SHARE + index) < r->share);
}

/* ---- what is asked ---- */

int64_t scenario_latency(const struct scenario *s, const struct occasion *o)
{
	for (unsigned i = 0; i < s->n; i++)
		if (s->rules[i].has_latency && holds(s, &s->rules[i], o))
			return time_of(&s->rules[i].latency, o->roll, CHANCE_LATENCY + 2 * i);
	return 0;
}

/* True if ${o} is within the rate of ${r}; then it counts. */
static bool within(struct scenario *s, struct rule *r, const struct occasion *o)
{
	struct buf key = { .max = KIB(1) };
	int64_t now = o->since * MS_NS;
	struct used *u;

	buf_fmt(&key, "%.*s/%.*s", STR_FMT(o->carrier), STR_FMT(o->account));
	u = strmap_get(&r->used, buf_get(&key));
	if (!u) {
		u = arena_calloc(s->rates, 1, sizeof(*u));
		strmap_put(&r->used, arena_str(s->rates, buf_get(&key)), u);
	}
	buf_free(&key);
	if (u->full < now)
		u->full = now;
	if (u->full - now > (r->burst - 1) * r->interval)
		return false;
	u->full += r->interval;
	return true;
}

struct conduct scenario_conduct(struct scenario *s, const struct occasion *o)
{
	struct conduct well = { .taken = true };
	bool rated = false;

	for (unsigned i = 0; i < s->n; i++) {
		struct rule *r = &s->rules[i];

		if (r->interval == 0 || rated || !holds(s, r, o))
			continue;
		rated = true;
		if (!within(s, r, o))
			return (struct conduct){ .class = CAUSE_THROTTLED, .retry_after = r->retry_after };
	}
	for (unsigned i = 0; i < s->n; i++)
		if (s->rules[i].has_answer && holds(s, &s->rules[i], o))
			return s->rules[i].answer;
	return well;
}

struct course scenario_course(const struct scenario *s, const struct occasion *o)
{
	for (unsigned i = 0; i < s->n; i++)
		if (s->rules[i].has_course && holds(s, &s->rules[i], o))
			return s->rules[i].course;
	return (struct course){ 0 };
}

int64_t scenario_delay(const struct scenario *s, const struct occasion *o, unsigned k)
{
	for (unsigned i = 0; i < s->n; i++)
		if (s->rules[i].has_course && holds(s, &s->rules[i], o))
			return time_of(&s->rules[i].delay, o->roll, CHANCE_DELAY + 2 * k);
	return DELAY_MS;
}

const struct saying *scenario_replies(const struct scenario *s, const struct occasion *o, unsigned *n)
{
	for (unsigned i = 0; i < s->n; i++)
		if (s->rules[i].has_replies && holds(s, &s->rules[i], o)) {
			*n = s->rules[i].n_replies;
			return s->rules[i].replies;
		}
	*n = 0;
	return NULL;
}
