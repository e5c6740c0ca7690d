/* SPDX-License-Identifier: MIT */
#include "twilio.h"

#include "url.h"

enum {
	TRIES_MAX = 40, /* MACs for one reject: some 100 us, or forgeries would slow the rest down */
	OTHERS_MAX = 8, /* tokens of other accounts among them */
	HOST_MAX = 255, /* characters of a host that are shown */
};

/* A search for the difference that explains a mismatch. */
struct search {
	const struct twilio_proof *p;
	const struct account *account;
	struct str url; /* as it should have been signed */
	struct url parts;
	int left;
	struct err *e;
};

static bool signs(struct search *s, struct str url, struct str tail)
{
	for (int i = 0; i < s->account->proof.n && s->left > 0; i++) {
		s->left--;
		if (twilio_signs(s->account->proof.mac[i], s->p, url, tail))
			return true;
	}
	return false;
}

/* ${url} without a port, and with the one that it has. */
static bool fits(struct search *s, struct url url, struct str tail)
{
	struct arena *a = s->p->hook->arena;
	bool port = url.port.p != NULL;

	if (port && signs(s, url_join(a, &url), tail))
		return true;
	url.port = STR_NONE;
	return signs(s, url_join(a, &url), tail);
}

static bool found(struct search *s, const char *words)
{
	err_hint(s->e, "matches when %s", words);
	return true;
}

/* ---- scheme, host and port ---- */

static bool try_scheme(struct search *s)
{
	struct url url = s->parts;
	bool https = str_eq_nocase(url.scheme, STR("https"));
	const char *scheme = https ? "http" : "https";

	url.scheme = str_c(scheme);
	if (!url.port.p)
		url.port = url_default_port(&url);
	if (signs(s, url_join(s->p->hook->arena, &url), s->p->tail)) {
		err_hint(s->e, "matches when the scheme of public_url is %s", scheme);
		return true;
	}
	url.port = STR_NONE;
	if (!signs(s, url_join(s->p->hook->arena, &url), s->p->tail))
		return false;
	if (s->parts.port.p)
		err_hint(s->e, "matches when the port is left out of public_url and its scheme is %s",
			 scheme);
	else
		err_hint(s->e, "matches when the scheme of public_url is %s", scheme);
	return true;
}

static bool try_port(struct search *s)
{
	static const char *const ports[] = { "443", "80", "8443", "8080" };
	struct url url = s->parts;

	for (size_t i = 0; i < LEN(ports); i++) {
		url.port = str_c(ports[i]);
		if (str_eq(url.port, s->parts.port) ||
		    !signs(s, url_join(s->p->hook->arena, &url), s->p->tail))
			continue;
		if (str_eq(url.port, url_default_port(&url)))
			return found(s, "the port is left out of public_url");
		err_hint(s->e, "matches when the port of public_url is %s", ports[i]);
		return true;
	}
	return false;
}

static bool try_host(struct search *s, struct str host)
{
	struct url url = s->parts;

	if (!url_host_plain(host) || str_eq(host, url.host))
		return false;
	url.host = host;
	url.port = STR_NONE; /* the header has its own */
	if (!signs(s, url_join(s->p->hook->arena, &url), s->p->tail))
		return false;
	err_hint(s->e, "matches when the host of public_url is %.*s", STR_FMT(host));
	return true;
}

static bool try_hosts(struct search *s)
{
	struct arena *a = s->p->hook->arena;
	struct str host = s->parts.host;
	char *lower = arena_cstr(a, host);

	for (size_t i = 0; i < host.n; i++)
		if (lower[i] >= 'A' && lower[i] <= 'Z')
			lower[i] |= 0x20;
	return try_host(s, hook_header(s->p->hook, "host")) ||
	       try_host(s, hook_header(s->p->hook, "x-forwarded-host")) ||
	       try_host(s, (struct str){ lower, host.n }) ||
	       try_host(s, str_prefix(host, STR("www.")) ? str_sub(host, 4, host.n) :
							   arena_join(a, STR("www."), host));
}

/* ---- path and query ---- */

static bool try_path(struct search *s)
{
	struct arena *a = s->p->hook->arena;
	struct url url = s->parts;
	bool slash = str_suffix(url.path, STR("/"));

	url.path = slash ? str_sub(url.path, 0, url.path.n - 1) : arena_join(a, url.path, STR("/"));
	if (fits(s, url, s->p->tail))
		return found(s, slash ? "the path of the URL does not end with a slash" :
					"the path of the URL ends with a slash");
	if (!str_eq(s->url, s->p->hook->url) && url_split(s->p->hook->url, &url) == 0 &&
	    fits(s, url, s->p->tail))
		return found(s, "public_url is left out: the URL that was received is the signed one");
	return false;
}

/* ${s} with each ${from} replaced by ${to}. */
static struct str replace(struct arena *a, struct str s, struct str from, struct str to)
{
	char *start = arena_alloc(a, s.n * (to.n > 0 ? to.n : 1) + 1), *p = start;

