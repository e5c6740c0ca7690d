/* SPDX-License-Identifier: MIT */
#include "deliver_dry.h"

#include "crypto.h"

/* ---- secrets by name ---- */

/* The place of ${text} among the account's credentials, or -1: a user name may be one of them. */
static int credential(const struct account *a, struct str text)
{
	for (int i = 0; i < SEND_KEYS; i++)
		if (text.n > 0 && str_eq(a->send[i], text))
			return i;
	return -1;
}

static const char *key_of(const struct candidate *c, unsigned i)
{
	return c->of->carrier->send_keys[i];
}

/* How the configuration has the credential ${i}: of a list the first, as it is used. */
static struct str reference(const struct candidate *c, unsigned i)
{
	const struct json *v = json_get(c->account->conf, key_of(c, i));

	return json_str(json_is(v, JSON_ARRAY) ? json_at(v, 0) : v);
}

static bool is_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!(c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		      (i > 0 && c >= '0' && c <= '9')))
			return false;
	}
	return s.n > 0;
}

/* A variable for what stands in the configuration itself: $TWILIO_AUTH_TOKEN. */
static void variable(struct buf *b, const struct candidate *c, unsigned i)
{
	struct str parts[2] = { c->of->name, str_c(key_of(c, i)) };

	for (size_t k = 0; k < 2; k++) {
		buf_char(b, k == 0 ? '$' : '_');
		for (size_t n = 0; n < parts[k].n; n++) {
			char ch = parts[k].p[n];

			if (ch >= 'a' && ch <= 'z')
				ch = (char)(ch - 'a' + 'A');
			buf_char(b, (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ? ch : '_');
		}
	}
}

/* Append ${s} as one word of sh(1) that stands for exactly these bytes (no NUL), and is safe to show. */
static void word(struct buf *b, struct str s)
{
	buf_char(b, '\'');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '\'')
			buf_lit(b, "'\\''");
		else if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f) /* a terminal would obey it */
			buf_fmt(b, "'\"$(printf '\\%03o')\"'", c);
		else
			buf_char(b, (char)c);
	}
	buf_char(b, '\'');
}

/* What sh puts in place of the credential ${i}, for inside double quotes. */
static void expansion(struct buf *b, const struct candidate *c, unsigned i)
{
	struct str ref = reference(c, i), rest;

	if (str_prefix(ref, STR("env:")) && is_name(rest = str_sub(ref, 4, SIZE_MAX))) {
		buf_char(b, '$');
		buf_str(b, rest);
	} else if (str_prefix(ref, STR("file:"))) {
		buf_lit(b, "$(cat ");
		word(b, str_sub(ref, 5, SIZE_MAX));
		buf_char(b, ')');
	} else if (str_prefix(ref, STR("cred:"))) {
		buf_lit(b, "$(cat \"$CREDENTIALS_DIRECTORY\"/");
		word(b, str_sub(ref, 5, SIZE_MAX));
		buf_char(b, ')');
	} else {
		variable(b, c, i);
	}
}

/* ---- as a command line ---- */

static void option(struct buf *b, const char *name, struct str value)
{
	buf_lit(b, " \\\n\t");
	buf_str(b, str_c(name));
	buf_char(b, ' ');
	word(b, value);
}

/* The same for a value in three pieces, of which the last is quoted already. */
static void option_secret(struct buf *b, const char *name, struct str before,
			  const struct candidate *c, unsigned key)
{
	buf_lit(b, " \\\n\t");
	buf_str(b, str_c(name));
	buf_char(b, ' ');
	if (before.n > 0)
		word(b, before);
	buf_char(b, '"');
	expansion(b, c, key);
	buf_char(b, '"');
}

static void curl_auth(struct buf *b, const struct candidate *c, const struct submit *x)
{
	struct buf before = { .max = SIZE_MAX };
	int user;

	switch (x->auth.how) {
	case SUBMIT_OPEN:
		break;
	case SUBMIT_BASIC:
		user = credential(c->account, x->auth.user);
		if (user < 0) {
			buf_str(&before, x->auth.user);
			buf_char(&before, ':');
			option_secret(b, "-u", buf_get(&before), c, x->auth.key);
		} else {
			buf_lit(b, " \\\n\t-u \"");
			expansion(b, c, (unsigned)user);
			buf_char(b, ':');
			expansion(b, c, x->auth.key);
			buf_char(b, '"');
		}
		break;
	case SUBMIT_BEARER:
		option_secret(b, "-H", STR("authorization: Bearer "), c, x->auth.key);
		break;
	case SUBMIT_HEADER:
		buf_str(&before, str_c(x->auth.header));
		buf_lit(&before, ": ");
		buf_str(&before, str_c(x->auth.prefix));
		option_secret(b, "-H", buf_get(&before), c, x->auth.key);
		break;
	}
	buf_free(&before);
}

/* curl reads a value of -F in quotes where it may hold ; or , */
static void form_quoted(struct buf *b, struct str s)
{
	buf_char(b, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_char(b, '\\');
		buf_char(b, s.p[i]);
	}
	buf_char(b, '"');
}

static void curl_field(struct buf *b, const struct submit_field *f)
{
	struct buf v = { .max = SIZE_MAX };

	buf_str(&v, f->name);
	buf_char(&v, '=');
	if (f->path.p) {
		buf_char(&v, '@');
		form_quoted(&v, f->path);
		if (f->type.n) {
			buf_lit(&v, ";type=");
			buf_str(&v, f->type);
		}
		if (f->file_name.n) {
			buf_lit(&v, ";filename=");
			form_quoted(&v, f->file_name);
		}
	} else {
		buf_str(&v, f->value);
	}
	option(b, f->path.p ? "-F" : "--form-string", buf_get(&v));
	buf_free(&v);
}

