/* SPDX-License-Identifier: MIT */
#include "whatsapp.h"

enum {
	SIGNATURE_HEX = 64,
	EXPLAIN_SECRETS = 2, /* of one account: the new one and the old one */
	EXPLAIN_WAYS = 19,   /* the body as it is, 17 combinations, CRLF */
};

/* What the signature has to match. */
struct proof {
	const struct accounts *accounts;
	struct str body;
	struct str want;   /* the digest of the header */
	struct str number; /* the first phone_number_id in the body, if there is a choice */
};

/* Ways in which JSON is written differently without saying anything else. */
enum {
	WAY_COMPACT = 1,  /* no white space between tokens */
	WAY_SLASH = 2,    /* "/" as "\/" */
	WAY_NO_SLASH = 4, /* "\/" as "/" */
	WAY_ASCII = 8,    /* beyond ASCII as \uXXXX */
	WAY_UTF8 = 16,    /* \uXXXX beyond ASCII as characters */
	WAY_LF = 32,      /* CRLF as LF */
};

/* A body while it is written in another way. */
struct rewrite {
	struct str in;
	size_t i;
	char *out;
	size_t n;
	unsigned ways, did;
	bool quoted;
};

/* Meta signs \uXXXX with lower-case digits. */
static void put_unit(struct rewrite *w, unsigned unit)
{
	static const char digits[] = "0123456789abcdef";

	w->out[w->n++] = '\\';
	w->out[w->n++] = 'u';
	for (int shift = 12; shift >= 0; shift -= 4)
		w->out[w->n++] = digits[unit >> shift & 15];
}

/* The character beyond ASCII at w->i (the text is valid UTF-8) as one or two units of UTF-16. */
static void put_escaped(struct rewrite *w)
{
	const unsigned char *p = (const unsigned char *)w->in.p + w->i;
	unsigned size = *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;
	unsigned c = *p & (0x7fu >> size);

	for (unsigned k = 1; k < size; k++)
		c = c << 6 | (p[k] & 0x3f);
	if (c > 0xffff) {
		put_unit(w, 0xd800 + ((c - 0x10000) >> 10));
		put_unit(w, 0xdc00 + ((c - 0x10000) & 0x3ff));
	} else {
		put_unit(w, c);
	}
	w->i += size;
	w->did |= WAY_ASCII;
}

/* The unit of an escape \uXXXX at ${at}, or 0 if there is none. */
static unsigned unit_at(struct str s, size_t at)
{
	unsigned unit = 0;

	if (s.n < 6 || at > s.n - 6 || s.p[at] != '\\' || s.p[at + 1] != 'u')
		return 0;
	for (size_t k = at + 2; k < at + 6; k++) {
		char c = s.p[k];
		int digit = c >= '0' && c <= '9' ? c - '0' :
			    c >= 'a' && c <= 'f' ? c - 'a' + 10 :
						   -1;

		if (c >= 'A' && c <= 'F')
			digit = c - 'A' + 10;
		if (digit < 0)
			return 0;
		unit = unit << 4 | (unsigned)digit;
	}
	return unit;
}

/* The escape at w->i as a character.  Return false if it is ASCII or half of a character. */
static bool put_unescaped(struct rewrite *w)
{
	unsigned c = unit_at(w->in, w->i), low;
	unsigned size = c < 0x800 ? 2 : 3;

	if (c < 0x80 || (c >= 0xdc00 && c <= 0xdfff))
		return false;
	if (c >= 0xd800 && c <= 0xdbff) {
		low = unit_at(w->in, w->i + 6);
		if (low < 0xdc00 || low > 0xdfff)
			return false;
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		size = 4;
		w->i += 6;
	}
	w->i += 6;
	w->out[w->n++] = (char)((0xf00u >> size & 0xff) | c >> 6 * (size - 1));
	for (unsigned k = size - 1; k-- > 0;)
		w->out[w->n++] = (char)(0x80 | (c >> 6 * k & 0x3f));
	w->did |= WAY_UTF8;
	return true;
}

static void put_escape(struct rewrite *w)
{
	bool slash = w->i + 1 < w->in.n && w->in.p[w->i + 1] == '/';

	if (slash && w->ways & WAY_NO_SLASH) {
		w->i++;
		w->did |= WAY_NO_SLASH;
	} else if (w->ways & WAY_UTF8 && put_unescaped(w)) {
		return;
	} else {
		w->out[w->n++] = w->in.p[w->i++];
	}
	if (w->i < w->in.n)
		w->out[w->n++] = w->in.p[w->i++];
}

static void put_next(struct rewrite *w)
{
	char c = w->in.p[w->i];

	if (w->ways & WAY_ASCII && (unsigned char)c >= 0x80) {
		put_escaped(w);
		return;
	}
	if (w->quoted && c == '\\') {
		put_escape(w);
		return;
	}
	w->i++;
	if (!w->quoted && w->ways & WAY_COMPACT && str_find(STR(" \t\r\n"), c) < 4) {
		w->did |= WAY_COMPACT;
		return;
	}
	if (w->ways & WAY_LF && c == '\r' && w->i < w->in.n && w->in.p[w->i] == '\n') {
		w->did |= WAY_LF;
		return;
	}
	if (c == '"')
		w->quoted = !w->quoted;
	if (w->quoted && c == '/' && w->ways & WAY_SLASH) {
		w->out[w->n++] = '\\';
		w->did |= WAY_SLASH;
	}
	w->out[w->n++] = c;
}