	while (s.n > 0) {
		size_t n = str_search(s, from);

		p = (char *)mempcpy(p, s.p, n);
		if (n == s.n)
			break;
		p = (char *)mempcpy(p, to.p, to.n);
		s = str_sub(s, n + from.n, s.n);
	}
	return (struct str){ start, (size_t)(p - start) };
}

/* The query decoded and put together again, encoded or not. */
static struct str rewrite(struct search *s, bool encode)
{
	struct buf b = { .max = SIGN_BASE_MAX };
	struct form form;
	struct err e;
	struct str out;

	if (form_decode(s->parts.query, s->p->hook->arena, &form, &e) < 0)
		return s->parts.query;
	for (size_t i = 0; i < form.n; i++) {
		const struct str part[] = { form.fields[i].name, form.fields[i].value };

		if (i > 0)
			buf_char(&b, '&');
		for (int k = 0; k < 2; k++) {
			if (k > 0)
				buf_char(&b, '=');
			if (encode)
				form_escape(&b, part[k]);
			else
				buf_str(&b, part[k]);
		}
	}
	out = arena_str(s->p->hook->arena, buf_get(&b));
	buf_free(&b);
	return out;
}

static bool try_query(struct search *s, struct str query, const char *words)
{
	struct url url = s->parts;

	if (str_eq(query, url.query) && query.p)
		return false;
	url.query = query;
	return fits(s, url, s->p->tail) && found(s, words);
}

static bool try_queries(struct search *s)
{
	struct arena *a = s->p->hook->arena;
	struct str q = s->parts.query;

	if (!q.p)
		return false;
	return try_query(s, STR_NONE, "the query is left out of the URL") ||
	       try_query(s, replace(a, q, STR("%20"), STR("+")), "spaces in the query are written as +") ||
	       try_query(s, replace(a, q, STR("+"), STR("%20")),
			 "spaces in the query are written as %20") ||
	       try_query(s, replace(a, q, STR("'"), STR("%27")), "' in the query is written as %27") ||
	       try_query(s, replace(a, q, STR("%27"), STR("'")), "%27 in the query is written as '") ||
	       try_query(s, rewrite(s, false), "the query is not percent-encoded") ||
	       try_query(s, rewrite(s, true), "the query is percent-encoded");
}

/* ---- body ---- */

static bool try_fields(struct search *s, const struct field *fields, size_t n, const char *words)
{
	return fits(s, s->parts, twilio_tail(s->p->hook->arena, fields, n)) && found(s, words);
}

/* A copy of the form with room for ${extra} fields. */
static struct field *copy_fields(struct search *s, size_t extra)
{
	size_t n = s->p->form.n;
	struct field *fields = arena_alloc(s->p->hook->arena, (n + extra + 1) * sizeof(*fields));

	if (n > 0)
		memcpy(fields, s->p->form.fields, n * sizeof(*fields));
	return fields;
}

/* Frameworks and proxies like to drop empty values: the places of both sides are often empty. */
static bool try_blanks(struct search *s)
{
	static const char *const places[] = { "FromCity", "FromCountry", "FromState", "FromZip",
					      "ToCity",   "ToCountry",   "ToState",   "ToZip" };
	size_t count = LEN(places), n = 0;
	struct field *fields = copy_fields(s, count);

	for (size_t i = 0; i < s->p->form.n; i++)
		if (s->p->form.fields[i].value.n > 0)
			fields[n++] = s->p->form.fields[i];
	if (n < s->p->form.n &&
	    try_fields(s, fields, n, "fields without a value are left out of the body"))
		return true;
	fields = copy_fields(s, count);
	n = s->p->form.n;
	for (size_t i = 0; i < count; i++)
		if (!form_get(&s->p->form, places[i]).p)
			fields[n++] = (struct field){ str_c(places[i]), { "", 0 } };
	return n > s->p->form.n && try_fields(s, fields, n,
					      "FromCity and its like are put back without a value: "
					      "something on the way drops fields without a value");
}

static bool try_space(struct search *s)
{
	struct arena *a = s->p->hook->arena;
	struct field *trimmed = copy_fields(s, 0), *spaced = copy_fields(s, 0);
	size_t n = s->p->form.n;
	bool changed = false;

	for (size_t i = 0; i < n; i++) {
		trimmed[i].value = str_trim(trimmed[i].value);
		changed |= trimmed[i].value.n < spaced[i].value.n;
		if (str_eq(spaced[i].name, STR("Body")))
			spaced[i].value = arena_join(a, spaced[i].value, STR(" "));
	}
	if (changed && try_fields(s, trimmed, n, "white space around the values of the body is left out"))
		return true;
	return form_get(&s->p->form, "Body").p &&
	       try_fields(s, spaced, n, "Body ends with a space: something on the way trims the values");
}

static bool try_plus(struct search *s)
{
	struct arena *a = s->p->hook->arena;
	struct form form;
	struct err e;

	if (str_find(s->p->hook->body, '+') == s->p->hook->body.n ||
	    form_decode(replace(a, s->p->hook->body, STR("+"), STR("%2B")), a, &form, &e) < 0)
		return false;
	return try_fields(
		s, form.fields, form.n,
		"+ in the body is no space: something on the way decoded the body and did not encode it again");
}

