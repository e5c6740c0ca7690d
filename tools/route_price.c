/* SPDX-License-Identifier: MIT */
#include "route_price.h"

#include <stdlib.h>

#include "clock.h"
#include "diag.h"
#include "file.h"
#include "prefix.h"
#include "strmap.h"

enum per { PER_SEGMENT, PER_MESSAGE, PER_CONVERSATION, PER_MEGABYTE };

enum { DAY_MS = 86400000, WORDS = 9, CURRENCIES = 64 };

#define PRICE_MOST INT64_C(1000000000000000) /* a thousand million: products stay far below 2^63 */

/* One row of the table. */
struct price {
	int64_t amount, from; /* millionths; the day from which on, 0: always */
	uint32_t next;        /* the next with this prefix, 1 + its index; 0: it is the last */
	uint32_t tariff;
	uint16_t channel, currency;
	unsigned char per, category, digits;
};

/* What one account, or all of a carrier, pay. */
struct prices {
	struct arena *arena;
	const struct conf *conf;
	struct prefix *map; /* to 1 + the index of the first row */
	struct price *rows;
	size_t n, cap;
	struct strmap tariffs, channels; /* to 1 + their number, as a pointer */
	uintptr_t n_tariffs, n_channels;
	struct str currencies[CURRENCIES];
	double worth[CURRENCIES];
	unsigned n_currencies;
	struct {
		uint32_t account, carrier; /* 1 + the number of a tariff; 0: it has none */
	} * slots;
	const struct price **best; /* of each tariff, for the message at hand */
	struct priced message;
};

bool prices_any(const struct prices *p)
{
	return p->n > 0;
}

/* ---- reading ---- */

/* The columns of a list, and the members of a price. */
static const char *const words[WORDS] = { "carrier", "account", "channel",  "prefix", "category",
					  "per",     "price",   "currency", "from" };
enum { CARRIER, ACCOUNT, CHANNEL, PREFIX, CATEGORY, PER, PRICE, CURRENCY, FROM };

static int number_of(struct strmap *m, struct str key, uintptr_t *n, struct arena *a)
{
	void *known = strmap_get(m, key);

	if (!known) {
		known = (void *)++*n;
		strmap_put(m, arena_str(a, key), known);
	}
	return (int)(uintptr_t)known;
}

/* The key of a tariff: no name of a carrier holds a NUL. */
static struct str tariff_key(struct arena *a, struct str carrier, struct str account)
{
	return arena_fmt(a, "%.*s%c%.*s", STR_FMT(carrier), '\0', STR_FMT(account));
}

static int currency_of(struct prices *p, struct str s)
{
	unsigned i = 0;

	while (i < p->n_currencies && !str_eq(p->currencies[i], s))
		i++;
	if (i == CURRENCIES || s.n != 3)
		return -1;
	if (i == p->n_currencies)
		p->currencies[p->n_currencies++] = arena_str(p->arena, s);
	return (int)i;
}

static int per_of(struct str s)
{
	static const char *const pers[] = { "segment", "message", "conversation", "megabyte" };

	for (size_t i = 0; i < LEN(pers); i++)
		if (str_eq(s, str_c(pers[i])))
			return (int)i;
	return -1;
}

static int integer(struct str s, int64_t *out)
{
	bool minus = s.n > 0 && s.p[0] == '-';
	uint64_t v;

	if (str_u64(minus ? str_sub(s, 1, s.n) : s, &v) < 0 || v > (uint64_t)PRICE_MOST)
		return -1;
	*out = minus ? -(int64_t)v : (int64_t)v;
	return 0;
}

/* The row that ${v} says; what is wrong with it, or NULL. */
static const char *row(struct prices *p, const struct str v[WORDS])
{
	struct price x = { .digits = (unsigned char)v[PREFIX].n };
	int per = per_of(v[PER]), currency = currency_of(p, v[CURRENCY]);
	uint32_t *at;
	int64_t day;

	if (!v[CARRIER].n || !v[CHANNEL].n)
		return "a price needs \"carrier\" and \"channel\"";
	if (per < 0)
		return "\"per\" must be segment, message, conversation or megabyte";
	if (integer(v[PRICE], &x.amount) < 0)
		return "\"price\" must be a whole number of millionths";
	if (currency < 0)
		return "\"currency\" must be three letters, and there are at most 64";
	if (v[CATEGORY].n && category_of(v[CATEGORY]) == CATEGORY_NONE)
		return "\"category\" must be transactional, marketing, otp or service";
	if (v[FROM].n && (v[FROM].n != 10 ||
			  clock_parse(arena_fmt(p->arena, "%.*sT00:00:00Z", STR_FMT(v[FROM])), &day) < 0))
		return "\"from\" must be a day, such as 2026-01-31";
	at = prefix_put(p->map, v[PREFIX]);
	if (!at)
		return "\"prefix\" must be 1 to 15 digits without plus";
	x.per = (unsigned char)per;
	x.currency = (uint16_t)currency;
	x.category = (unsigned char)category_of(v[CATEGORY]);
	x.from = v[FROM].n ? day / DAY_MS : 0;
	x.channel = (uint16_t)number_of(&p->channels, v[CHANNEL], &p->n_channels, p->arena);
	x.tariff = (uint32_t)number_of(&p->tariffs, tariff_key(p->arena, v[CARRIER], v[ACCOUNT]),
				       &p->n_tariffs, p->arena);
	if (p->n_channels > UINT16_MAX || p->n >= UINT32_MAX)
		return "there are too many prices";
	if (p->n == p->cap) {
		p->cap = p->cap ? 2 * p->cap : 64;
		p->rows = reallocarray(p->rows, p->cap, sizeof(*p->rows));
		if (!p->rows)
			diag_oom();
	}
	x.next = *at;
	p->rows[p->n++] = x;
	*at = (uint32_t)p->n;
	return NULL;
}

