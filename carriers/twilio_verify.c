/* SPDX-License-Identifier: MIT */
#include "twilio.h"

#include <stdlib.h>

#include "url.h"

enum { SORT_SMALL = 64, SHA1_SIZE = 20, SHA1_BASE64 = 28 };

enum twilio_shape twilio_shape(const struct hook *h)
{
	if (str_eq(h->method, STR("GET")) || str_eq(h->method, STR("HEAD")))
		return TWILIO_QUERY;
	if (hook_type_is(h, "application/x-www-form-urlencoded") || !hook_header(h, "content-type").p)
		return TWILIO_FORM;
	return TWILIO_BODY;
}

/*
 * A field and the first eight bytes of its name as a number: nearly all comparisons end with that.
 */
struct key {
	uint64_t head;
	const struct field *field;
};

static uint64_t head_of(struct str name)
{
	uint64_t head = 0;

	if (name.n > 0)
		memcpy(&head, name.p, name.n < sizeof(head) ? name.n : sizeof(head));
	return __builtin_bswap64(head);
}

static int key_cmp(const void *x, const void *y)
{
	const struct key *a = x, *b = y;
	int c = (a->head > b->head) - (a->head < b->head);

	if (c == 0)
		c = str_cmp(a->field->name, b->field->name);
	return c ? c : str_cmp(a->field->value, b->field->value);
}

/*
 * A form has some 25 fields: then this is faster than qsort(3), which calls key_cmp through a
 * pointer.
 */
static void sort(struct key *keys, size_t n)
{
	if (n > SORT_SMALL) {
		qsort(keys, n, sizeof(*keys), key_cmp);
		return;
	}
	for (size_t i = 1; i < n; i++) {
		struct key k = keys[i];
		size_t at = i;

		for (; at > 0 && (keys[at - 1].head > k.head ||
				  (keys[at - 1].head == k.head && key_cmp(&keys[at - 1], &k) > 0));
		     at--)
			keys[at] = keys[at - 1];
		keys[at] = k;
	}
}

struct str twilio_tail(struct arena *a, const struct field *fields, size_t n)
{
	struct key *keys = arena_alloc(a, (n + 1) * sizeof(*keys));
	size_t room = 1;
	char *start, *p;

	for (size_t i = 0; i < n; i++) {
		keys[i] = (struct key){ head_of(fields[i].name), &fields[i] };
		room += fields[i].name.n + fields[i].value.n;
	}
	sort(keys, n);
	start = p = arena_alloc(a, room);
	for (size_t i = 0; i < n; i++) {
		const struct field *f = keys[i].field;

		if (i > 0 && key_cmp(&keys[i - 1], &keys[i]) == 0)
			continue; /* Twilio signs a repeated pair once */
		p = (char *)mempcpy(p, f->name.p, f->name.n);
		if (f->value.n > 0)
			p = (char *)mempcpy(p, f->value.p, f->value.n);
	}
	return (struct str){ start, (size_t)(p - start) };
}

struct str twilio_url(const struct account *a, const struct hook *h)
{
	return url_public(h->arena, h->url, a->public_url);
}

bool twilio_candidate(const struct account *a, struct str sid)
{
	return !a->id.p || !sid.p || str_eq(a->id, sid);
}

bool twilio_signs(struct mac *mac, const struct twilio_proof *p, struct str url, struct str tail)
{
	const struct str parts[] = { url, tail };
	unsigned char digest[HASH_MAX];
	size_t n = mac_of(mac, parts, 2, digest);

	return crypto_equal((struct str){ (const char *)digest, n }, p->signature);
}

/*
 * Twilio signs now with the port and now without, so the other form counts as well, as in its own
 * libraries.
 */
static struct str other_port(struct arena *a, struct str text)
{
	struct url url;

	if (url_split(text, &url) < 0)
		return STR_NONE;
	url.port = url.port.p ? STR_NONE : url_default_port(&url);
	return url_join(a, &url);
}