static bool try_form(struct search *s)
{
	return try_blanks(s) || try_space(s) || try_plus(s) ||
	       try_fields(s, NULL, 0, "the body is left out: Twilio signed the URL alone");
}

/* A form that a framework turned into JSON before it was handed on. */
static bool try_json(struct search *s)
{
	struct arena *a = s->p->hook->arena;
	struct err e;
	const struct json *root = json_parse(s->p->hook->body, a, &e);
	struct field *fields;
	struct json_iter it;
	size_t n = 0;

	if (!json_is(root, JSON_OBJECT))
		return false;
	fields = arena_alloc(a, (json_len(root) + 1) * sizeof(*fields));
	for (it = json_iter(root); json_next(&it);)
		if (json_text(it.value).p)
			fields[n++] = (struct field){ it.key, json_text(it.value) };
	return try_fields(
		s, fields, n,
		"the members of the body are taken as a form: something on the way turned it into JSON");
}

static bool try_hash(struct search *s)
{
	struct arena *a = s->p->hook->arena;
	struct url url = s->parts;
	struct str hash;

	hash = arena_join(a, STR("bodySHA256="), hash_hex(a, HASH_SHA256, s->p->hook->body));
	url.query = url.query.p ? arena_join(a, arena_join(a, url.query, STR("&")), hash) : hash;
	return fits(s, url, s->p->tail) &&
	       found(s, "bodySHA256 is put back into the query: something on the way dropped it");
}

static bool try_moved(struct search *s)
{
	struct url url = s->parts;
	struct form form;
	struct err e;

	url.query = STR_NONE;
	return form_decode(s->parts.query, s->p->hook->arena, &form, &e) == 0 && form.n > 0 &&
	       fits(s, url, twilio_tail(s->p->hook->arena, form.fields, form.n)) &&
	       found(s, "the query is taken as a form: something on the way turned a POST into a GET");
}

static bool try_body(struct search *s)
{
	switch (s->p->shape) {
	case TWILIO_FORM:
		return try_form(s);
	case TWILIO_BODY:
		return try_hash(s) || try_json(s);
	default:
		return try_moved(s);
	}
}

/* ---- token ---- */

static bool try_token(struct search *s)
{
	const struct secrets *proof = &s->account->proof;
	bool held = false;

	for (int i = 0; i < proof->n && !held && s->left > 0; i++) {
		struct str token = str_trim(proof->text[i]);
		struct mac *mac;

		if (token.n >= 2 && token.p[0] == '"' && token.p[token.n - 1] == '"')
			token = str_trim(str_sub(token, 1, token.n - 2));
		if (token.n == proof->text[i].n)
			continue;
		s->left--;
		mac = mac_new(HASH_SHA1, token);
		held = twilio_signs(mac, s->p, s->url, s->p->tail);
		mac_free(mac);
	}
	return held && found(s, "white space and quotes around auth_token are left out");
}

static bool try_others(struct search *s, const struct accounts *accounts, struct str sid)
{
	int others = OTHERS_MAX;

	for (size_t i = 0; i < accounts->n && s->left > 0; i++) {
		const struct account *a = &accounts->list[i];

		for (int k = 0; k < a->proof.n && !twilio_candidate(a, sid) && others > 0; k++, others--) {
			s->left--;
			if (!twilio_signs(a->proof.mac[k], s->p, twilio_url(a, s->p->hook), s->p->tail))
				continue;
			err_hint(s->e, "matches with the auth_token of the account %.*s",
				 STR_FMT(a->name));
			return true;
		}
	}
	return false;
}

/* Nothing small explains it: say what was tried. */
static void give_up(struct search *s)
{
	if (strcmp(s->e->code, "signature-mismatch") != 0)
		return;
	if (s->account->proof.n == 0)
		err_hint(s->e, "the account %.*s has no auth_token in the configuration",
			 STR_FMT(s->account->name));
	else
		err_hint(s->e,
			 "no auth_token of this account signs it as a call of %.*s://%.*s%.*s: auth_token or "
			 "public_url is not what Twilio has, or the body was changed",
			 STR_FMT(str_sub(s->parts.scheme, 0, 8)),
			 STR_FMT(str_utf8_cut(s->parts.host, HOST_MAX)),
			 STR_FMT(str_utf8_cut(s->parts.path, 100)));
}

void twilio_explain(const struct twilio_proof *p, const struct accounts *accounts, struct str sid,
		    struct err *e)
{
	struct search s = { .p = p, .left = TRIES_MAX, .e = e };

	for (size_t i = 0; i < accounts->n && s.left > 0; i++) {
		const struct account *a = &accounts->list[i];

		if (!twilio_candidate(a, sid))
			continue;
		s.url = twilio_url(a, p->hook);
		if (url_split(s.url, &s.parts) < 0)
			continue;
		s.account = a;
		if (try_token(&s) || try_others(&s, accounts, sid) || try_scheme(&s) ||
		    try_port(&s) || try_path(&s) || try_hosts(&s) || try_body(&s) || try_queries(&s))
			return;
	}
	if (s.account)
		give_up(&s);
}