static const char *json_row(struct prices *p, const struct json *v)
{
	struct str cells[WORDS];

	if (!json_is(v, JSON_OBJECT))
		return "a price is an object";
	for (unsigned i = 0; i < WORDS; i++)
		cells[i] = i == PRICE ? json_text(json_get(v, words[i])) : json_get_str(v, words[i]);
	return row(p, cells);
}

/* Take the next cell off ${s}, a row of CSV (RFC 4180) without its end; quotes go into ${a}. */
static int cell(struct str *s, struct arena *a, struct str *out)
{
	struct buf b = { .max = SIZE_MAX };
	size_t i = 0;

	if (s->n == 0 || s->p[0] != '"') {
		i = str_find(*s, ',');
		*out = str_trim(str_sub(*s, 0, i));
		*s = str_sub(*s, i + 1, s->n);
		return 0;
	}
	for (i = 1; i < s->n && (s->p[i] != '"' || (i + 1 < s->n && s->p[i + 1] == '"')); i++) {
		buf_char(&b, s->p[i]);
		i += s->p[i] == '"';
	}
	*out = arena_str(a, buf_get(&b));
	buf_free(&b);
	if (i >= s->n || (i + 1 < s->n && s->p[i + 1] != ','))
		return -1;
	*s = str_sub(*s, i + 2, s->n);
	return 0;
}

/* What each column of a CSV file is, by its first line. */
struct columns {
	int what[WORDS * 2]; /* -1: something else */
	unsigned n;
};

static const char *header(struct columns *c, struct str line, struct arena *a)
{
	struct str name;

	*c = (struct columns){ .n = 0 };
	while (line.n > 0) {
		if (c->n == LEN(c->what) || cell(&line, a, &name) < 0)
			return "the first line must name the columns, at most 18";
		c->what[c->n] = -1;
		for (int i = 0; i < WORDS; i++)
			if (str_eq(name, str_c(words[i])))
				c->what[c->n] = i;
		c->n++;
	}
	return NULL;
}

static const char *csv_row(struct prices *p, const struct columns *c, struct str line)
{
	struct str cells[WORDS] = { { NULL, 0 } }, v;
	unsigned i = 0;

	for (bool more = true; more && i < c->n; i++) {
		more = str_find(line, ',') < line.n; /* a row may be cut short */
		if (cell(&line, p->arena, &v) < 0)
			return "a quote is open";
		if (c->what[i] >= 0)
			cells[c->what[i]] = v;
	}
	return row(p, cells);
}

static const char *line_read(struct prices *p, struct columns *c, bool csv, bool first, struct str line)
{
	struct arena *a;
	struct err e;
	const char *why;

	if (csv)
		return first ? header(c, line, p->arena) : csv_row(p, c, line);
	a = arena_new();
	why = json_row(p, json_parse(line, a, &e));
	arena_free(a);
	return why;
}

int prices_read(struct prices *p, struct str text, bool csv, const char *name, struct err *e)
{
	struct columns c = { .n = 0 };
	bool first = true;

	if (str_prefix(text, STR("\xef\xbb\xbf")))
		text = str_sub(text, 3, text.n);
	for (size_t lineno = 1; text.n > 0; lineno++) {
		size_t n = str_find(text, '\n');
		struct str line = str_trim(str_sub(text, 0, n));
		const char *why = line.n ? line_read(p, &c, csv, first, line) : NULL;

		if (why)
			return err_set(e, FAULT_CONFIG, "config", "%s: line %zu: %s", name, lineno, why);
		first &= line.n == 0;
		text = str_sub(text, n + 1, text.n);
	}
	return 0;
}

static int list_read(struct prices *p, struct str path, struct err *e)
{
	struct arena *a = arena_new(); /* rows keep nothing of the text */
	char *name = arena_cstr(a, path);
	struct str text;
	int rc = file_read(name, PRICES_MAX_BYTES, a, &text, NULL, e);

	if (rc == 0)
		rc = prices_read(p, text, str_suffix(path, STR(".csv")), name, e);
	arena_free(a);
	return rc;
}