static bool account_signs(const struct account *a, const struct twilio_proof *p)
{
	struct str url = twilio_url(a, p->hook), other;

	for (int i = 0; i < a->proof.n; i++)
		if (twilio_signs(a->proof.mac[i], p, url, p->tail))
			return true;
	other = other_port(p->hook->arena, url);
	for (int i = 0; i < a->proof.n && other.p; i++)
		if (twilio_signs(a->proof.mac[i], p, other, p->tail))
			return true;
	return false;
}

static int read_signature(struct twilio_proof *p, struct err *e)
{
	struct str text = hook_header(p->hook, "x-twilio-signature");

	if (text.n == 0)
		return err_set(e, FAULT_DENIED, "signature-missing", "no X-Twilio-Signature header");
	if (text.n != SHA1_BASE64)
		return err_set(e, FAULT_DENIED, "signature-malformed",
			       "X-Twilio-Signature has %zu characters, not the %d of a SHA-1 digest in base64",
			       text.n, SHA1_BASE64);
	if (base64_read(p->hook->arena, text, &p->signature) < 0 || p->signature.n != SHA1_SIZE)
		return err_set(e, FAULT_DENIED, "signature-malformed", "X-Twilio-Signature is not base64");
	return 0;
}

/* Read the parameters: the form, whose fields are signed one by one, or the query. */
static int read_params(struct twilio_proof *p, struct form *query, struct err *e)
{
	if (form_decode(url_query(p->hook->url), p->hook->arena, query, e) < 0)
		return -1;
	if (p->shape != TWILIO_FORM)
		return 0;
	if (hook_form(p->hook, &p->form, e) < 0)
		return -1;
	p->tail = twilio_tail(p->hook->arena, p->form.fields, p->form.n);
	return 0;
}

/* The URL is signed, so a hash of the body that stands in it proves the body as well. */
static int check_body(const struct hook *h, struct str want, struct err *e)
{
	if (str_eq(hash_hex(h->arena, HASH_SHA256, h->body), want))
		return 0;
	return err_set(e, FAULT_DENIED, "signature-mismatch",
		       "the URL is signed, but the body does not have the hash in its bodySHA256: it was changed or "
		       "written anew on the way");
}

/* The id comes from outside: it stands in the message only if it looks like one. */
static int account_unknown(struct str sid, bool narrowed, struct err *e)
{
	bool plain = sid.n > 0 && sid.n <= 64;

	for (size_t i = 0; plain && i < sid.n; i++)
		plain = (sid.p[i] >= '0' && sid.p[i] <= '9') ||
			((sid.p[i] | 0x20) >= 'a' && (sid.p[i] | 0x20) <= 'z');
	if (!plain)
		sid = STR("of the webhook");
	return err_set(e, FAULT_DENIED, "account-unknown", "AccountSid %.*s is %s", STR_FMT(sid),
		       narrowed ? "not the account that the path of the webhook names" :
				  "no configured account; add it under carriers.twilio");
}

int twilio_verify(const struct accounts *accounts, const struct hook *h, bool explain,
		  struct verdict *v, struct err *e)
{
	struct twilio_proof p = { .hook = h, .shape = twilio_shape(h), .tail = { "", 0 } };
	bool unproven, known = false;
	struct str sid, hash;
	struct form query;

	if (read_signature(&p, e) < 0 || read_params(&p, &query, e) < 0)
		return -1;
	sid = form_get(p.shape == TWILIO_FORM ? &p.form : &query, "AccountSid");
	hash = form_get(&query, "bodySHA256");
	unproven = p.shape == TWILIO_BODY && !hash.p;
	for (size_t i = 0; i < accounts->n; i++) {
		const struct account *a = &accounts->list[i];

		if (!twilio_candidate(a, sid))
			continue;
		known = true;
		if (unproven || !account_signs(a, &p))
			continue;
		*v = (struct verdict){ "twilio-hmac-sha1", a };
		return p.shape == TWILIO_BODY ? check_body(h, hash, e) : 0;
	}
	if (!known)
		return account_unknown(sid, h->account.p != NULL, e);
	if (unproven)
		err_set(e, FAULT_DENIED, "signature-missing",
			"nothing proves the body: it is no form, and the URL has no bodySHA256");
	else
		err_set(e, FAULT_DENIED, "signature-mismatch", "signature mismatch");
	if (explain)
		twilio_explain(&p, accounts, sid, e);
	return -1;
}
