/* SPDX-License-Identifier: MIT */
/* Carriers without C: described by data in the configuration; omni-config(5). */
#include "carrier.h"

#include <stdlib.h>

#include "diag.h"
#include "url.h"

enum proof { PROOF_HMAC, PROOF_BASIC, PROOF_BEARER, PROOF_STANDARD, PROOF_NONE };
enum encoding { ENCODING_HEX, ENCODING_BASE64 };

enum { TOLERANCE = 300 }; /* seconds; what Standard Webhooks recommends */

/* account.own: how the account's webhooks are proved. */
struct custom {
	enum proof proof;
	const char *scheme; /* in `verified` */
	enum hash hash;
	enum encoding encoding;
	const char *header;      /* of the signature or credential */
	struct str prefix;       /* before it */
	struct str message;      /* template of what is signed */
	const char *time_header; /* NULL: no time is checked */
	int64_t tolerance;       /* milliseconds */
	bool time_in_ms;
};

/* ---- reading the description ---- */

struct scheme {
	const char *name;
	enum proof proof;
	enum hash hash;
};

static const struct scheme schemes[] = {
	{ "hmac-sha1", PROOF_HMAC, HASH_SHA1 },
	{ "hmac-sha256", PROOF_HMAC, HASH_SHA256 },
	{ "hmac-sha512", PROOF_HMAC, HASH_SHA512 },
	{ "basic", PROOF_BASIC, HASH_SHA256 },
	{ "bearer", PROOF_BEARER, HASH_SHA256 },
	{ "standard-webhooks", PROOF_STANDARD, HASH_SHA256 },
	{ "none", PROOF_NONE, HASH_SHA256 },
};

static int bad(const char *path, const char *member, const char *what, struct err *e)
{
	return err_set(e, FAULT_CONFIG, "config", "%s/verify/%s: %s", path, member, what);
}

static int read_scheme(struct custom *c, const struct json *v, const char *path, struct err *e)
{
	struct str name = json_get_str(v, "scheme");

	for (size_t i = 0; i < LEN(schemes); i++) {
		if (!str_eq(str_c(schemes[i].name), name))
			continue;
		c->proof = schemes[i].proof;
		c->hash = schemes[i].hash;
		c->scheme = schemes[i].name;
		return 0;
	}
	return bad(path, "scheme", "is missing; it says how webhooks are proved", e);
}