static int table_read(struct prices *p, struct err *e)
{
	const struct json *table = json_get(p->conf->root, "prices");
	struct str list = json_get_str(p->conf->root, "price_list");
	bool one = json_is(table, JSON_OBJECT);
	const char *why = one ? json_row(p, table) : NULL;
	size_t i = 0;

	for (struct json_iter it = json_iter(table); !one && !why && json_next(&it);) {
		i = it.i;
		why = json_row(p, it.value);
	}
	if (why)
		return err_set(e, FAULT_CONFIG, "config", "%s: /prices/%zu: %s", p->conf->path, i, why);
	return list.p ? list_read(p, list, e) : 0;
}

static int exchange_read(struct prices *p, bool compare, struct err *e)
{
	const struct json *rates = json_get(p->conf->root, "exchange");

	for (unsigned i = 0; i < p->n_currencies; i++) {
		const struct json *rate = json_getn(rates, p->currencies[i]);

		p->worth[i] = 1;
		if (!compare || (!rates && p->n_currencies == 1))
			continue;
		if (!rate || json_double(rate, &p->worth[i]) < 0 || !(p->worth[i] > 0))
			return err_set(e, FAULT_CONFIG, "config",
				       "%s: /exchange: to compare prices it must say what %.*s is worth, a number above 0",
				       p->conf->path, STR_FMT(p->currencies[i]));
	}
	return 0;
}

/* Find the tariffs of each account. */
static void find_tariffs(struct prices *p, const struct offers *o)
{
	const struct carrier_conf *of;
	unsigned slot = 0;

	p->slots = arena_calloc(p->arena, o->n_slots + 1, sizeof(*p->slots));
	p->best = arena_calloc(p->arena, p->n_tariffs + 1, sizeof(struct price *));
	for (size_t k = 0; (of = carriers_at(o->carriers, k)) != NULL; k++)
		for (size_t i = 0; i < of->accounts.n; i++, slot++) {
			struct str key = tariff_key(p->arena, of->name, of->accounts.list[i].name);

			p->slots[slot].account = (uint32_t)(uintptr_t)strmap_get(&p->tariffs, key);
			key = tariff_key(p->arena, of->name, STR_NONE);
			p->slots[slot].carrier = (uint32_t)(uintptr_t)strmap_get(&p->tariffs, key);
		}
}

struct prices *prices_new(const struct conf *conf, const struct offers *offers, struct err *e)
{
	struct prices *p = calloc(1, sizeof(*p));

	if (!p)
		diag_oom();
	p->arena = p->tariffs.arena = p->channels.arena = arena_new();
	p->conf = conf;
	p->map = prefix_new(p->arena);
	if (table_read(p, e) < 0 || exchange_read(p, offers_order(offers, ORDER_CHEAPEST), e) < 0) {
		prices_free(p);
		return NULL;
	}
	find_tariffs(p, offers);
	return p;
}

void prices_free(struct prices *p)
{
	if (!p)
		return;
	free(p->rows);
	arena_free(p->arena);
	free(p);
}

/* ---- asking ---- */

/* True if ${x} counts and not ${y}, of the same tariff: prefix, kind, day. */
static bool nearer(const struct price *x, const struct price *y)
{
	if (!y || x->digits != y->digits)
		return !y || x->digits > y->digits;
	if ((x->category != 0) != (y->category != 0))
		return x->category != 0;
	return x->from >= y->from;
}

void prices_begin(struct prices *p, const struct priced *m, struct str number)
{
	uintptr_t channel = (uintptr_t)strmap_get(&p->channels, m->channel);
	uint32_t path[PREFIX_MAX + 1];
	bool phone = number.n > 0 && number.p[0] == '+';
	unsigned n = prefix_path(p->map, phone ? str_sub(number, 1, number.n) : STR(""), path);

	p->message = *m;
	memset(p->best, 0, (p->n_tariffs + 1) * sizeof(*p->best));
	for (unsigned i = 0; i < n && channel; i++)
		for (uint32_t at = path[i]; at; at = p->rows[at - 1].next) {
			const struct price *x = &p->rows[at - 1];

			if (x->channel == channel && x->from <= m->day &&
			    (!x->category || x->category == m->category) &&
			    nearer(x, p->best[x->tariff]))
				p->best[x->tariff] = x;
		}
}

struct cost prices_cost(const struct prices *p, const struct offer *x)
{
	const struct price *own = p->best[p->slots[x->slot].account],
			   *any = p->best[p->slots[x->slot].carrier],
			   *best = own && (!any || own->digits >= any->digits) ? own : any;
	struct cost c = { .known = best != NULL };
	__int128 amount;

	if (!best)
		return c;
	amount = best->per == PER_SEGMENT  ? (__int128)best->amount * (int64_t)p->message.segments :
		 best->per == PER_MEGABYTE ? (__int128)best->amount * p->message.bytes / 1000000 :
					     best->amount;
	c.amount = amount > PRICE_MOST * 1000 ? PRICE_MOST * 1000 : (int64_t)amount;
	c.currency = p->currencies[best->currency];
	c.worth = (double)c.amount * p->worth[best->currency];
	return c;
}