static void curl_body(struct buf *b, const struct submit *x)
{
	struct buf v = { .max = SIZE_MAX };

	for (size_t i = 0; i < x->n_fields; i++)
		curl_field(b, &x->fields[i]);
	if (x->path.p) {
		buf_char(&v, '@');
		buf_str(&v, x->path);
		option(b, "--data-binary", buf_get(&v));
	} else if (x->n_fields == 0 && x->body.p) {
		option(b, "--data-raw", x->body);
	}
	buf_free(&v);
}

/* True if a shell could not have it in a word. */
static bool binary(const struct submit *x)
{
	return x->body.n > 0 && memchr(x->body.p, '\0', x->body.n) != NULL;
}

void dry_curl(struct buf *b, const struct outgoing *s, const struct leg *leg, const struct submit *x)
{
	const struct candidate *c = &s->over[leg->over];
	struct buf v = { .max = SIZE_MAX };

	if (binary(x)) {
		buf_lit(b, "printf %s '");
		base64_put(b, x->body);
		buf_lit(b, "' | base64 -d | ");
	}
	buf_lit(b, "curl -sS -X ");
	buf_str(b, str_c(x->method));
	buf_char(b, ' ');
	word(b, x->url);
	curl_auth(b, c, x);
	for (size_t i = 0; i < x->n_headers; i++) {
		buf_reset(&v);
		buf_str(&v, x->headers[i].name);
		buf_lit(&v, ": ");
		buf_str(&v, x->headers[i].value);
		option(b, "-H", buf_get(&v));
	}
	if (x->type) {
		buf_reset(&v);
		buf_lit(&v, "content-type: ");
		buf_str(&v, str_c(x->type));
		option(b, "-H", buf_get(&v));
	}
	if (binary(x))
		option(b, "--data-binary", STR("@-"));
	else
		curl_body(b, x);
	buf_free(&v);
}

/* ---- as JSON ---- */

static void json_auth(struct buf *b, const struct candidate *c, const struct submit *x)
{
	static const char *const hows[] = { "open", "basic", "bearer", "header" };
	int user = credential(c->account, x->auth.user);

	if (x->auth.how == SUBMIT_OPEN)
		return;
	json_key(b, "auth");
	json_open(b, '{');
	json_add_str(b, "how", str_c(hows[x->auth.how]));
	if (x->auth.how == SUBMIT_BASIC && user >= 0)
		json_add_str(b, "user_secret", str_c(key_of(c, (unsigned)user)));
	else if (x->auth.how == SUBMIT_BASIC)
		json_add_str(b, "user", x->auth.user);
	if (x->auth.how == SUBMIT_HEADER) {
		json_add_str(b, "header", str_c(x->auth.header));
		if (x->auth.prefix)
			json_add_str(b, "prefix", str_c(x->auth.prefix));
	}
	json_add_str(b, "secret", str_c(key_of(c, x->auth.key)));
	json_close(b, '}');
}

static void json_bytes(struct buf *b, const char *text, const char *base64, struct str bytes)
{
	if (str_utf8(bytes)) {
		json_add_str(b, text, bytes);
		return;
	}
	json_key(b, base64);
	buf_char(b, '"');
	base64_put(b, bytes);
	buf_char(b, '"');
}

static void json_field(struct buf *b, const struct submit_field *f)
{
	json_open(b, '{');
	json_add_str(b, "name", f->name);
	if (f->path.p)
		json_add_str(b, "path", f->path);
	else
		json_bytes(b, "value", "value64", f->value);
	json_opt_str(b, "file_name", f->file_name);
	json_opt_str(b, "type", f->type);
	json_close(b, '}');
}

static void json_body(struct buf *b, const struct submit *x)
{
	if (x->n_fields > 0) {
		json_key(b, "form");
		json_open(b, '[');
		for (size_t i = 0; i < x->n_fields; i++)
			json_field(b, &x->fields[i]);
		json_close(b, ']');
	} else if (x->path.p) {
		json_add_str(b, "path", x->path);
	} else if (x->body.p) {
		json_bytes(b, "body", "body64", x->body);
	}
}

void dry_json(struct buf *b, const struct outgoing *s, const struct leg *leg, const struct submit *x)
{
	const struct candidate *c = &s->over[leg->over];

	json_open(b, '{');
	json_add_str(b, "message", s->id);
	json_add_str(b, "carrier", c->of->name);
	json_add_str(b, "account", c->account->name);
	json_opt_str(b, "to", s->to[leg->to]);
	if (x->parts > 1) {
		json_add_i64(b, "part", leg->part + 1);
		json_add_i64(b, "parts", x->parts);
	}
	json_add_str(b, "method", str_c(x->method));
	json_add_str(b, "url", x->url);
	json_key(b, "headers");
	json_open(b, '{');
	if (x->type)
		json_add_str(b, "content-type", str_c(x->type));
	for (size_t i = 0; i < x->n_headers; i++) {
		json_key_str(b, x->headers[i].name);
		json_put_str(b, x->headers[i].value);
	}
	json_close(b, '}');
	json_auth(b, c, x);
	json_body(b, x);
	if (x->idempotent)
		json_add_bool(b, "idempotent", true);
	if (x->prepares)
		json_add_bool(b, "prepares", true);
	json_close(b, '}');
}