/* A header's name is compared in lower case. */
static const char *header_name(struct conf *conf, const struct json *v, const char *otherwise)
{
	struct str s = json_str(v);
	char *name;

	if (!s.n)
		return otherwise;
	name = arena_cstr(conf->arena, s);
	for (char *p = name; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p |= 0x20;
	return name;
}

static void read_times(struct custom *c, struct conf *conf, const struct json *v)
{
	int64_t seconds = TOLERANCE;

	c->time_header = header_name(conf, json_get(v, "time_header"),
				     c->proof == PROOF_STANDARD ? "webhook-timestamp" : NULL);
	c->time_in_ms = str_eq(json_get_str(v, "time_unit"), STR("ms"));
	(void)json_i64(json_get(v, "tolerance"), &seconds);
	c->tolerance = seconds * 1000;
}

static int read_hmac(struct custom *c, const struct json *v, const char *path, struct err *e)
{
	struct str signed_text = json_get_str(v, "signed");

	if (!c->header)
		return bad(path, "header", "an HMAC needs the header that it comes in", e);
	c->encoding = str_eq(json_get_str(v, "encoding"), STR("base64")) ? ENCODING_BASE64 : ENCODING_HEX;
	c->message = signed_text.n ? signed_text : STR("{body}");
	c->prefix = json_get_str(v, "prefix");
	return 0;
}

/* Standard Webhooks: "whsec_" and the key in base64; a key without the prefix is base64, too. */
static int standard_key(struct conf *conf, struct str text, struct str *key)
{
	if (str_prefix(text, STR("whsec_")))
		text = str_sub(text, 6, text.n);
	return base64_read(conf->arena, text, key);
}

static int make_macs(struct conf *conf, struct account *a, const struct custom *c, const char *path,
		     struct err *e)
{
	for (int i = 0; i < a->proof.n; i++) {
		struct str key = a->proof.text[i];

		if (c->proof == PROOF_STANDARD && standard_key(conf, key, &key) < 0)
			return err_set(e, FAULT_CONFIG, "config",
				       "%s/secret: a key of Standard Webhooks is whsec_ and base64",
				       path);
		a->proof.mac[i] = mac_new(c->hash, key);
	}
	return 0;
}

static int open_account(struct conf *conf, struct account *a, const char *path, struct err *e)
{
	const struct json *v = json_get(a->conf, "verify");
	struct custom *c = calloc(1, sizeof(*c));

	if (!c)
		diag_oom();
	a->own = c;
	if (read_scheme(c, v, path, e) < 0)
		return -1;
	if (c->proof != PROOF_NONE && !json_get(a->conf, "secret"))
		return err_set(e, FAULT_CONFIG, "config", "%s: has no secret, which %s needs", path,
			       c->scheme);
	c->header = header_name(conf, json_get(v, "header"),
				c->proof == PROOF_BASIC || c->proof == PROOF_BEARER ? "authorization" :
				c->proof == PROOF_STANDARD ? "webhook-signature" :
							     NULL);
	if (c->proof == PROOF_BASIC || c->proof == PROOF_BEARER)
		a->secret_header = c->header;
	read_times(c, conf, v);
	if (c->proof == PROOF_HMAC && read_hmac(c, v, path, e) < 0)
		return -1;
	if (c->proof == PROOF_STANDARD) {
		c->encoding = ENCODING_BASE64;
		c->prefix = STR("v1,");
		c->message = STR("{header:webhook-id}.{header:webhook-timestamp}.{body}");
	}
	return make_macs(conf, a, c, path, e);
}

static void close_account(struct account *a)
{
	free(a->own);
}

/* ---- verifying ---- */

/* The text that {name} in a template stands for. */
static struct str part_of(const struct hook *h, struct str name)
{
	struct url url;

	if (str_eq(name, STR("body")))
		return h->body;
	if (str_eq(name, STR("url")))
		return h->url;
	if (str_eq(name, STR("method")))
		return h->method;
	if (str_eq(name, STR("path")))
		return url_split(h->url, &url) < 0 ? STR_NONE : url.path;
	if (str_prefix(name, STR("header:")))
		return hook_header(h, arena_cstr(h->arena, str_sub(name, 7, name.n)));
	return STR_NONE;
}

/* What is signed, as the pieces of its template. */
static size_t message_of(const struct custom *c, const struct hook *h, struct str *parts, size_t max)
{
	struct str rest = c->message;
	size_t n = 0;

	while (rest.n > 0 && n + 2 <= max) {
		size_t open = str_find(rest, '{');
		struct str tail = str_sub(rest, open, rest.n);
		size_t close = str_find(tail, '}');

		if (open > 0)
			parts[n++] = str_sub(rest, 0, open);
		if (close == tail.n) {
			parts[n++] = tail;
			break;
		}
		parts[n++] = part_of(h, str_sub(tail, 1, close - 1));
		rest = str_sub(tail, close + 1, tail.n);
	}
	return n;
}

static int check_time(const struct custom *c, const struct hook *h, struct err *e)
{
	uint64_t at;
	int64_t apart;

	if (!c->time_header)
		return 0;
	if (str_u64(hook_header(h, c->time_header), &at) < 0 || at > (uint64_t)INT64_MAX / 2000)
		return err_set(e, FAULT_DENIED, "signature-malformed",
			       "the header %s holds no Unix time", c->time_header);
	apart = h->at_ms - (int64_t)(c->time_in_ms ? at : at * 1000);
	if (apart > c->tolerance || -apart > c->tolerance)
		return err_set(e, FAULT_DENIED, "signature-expired",
			       "signed %lld seconds %s it came; %lld are allowed",
			       (long long)(llabs(apart) / 1000), apart > 0 ? "before" : "after",
			       (long long)(c->tolerance / 1000));
	return 0;
}

/* One of the signatures in a header, which may hold several divided by spaces, is that of ${m}. */
static bool any_matches(const struct custom *c, const struct hook *h, struct str header, struct mac *m)
{
	struct str parts[32], given, decoded;
	unsigned char mac[HASH_MAX];
	size_t n = mac_of(m, parts, message_of(c, h, parts, 32), mac);

	while (header.n > 0) {
		size_t space = str_find(header, ' ');

		given = str_sub(header, 0, space);
		header = str_sub(header, space + 1, header.n);
		if (!str_prefix(given, c->prefix))
			continue;
		given = str_sub(given, c->prefix.n, given.n);
		if ((c->encoding == ENCODING_HEX ? hex_read(h->arena, given, &decoded) :
						   base64_read(h->arena, given, &decoded)) == 0 &&
		    crypto_equal(decoded, (struct str){ (char *)mac, n }))
			return true;
	}
	return false;
}

/* The credential in the header, in the form of the configured secret. */
static struct str credential(const struct custom *c, const struct hook *h, struct str header)
{
	struct str word = c->proof == PROOF_BASIC ? STR("Basic ") : STR("Bearer "), text;

	if (!str_eq_nocase(str_sub(header, 0, word.n), word))
		return c->proof == PROOF_BEARER ? header : STR_NONE; /* a token in a header of its own */
	header = str_trim(str_sub(header, word.n, header.n));
	if (c->proof == PROOF_BEARER)
		return header;
	return base64_read(h->arena, header, &text) < 0 ? STR_NONE : text;
}

static bool account_matches(const struct account *a, const struct hook *h, struct str header)
{
	const struct custom *c = a->own;

	for (int i = 0; i < a->proof.n; i++) {
		if (c->proof == PROOF_BASIC || c->proof == PROOF_BEARER) {
			if (crypto_equal(credential(c, h, header), a->proof.text[i]))
				return true;
		} else if (any_matches(c, h, header, a->proof.mac[i])) {
			return true;
		}
	}
	return false;
}

static int verify(const struct accounts *accounts, const struct hook *h, bool explain,
		  struct verdict *v, struct err *e)
{
	bool missing = true;

	(void)explain; /* nothing is known of what its sender may have done otherwise */
	for (size_t i = 0; i < accounts->n; i++) {
		const struct account *a = &accounts->list[i];
		const struct custom *c = a->own;
		struct str header = c->header ? hook_header(h, c->header) : STR_NONE;

		if (c->proof != PROOF_NONE && !header.n)
			continue;
		missing = false;
		if (c->proof != PROOF_NONE && !account_matches(a, h, header))
			continue;
		if (check_time(c, h, e) < 0)
			return -1;
		*v = (struct verdict){ c->scheme, a };
		return 0;
	}
	if (missing)
		return err_set(e, FAULT_DENIED, "signature-missing", "there is no header %s",
			       ((const struct custom *)accounts->list[0].own)->header);
	return err_set(e, FAULT_DENIED, "signature-mismatch", "the %s does not match",
		       accounts->list[0].secret_header ? "credential" : "signature");
}

const struct carrier carrier_custom = {
	.name = "custom",
	.proof_key = "secret",
	.open_account = open_account,
	.close_account = close_account,
	.verify = verify,
};
