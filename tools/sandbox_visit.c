/* SPDX-License-Identifier: MIT */
/* What players read requests with. */
#include "sandbox_box.h"

#include "hash.h"
#include "uri.h"

/* ---- who calls ---- */

struct str box_authorization(const struct visit *v, const char *scheme)
{
	struct str text = http_header(v->req, "authorization"), name = str_c(scheme);

	if (text.n <= name.n || text.p[name.n] != ' ' || !str_eq_nocase(str_sub(text, 0, name.n), name))
		return STR_NONE;
	return str_trim(str_sub(text, name.n + 1, text.n));
}

bool box_basic(struct visit *v, struct str *user, struct str *password)
{
	struct str text = box_authorization(v, "Basic"), plain;
	size_t colon;

	if (!text.p || base64_read(v->arena, text, &plain) < 0)
		return false;
	colon = str_find(plain, ':');
	if (colon == plain.n)
		return false;
	*user = str_sub(plain, 0, colon);
	*password = str_sub(plain, colon + 1, plain.n);
	return true;
}

bool box_knows(const struct box_account *a, unsigned key, struct str text)
{
	bool known = false;

	for (int i = 0; i < a->n_key[key]; i++)
		known |= text.n > 0 && crypto_equal(a->key[key][i], text);
	return known;
}

struct str box_key(const struct box_account *a, unsigned key)
{
	return a->n_key[key] > 0 ? a->key[key][0] : STR_NONE;
}

static const struct stage_of *stage_of(const struct visit *v)
{
	const struct box *b = v->box;

	for (size_t i = 0; i < b->n_stages; i++)
		if (b->stages[i].player == v->player)
			return &b->stages[i];
	return NULL;
}

const struct box_account *box_account(const struct visit *v, size_t i)
{
	const struct stage_of *s = stage_of(v);

	return s && i < s->n ? &s->accounts[i] : NULL;
}

const struct box_account *box_who(const struct visit *v, unsigned key, struct str text)
{
	const struct box_account *a;

	for (size_t i = 0; (a = box_account(v, i)) != NULL; i++)
		if (box_knows(a, key, text))
			return a;
	return NULL;
}

const struct box_account *box_who_basic(struct visit *v, unsigned user, unsigned password)
{
	const struct box_account *a;
	struct str name, word;

	if (!box_basic(v, &name, &word))
		return NULL;
	for (size_t i = 0; (a = box_account(v, i)) != NULL; i++)
		if (box_knows(a, user, name) && box_knows(a, password, word))
			return a;
	return NULL;
}

/* ---- what is asked for ---- */

struct str box_decode(struct arena *a, struct str s)
{
	struct buf b = { .max = SIZE_MAX };
	struct str out = s;

	if (str_find(s, '%') < s.n && uri_decode(&b, s))
		out = arena_str(a, buf_get(&b));
	buf_free(&b);
	return out;
}

struct str box_seg(const struct visit *v, unsigned i)
{
	return i < v->n_seg ? v->seg[i] : STR("");
}

bool box_path(const struct visit *v, const char *pattern)
{
	struct str rest = str_c(pattern);
	unsigned i = 0;

	while (rest.n > 0) {
		size_t slash = str_find(rest, '/');
		struct str part = str_sub(rest, 0, slash);

		if (str_eq(part, STR("**")))
			return i < v->n_seg;
		if (i >= v->n_seg || (!str_eq(part, STR("{}")) && !str_eq(part, v->seg[i])))
			return false;
		rest = str_sub(rest, slash + 1, rest.n);
		i++;
	}
	return i == v->n_seg;
}

bool box_method(const struct visit *v, const char *method)
{
	return str_eq(v->req->method, str_c(method));
}

/* True if the Content-Type is ${type}, with or without parameters. */
static bool is_type(const struct visit *v, struct str type)
{
	struct str have = http_header(v->req, "content-type");

	return str_eq_nocase(str_trim(str_sub(have, 0, str_find(have, ';'))), type);
}

bool box_json(struct visit *v)
{
	struct err e;

	v->json = json_parse(v->req->body, v->arena, &e);
	return v->json && json_is(v->json, JSON_OBJECT);
}

bool box_form(struct visit *v)
{
	struct err e;

	if (!is_type(v, STR("application/x-www-form-urlencoded")))
		return false;
	if (form_decode(v->req->body, v->arena, &v->form, &e) < 0)
		return false;
	form_texts(&v->form, v->arena);
	return true;
}

struct str box_query(const struct visit *v, const char *name)
{
	return form_get(&v->query, name);
}

/* ---- forms with files ---- */

/* The value of the parameter ${name} of a header of a part. */
static struct str parameter(struct str header, const char *name)
{
	struct str key = str_c(name);
	size_t at = str_search(header, key);
	struct str value = str_sub(header, at + key.n, header.n);

	if (at == header.n || value.n < 2 || value.p[0] != '=' || value.p[1] != '"')
		return STR_NONE;
	value = str_sub(value, 2, value.n);
	return str_sub(value, 0, str_find(value, '"'));
}

struct str box_part(const struct visit *v, const char *name, struct str *type, struct str *file)
{
	struct str head = http_header(v->req, "content-type"), rest = v->req->body, mark;
	size_t at = str_search(head, STR("boundary="));
	struct str boundary = str_trim(str_sub(head, at + 9, head.n));