/*
 * ${body}, valid UTF-8, written in all of ${ways} to ${out}, three times its length: two bytes of
 * UTF-8 become six, four become twelve.  Return {NULL, 0} if one of the ways makes no difference.
 */
static struct str rewrite(struct str body, unsigned ways, char *out)
{
	struct rewrite w = { .in = body, .out = out, .ways = ways };

	while (w.i < body.n)
		put_next(&w);
	return w.did == ways ? (struct str){ out, w.n } : STR_NONE;
}

static bool mac_holds(struct mac *m, const struct str *parts, size_t n, struct str want)
{
	unsigned char digest[HASH_MAX];
	size_t size = mac_of(m, parts, n, digest);

	return crypto_equal((struct str){ (const char *)digest, size }, want);
}

/* Accounts of one app share its secret: the one that the body names is tried before the others. */
static const struct account *search(const struct proof *p, struct str body)
{
	for (int others = 0; others < 2; others++)
		for (size_t i = 0; i < p->accounts->n; i++) {
			const struct account *a = &p->accounts->list[i];
			bool named = p->number.n > 0 && str_eq(a->id, p->number);

			if (named == (others != 0))
				continue;
			for (int k = 0; k < a->proof.n; k++)
				if (mac_holds(a->proof.mac[k], &body, 1, p->want))
					return a;
		}
	return NULL;
}

/* The value of the first "phone_number_id", found without parsing what is not proved yet. */
static struct str body_number(struct str body)
{
	struct str key = STR("\"phone_number_id\"");
	size_t at = str_search(body, key);
	struct str s;

	if (at == body.n)
		return STR_NONE;
	s = str_trim(str_sub(body, at + key.n, 64));
	if (!str_prefix(s, STR(":")))
		return STR_NONE;
	s = str_trim(str_sub(s, 1, s.n));
	if (!str_prefix(s, STR("\"")))
		return STR_NONE;
	s = str_sub(s, 1, s.n);
	return str_sub(s, 0, str_find(s, '"'));
}

static bool has_high(struct str s)
{
	unsigned char all = 0;

	for (size_t i = 0; i < s.n; i++)
		all |= (unsigned char)s.p[i];
	return all >= 0x80;
}

/* Say in ${e} which of the ${ways} made the signature match. */
static void ways_hint(struct err *e, unsigned ways)
{
	static const struct {
		unsigned way;
		const char *text;
	} texts[] = {
		{ WAY_COMPACT, "the white space between the JSON tokens is taken out" },
		{ WAY_SLASH, "slashes are written \\/" },
		{ WAY_NO_SLASH, "slashes are written / and not \\/" },
		{ WAY_ASCII, "characters beyond ASCII are written \\uXXXX" },
		{ WAY_UTF8, "\\uXXXX are written as the characters" },
		{ WAY_LF, "CRLF is changed to LF" },
	};
	struct buf b = { .max = sizeof e->text };

	for (size_t i = 0; i < LEN(texts); i++)
		if (ways & texts[i].way)
			buf_fmt(&b, "%s%s", b.n > 0 ? " and " : "", texts[i].text);
	err_hint(e, "it matches when %.*s: something before omni %s", STR_FMT(buf_get(&b)),
		 ways == WAY_LF ? "changed the line ends of the body" : "re-serialized the body");
	buf_free(&b);
}

/* Try the ways of writing the body with the first ${n} of the secrets ${s}. */
static bool explain_ways(const struct proof *p, struct arena *a, const struct secrets *s, int n,
			 struct err *e)
{
	static const unsigned slashes[] = { 0, WAY_SLASH, WAY_NO_SLASH };
	static const unsigned letters[] = { 0, WAY_ASCII, WAY_UTF8 };
	char *out;

	if (p->body.n > LINE_MAX_BYTES || !str_utf8(p->body))
		return false;
	out = arena_alloc(a, 3 * p->body.n + 1);
	for (unsigned i = 1; i < EXPLAIN_WAYS; i++) {
		unsigned ways = (i / 9 ? WAY_COMPACT : 0) | slashes[i / 3 % 3] | letters[i % 3];
		struct str text = rewrite(p->body, i < EXPLAIN_WAYS - 1 ? ways : WAY_LF, out);

		for (int k = 0; text.p && k < n; k++)
			if (mac_holds(s->mac[k], &text, 1, p->want)) {
				ways_hint(e, i < EXPLAIN_WAYS - 1 ? ways : WAY_LF);
				return true;
			}
	}
	return false;
}

