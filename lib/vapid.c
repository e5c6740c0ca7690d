/* SPDX-License-Identifier: MIT */
#include "webpush.h"

#include <stdlib.h>

#include "crypto.h"
#include "diag.h"
#include "json.h"
#include "jwt.h"
#include "strmap.h"
#include "url.h"

enum {
	ORIGINS = 64, /* whose tokens are kept: there are four services that browsers use */
	ORIGIN_MAX = 300,
	GOOD_MS = 12 * 3600 * 1000, /* a service may refuse more than 24 hours (RFC 8292, 2) */
};

struct token {
	char origin[ORIGIN_MAX];
	size_t n;
	int64_t made;
	struct arena *arena;
	struct str header;
};

struct vapid {
	struct key *key;
	struct arena *arena;
	struct str subject, public;
	struct token tokens[ORIGINS];
};

/* Names that no mail and no page can be at. */
static bool impossible(struct str host)
{
	static const struct str tops[] = { STR("localhost"), STR("invalid"), STR("test"),
					   STR("local"), STR("example") };
	size_t dot = host.n;

	while (dot > 0 && host.p[dot - 1] != '.')
		dot--;
	for (size_t i = 0; i < LEN(tops); i++)
		if (str_eq_nocase(str_sub(host, dot, host.n), tops[i]))
			return true;
	return dot == 0; /* one word is no name of the Internet */
}

static int check_subject(struct str s, struct err *e)
{
	struct str host = STR_NONE;
	struct url url;

	if (str_prefix(s, STR("mailto:"))) {
		size_t at = str_find(s, '@');

		host = str_sub(s, at + 1, s.n);
		host = str_sub(host, 0, str_find(host, '?'));
	} else if (str_prefix(s, STR("https://")) && url_split(s, &url) == 0) {
		host = url.host;
	}
	if (host.n == 0 || !url_host_plain(host))
		return err_set(e, FAULT_CONFIG, "subject",
			       "the subject must be mailto: and an address, or an https: URL, that reaches you");
	if (impossible(host))
		return err_set(e, FAULT_CONFIG, "subject",
			       "the subject is at \"%.*s\", where nobody can be: Apple's service refuses it",
			       STR_FMT(host));
	return 0;
}

struct vapid *vapid_new(struct str private, struct str subject, struct err *e)
{
	struct vapid *v = calloc(1, sizeof(*v));
	unsigned char public[KEY_PUBLIC];
	struct str bytes;

	if (!v)
		diag_oom();
	v->arena = arena_new();
	v->subject = arena_str(v->arena, subject);
	if (base64_read(v->arena, private, &bytes) < 0 || bytes.n != KEY_PRIVATE) {
		err_set(e, FAULT_CONFIG, "key",
			"the private key must be %d bytes in base64url (omni-push keygen makes one)",
			KEY_PRIVATE);
		goto fail;
	}
	v->key = key_of((const unsigned char *)bytes.p);
	if (!v->key) {
		err_set(e, FAULT_CONFIG, "key", "the private key is none of the curve P-256");
		goto fail;
	}
	if (check_subject(v->subject, e) < 0)
		goto fail;
	key_public(v->key, public);
	v->public = base64url_of(v->arena, (struct str){ (const char *)public, KEY_PUBLIC });
	return v;
fail:
	vapid_free(v);
	return NULL;
}

void vapid_free(struct vapid *v)
{
	if (!v)
		return;
	for (size_t i = 0; i < ORIGINS; i++)
		arena_free(v->tokens[i].arena);
	key_free(v->key);
	arena_free(v->arena);
	free(v);
}

struct str vapid_public(const struct vapid *v)
{
	return v->public;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* Scheme, host and port of ${endpoint} in their normal form (RFC 6454, 6.2).  Return its length, or 0. */
static size_t origin_of(struct str endpoint, char out[ORIGIN_MAX])
{
	struct buf b = { .p = out, .cap = ORIGIN_MAX, .max = ORIGIN_MAX };
	struct url url;

	if (url_split(endpoint, &url) < 0 || url.scheme.n + url.host.n + url.port.n + 4 > ORIGIN_MAX)
		return 0;
	for (size_t i = 0; i < url.scheme.n; i++)
		buf_char(&b, lower(url.scheme.p[i]));
	buf_lit(&b, "://");
	for (size_t i = 0; i < url.host.n; i++)
		buf_char(&b, lower(url.host.p[i]));
	if (url.port.n > 0 && !str_eq(url.port, url_default_port(&url))) {
		buf_char(&b, ':');
		buf_str(&b, url.port);
	}
	return b.n;
}

static void make_token(struct vapid *v, struct token *t, int64_t now)
{
	struct buf claims = { .max = SIZE_MAX };
	struct str token;

	if (!t->arena)
		t->arena = arena_new();
	arena_reset(t->arena);
	json_open(&claims, '{');
	json_add_str(&claims, "aud", (struct str){ t->origin, t->n });
	json_add_i64(&claims, "exp", (now + GOOD_MS) / 1000);
	json_add_str(&claims, "sub", v->subject);
	json_close(&claims, '}');
	token = jwt_sign(t->arena, v->key, STR_NONE, buf_get(&claims));
	t->header = arena_fmt(t->arena, "vapid t=%.*s, k=%.*s", STR_FMT(token), STR_FMT(v->public));
	t->made = now;
	buf_free(&claims);
}

struct str vapid_header(struct vapid *v, struct str endpoint, int64_t now)
{
	char origin[ORIGIN_MAX];
	size_t n = origin_of(endpoint, origin);
	struct token *t = &v->tokens[strmap_hash((struct str){ origin, n }) % ORIGINS];

	if (n == 0)
		return STR_NONE;
	if (!str_eq((struct str){ t->origin, t->n }, (struct str){ origin, n }) || now < t->made ||
	    now - t->made > GOOD_MS / 2) {
		memcpy(t->origin, origin, n);
		t->n = n;
		make_token(v, t, now);
	}
	return t->header;
}