	if (boundary.n > 1 && boundary.p[0] == '"')
		boundary = str_sub(boundary, 1, boundary.n - 2);
	if (at == head.n || boundary.n == 0)
		return STR_NONE;
	mark = arena_fmt(v->arena, "--%.*s", STR_FMT(boundary));
	for (;;) {
		size_t begin = str_search(rest, mark), blank, end;
		struct str headers, body;

		if (begin == rest.n)
			return STR_NONE;
		rest = str_sub(rest, begin + mark.n, rest.n);
		blank = str_search(rest, STR("\r\n\r\n"));
		headers = str_sub(rest, 0, blank);
		body = str_sub(rest, blank + 4, rest.n);
		end = str_search(body, mark);
		if (blank == rest.n || end == body.n || end < 2)
			return STR_NONE;
		if (str_eq(parameter(headers, " name"), str_c(name))) {
			size_t t = str_search(headers, STR("Content-Type:"));

			*file = parameter(headers, "filename");
			*type = str_trim(str_sub(headers, t + 13, headers.n));
			*type = str_sub(*type, 0, str_find(*type, '\r'));
			return str_sub(body, 0, end - 2);
		}
		rest = str_sub(body, end, body.n);
	}
}

/* ---- values ---- */

bool box_msisdn(struct str s)
{
	return str_digits(s) && s.n >= 7 && s.n <= 15;
}

bool box_e164(struct str s)
{
	return s.n > 0 && s.p[0] == '+' && box_msisdn(str_sub(s, 1, s.n));
}

struct str box_plain(struct str s)
{
	return str_prefix(s, STR("+")) ? str_sub(s, 1, s.n) : s;
}

bool box_made_of(struct str s, const char *alphabet)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '\0' || !strchr(alphabet, s.p[i]))
			return false;
	return true;
}

bool box_sender_name(struct str s)
{
	return s.n <= 11 && !box_made_of(s, "0123456789 +-_&") &&
	       box_made_of(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 +-_&");
}

bool box_url(struct str s)
{
	size_t scheme = str_search(s, STR("://"));
	struct str name = str_sub(s, 0, scheme);

	return scheme + 3 < s.n && uri_valid(s, 0) && s.p[scheme + 3] != '/' &&
	       (str_eq_nocase(name, STR("http")) || str_eq_nocase(name, STR("https")));
}

size_t box_units(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		n += (c & 0xc0) != 0x80; /* not a continuation */
		n += c >= 0xf0;          /* outside the BMP: two units */
	}
	return n;
}

/* How many septets the GSM 7-bit alphabet takes for the ASCII character ${c}; 0: it has none. */
static unsigned septets(unsigned char c)
{
	if (c == '`' || (c < 0x20 && c != '\n' && c != '\r' && c != '\f') || c >= 0x7f)
		return 0;
	return strchr("^{}\\[~]|\f", c) ? 2 : 1;
}

unsigned box_segments(struct str s)
{
	/* Its letters beyond ASCII, in UTF-8; the euro sign takes two. */
	static const char beyond[] = "£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà€";
	size_t gsm = 0, units = box_units(s), n;

	for (size_t i = 0; i < s.n; i += n) {
		unsigned char c = (unsigned char)s.p[i];

		n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
		if (n == 1 && septets(c) > 0)
			gsm += septets(c);
		else if (n > 1 && str_search(STR(beyond), str_sub(s, i, n)) < sizeof(beyond) - 1)
			gsm += n == 3 ? 2 : 1;
		else
			return (unsigned)(units <= 70 ? 1 : (units + 66) / 67);
	}
	return (unsigned)(gsm <= 160 ? 1 : (gsm + 152) / 153);
}

/* ---- ids ---- */

struct str box_id(const struct visit *v, unsigned which, const char *alphabet, size_t n)
{
	uint64_t key[4] = { v->roll, v->attempt, which, 0 };
	size_t base = strlen(alphabet);
	char *out = arena_alloc(v->arena, n + 1);
	uint64_t bits = 0;

	for (size_t i = 0; i < n; i++) {
		if (i % 8 == 0) {
			key[3] = i;
			bits = hash_64((struct str){ (const char *)key, sizeof(key) }, 1);
		}
		out[i] = alphabet[(bits & 0xff) % base];
		bits >>= 8;
	}
	out[n] = '\0';
	return (struct str){ out, n };
}

struct str box_uuid(const struct visit *v, unsigned which)
{
	char *p = (char *)(uintptr_t)box_id(v, which, BOX_HEX, 36).p;

	p[8] = p[13] = p[18] = p[23] = '-';
	p[14] = '4';
	p[19] = "89ab"[(unsigned char)p[19] % 4];
	return (struct str){ p, 36 };
}

/* ---- what players write ---- */

struct box_message *box_take(struct visit *v, const char *type)
{
	struct box_message *m = arena_calloc(v->arena, 1, sizeof(*m));

	m->player = v->player;
	m->account = v->account;
	m->at = v->now;
	m->roll = v->roll;
	m->parts = 1;
	m->type = str_c(type);
	v->message = m;
	v->kind = "message";
	return m;
}

void box_fail(struct visit *v, int status)
{
	v->message = NULL;
	v->status = status;
	buf_reset(v->body);
	json_open(v->body, '{');
}

struct trouble box_trouble(const struct trouble *table, const struct refusal *why)
{
	struct trouble t = { why->class, why->code, why->status, NULL };

	for (; table->class; table++) {
		if (why->code ? table->code != why->code : strcmp(table->class, why->class) != 0)
			continue;
		t = *table;
		break;
	}
	if (why->status)
		t.status = why->status;
	if (!t.status)
		t.status = 400;
	if (!t.text)
		t.text = "The request is refused";
	return t;
}

const struct reason *box_reason(const struct reason *table, const struct refusal *why)
{
	for (; table->class; table++)
		if (why->word.n ? str_eq(str_c(table->word), why->word) :
				  strcmp(table->class, why->class) == 0)
			return table;
	return NULL;
}