/* Bytes at the end that editors, shells and proxies add or take. */
static bool explain_end(const struct proof *p, struct mac *m, struct err *e)
{
	const struct str longer[] = { p->body, STR("\n") };
	struct str shorter = p->body;

	if (mac_holds(m, longer, 2, p->want)) {
		err_hint(e, "it matches with a newline at the end of the body: "
			    "something before omni took it away");
		return true;
	}
	while (shorter.n > 0 && str_find(STR("\r\n"), shorter.p[shorter.n - 1]) < 2)
		shorter.n--;
	if (shorter.n == p->body.n || !mac_holds(m, &shorter, 1, p->want))
		return false;
	err_hint(e, "it matches without the newline at the end of the body: "
		    "something before omni added it");
	return true;
}

static bool key_holds(const struct proof *p, struct str key)
{
	struct mac *m = mac_new(HASH_SHA256, key);
	bool ok = mac_holds(m, &p->body, 1, p->want);

	mac_free(m);
	return ok;
}

/* A secret that was copied with something around it, or that the sender takes otherwise. */
static bool explain_secret(const struct proof *p, struct arena *a, struct str secret, struct err *e)
{
	struct str trimmed = str_trim(secret), bytes;

	if (trimmed.n != secret.n && key_holds(p, trimmed)) {
		err_hint(e, "it matches when the white space around app_secret is taken out");
		return true;
	}
	if (hex_read(a, trimmed, &bytes) == 0 && key_holds(p, bytes)) {
		err_hint(e, "it matches when app_secret is decoded from hex: "
			    "the sender does that, Meta does not");
		return true;
	}
	return false;
}

static bool looks_like_secret(struct arena *a, struct str s)
{
	struct str bytes;

	return s.n == 32 && hex_read(a, s, &bytes) == 0;
}

/* The account that the webhook is about, by its own account of it. */
static const struct account *suspect_of(const struct proof *p)
{
	struct str number = body_number(p->body);

	for (size_t i = 0; i < p->accounts->n; i++)
		if (number.n > 0 && str_eq(p->accounts->list[i].id, number))
			return &p->accounts->list[i];
	return &p->accounts->list[0];
}

static void explain_mismatch(const struct proof *p, struct arena *a, struct err *e)
{
	const struct account *suspect = suspect_of(p);
	const struct secrets *s = &suspect->proof;
	int n = s->n < EXPLAIN_SECRETS ? s->n : EXPLAIN_SECRETS;

	for (int k = 0; k < n; k++)
		if (explain_end(p, s->mac[k], e) || explain_secret(p, a, s->text[k], e))
			return;
	if (explain_ways(p, a, s, n, e))
		return;
	if (n == 0) {
		err_hint(e, "account %.*s has no app_secret in the configuration",
			 STR_FMT(suspect->name));
		return;
	}
	for (int k = 0; k < n; k++)
		if (!looks_like_secret(a, s->text[k])) {
			err_hint(e,
				 "app_secret of account %.*s is not 32 hexadecimal characters, "
				 "as Meta's are",
				 STR_FMT(suspect->name));
			return;
		}
	err_hint(e, "app_secret is not that of the Meta app that sends here, "
		    "or the body was changed on its way");
}

/* The digest in the header, decoded, or -1. */
static int signature_read(const struct hook *h, struct str *want, struct err *e)
{
	struct str header = hook_header(h, "x-hub-signature-256"), scheme = STR("sha256=");

	if (!header.p && hook_header(h, "x-hub-signature").p)
		return err_set(e, FAULT_DENIED, "signature-missing",
			       "the header X-Hub-Signature-256 is missing; "
			       "X-Hub-Signature, SHA-1, does not count");
	if (!header.p)
		return err_set(e, FAULT_DENIED, "signature-missing",
			       "the header X-Hub-Signature-256 is missing");
	header = str_trim(header);
	if (!str_prefix(header, scheme) || header.n != scheme.n + SIGNATURE_HEX ||
	    hex_read(h->arena, str_sub(header, scheme.n, SIGNATURE_HEX), want) < 0)
		return err_set(e, FAULT_DENIED, "signature-malformed",
			       "the header X-Hub-Signature-256 is not \"sha256=\" "
			       "and 64 hexadecimal digits");
	return 0;
}

int whatsapp_verify(const struct accounts *accounts, const struct hook *h, bool explain,
		    struct verdict *v, struct err *e)
{
	struct proof p = { .accounts = accounts, .body = h->body };
	struct str escaped;

	if (signature_read(h, &p.want, e) < 0)
		return -1;
	if (accounts->n > 1)
		p.number = body_number(h->body);
	v->scheme = "whatsapp-hmac-sha256";
	v->account = search(&p, h->body);
	if (!v->account && has_high(h->body) && str_utf8(h->body)) {
		/* Meta signs the escaped form; a proxy or a test may have sent the other. */
		escaped = rewrite(h->body, WAY_ASCII, arena_alloc(h->arena, 3 * h->body.n));
		v->account = search(&p, escaped);
	}
	if (v->account)
		return 0;
	err_set(e, FAULT_DENIED, "signature-mismatch",
		"X-Hub-Signature-256 does not match the body under any app_secret");
	if (explain)
		explain_mismatch(&p, h->arena, e);
	return -1;
}
