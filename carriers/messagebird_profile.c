/* SPDX-License-Identifier: MIT */
#include "messagebird.h"

#include <stdlib.h>

#include "form.h"

static bool mac_is(struct mac *m, const struct str *parts, size_t n, struct str want)
{
	unsigned char digest[HASH_MAX];
	size_t size = mac_of(m, parts, n, digest);

	return crypto_equal((struct str){ (const char *)digest, size }, want);
}

static int read_seconds(struct messagebird_proof *p, const char *header, struct err *e)
{
	uint64_t n;

	if (str_u64(p->time, &n) < 0 || n > INT64_MAX / 2000)
		return err_set(e, FAULT_DENIED, "signature-malformed",
			       "the header %s holds no Unix time", header);
	p->seconds = (int64_t)n;
	return 0;
}

static int check_time(const struct messagebird_proof *p, struct verdict *v, bool explain, struct err *e)
{
	const struct messagebird_own *own = v->account->own;
	int64_t age = p->hook->at_ms - p->seconds * 1000;

	(void)explain; /* the sentence says all there is */
	if (age <= own->past * 1000 && -age <= own->future * 1000)
		return 0;
	return err_set(e, FAULT_DENIED, "signature-expired",
		       "signed %lld seconds %s it came; %lld are allowed: it was sent again by somebody else, or "
		       "a clock is wrong",
		       (long long)(llabs(age) / 1000), age > 0 ? "before" : "after",
		       (long long)(age > 0 ? own->past : own->future));
}

/* ---- profiles legacy and bird-hmac: one pair of headers, two meanings ---- */

static int read_pair(struct messagebird_proof *p, struct err *e)
{
	struct str header = str_trim(hook_header(p->hook, "messagebird-signature"));

	p->time = str_trim(hook_header(p->hook, "messagebird-request-timestamp"));
	if (header.n == 0) {
		err_set(e, FAULT_DENIED, "signature-missing", "there is no header MessageBird-Signature");
		if (hook_header(p->hook, "messagebird-signature-jwt").n > 0)
			err_hint(e, "there is MessageBird-Signature-JWT, which the profile jwt checks");
		return -1;
	}
	if (p->time.n == 0)
		return err_set(e, FAULT_DENIED, "signature-missing",
			       "there is no header MessageBird-Request-Timestamp");
	if (base64_read(p->arena, header, &p->signature) < 0 || p->signature.n != hash_size(HASH_SHA256))
		return err_set(e, FAULT_DENIED, "signature-malformed",
			       "the header MessageBird-Signature is not base64 of 32 bytes");
	return read_seconds(p, "MessageBird-Request-Timestamp", e);
}

/* In order of name; fields of one name stay in their order, which is that of their addresses. */
static int by_name(const void *x, const void *y)
{
	const struct field *a = *(const struct field *const *)x, *b = *(const struct field *const *)y;
	int c = str_cmp(a->name, b->name);

	return c ? c : (a > b) - (a < b);
}

static const struct field **sorted(const struct field *fields, size_t n, struct arena *a)
{
	const struct field **order = arena_alloc(a, (n + 1) * sizeof(*order));

	for (size_t i = 0; i < n; i++)
		order[i] = &fields[i];
	qsort(order, n, sizeof(*order), by_name);
	return order;
}

/* The pairs as they came: the value of a field is all of the pair. */
static struct str sort_raw(struct str query, size_t max, struct arena *a)
{
	struct field *fields = arena_alloc(a, (max + 1) * sizeof(*fields));
	char *start = arena_alloc(a, query.n + 1), *p = start;
	const struct field **order;
	size_t n = 0;

	while (query.n > 0 && n < max) {
		struct str pair = str_sub(query, 0, str_find(query, '&'));

		query = str_sub(query, pair.n + 1, query.n);
		if (pair.n > 0)
			fields[n++] = (struct field){ str_sub(pair, 0, str_find(pair, '=')), pair };
	}
	order = sorted(fields, n, a);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			*p++ = '&';
		p = (char *)mempcpy(p, order[i]->value.p, order[i]->value.n);
	}
	return (struct str){ start, (size_t)(p - start) };
}

static void put_encoded(struct buf *b, struct str s, struct str space)
{
	while (s.n > 0) {
		size_t n = str_find(s, ' ');

		form_escape(b, str_sub(s, 0, n));
		if (n < s.n)
			buf_str(b, space);
		s = str_sub(s, n + 1, s.n);
	}
}

/* The pairs decoded and encoded anew, with ${space} for a space. */
static struct str sort_encoded(const struct form *form, struct str space, struct arena *a)
{
	const struct field **order = sorted(form->fields, form->n, a);
	struct buf b = { .max = 3 * SIGN_BASE_MAX };
	struct str text;

	for (size_t i = 0; i < form->n; i++) {
		if (i > 0)
			buf_char(&b, '&');
		put_encoded(&b, order[i]->name, space);
		buf_char(&b, '=');
		put_encoded(&b, order[i]->value, space);
	}
	text = arena_str(a, buf_get(&b));
	buf_free(&b);
	return text;
}

/*
 * Senders write the same query differently, so all the forms in which it may have been signed
 * count.
 */
static int read_legacy(struct messagebird_proof *p, struct err *e)
{
	struct str query = str_sub(p->hook->url, 0, str_find(p->hook->url, '#'));
	struct form form;

	if (read_pair(p, e) < 0)
		return -1;
	query = str_sub(query, str_find(query, '?') + 1, query.n);
	if (form_decode(query, p->arena, &form, e) < 0)
		return -1;
	p->queries[p->n_queries++] = sort_raw(query, form.n, p->arena);
	if (form.n == 0)
		return 0;
	p->queries[p->n_queries++] = sort_encoded(&form, STR("+"), p->arena);
	p->queries[p->n_queries++] = sort_encoded(&form, STR("%20"), p->arena);
	return 0;
}

static bool legacy_signs(const struct messagebird_proof *p, struct mac *m, struct str url)
{
	(void)url; /* of which the query alone is signed */
	for (size_t i = 0; i < p->n_queries; i++) {
		const struct str parts[] = { p->time, STR("\n"), p->queries[i], STR("\n"), p->digest };

		if (mac_is(m, parts, LEN(parts), p->signature))
			return true;
	}
	return false;
}

static bool bird_signs(const struct messagebird_proof *p, struct mac *m, struct str url)
{
	struct str urls[] = { url, messagebird_portless(p->arena, url) };

	for (size_t i = 0; i < LEN(urls) && urls[i].p; i++) {
		const struct str parts[] = { p->time, STR("\n"), urls[i], STR("\n"), p->digest };

		if (mac_is(m, parts, LEN(parts), p->signature))
			return true;
	}
	return false;
}

/* ---- profile bird-std: Standard Webhooks ---- */

static int read_standard(struct messagebird_proof *p, struct err *e)
{
	p->id = hook_header(p->hook, "webhook-id");
	p->time = str_trim(hook_header(p->hook, "webhook-timestamp"));
	p->signature = hook_header(p->hook, "webhook-signature");
	if (p->id.n == 0 || p->time.n == 0 || p->signature.n == 0)
		return err_set(e, FAULT_DENIED, "signature-missing", "there is no header %s",
			       p->signature.n == 0 ? "Webhook-Signature" :
			       p->id.n == 0        ? "Webhook-Id" :
						     "Webhook-Timestamp");
	if (p->body.n == 0)
		return err_set(e, FAULT_DENIED, "signature-missing",
			       "nothing proves the URL: the profile bird-std is about the body, and there is none");
	if (!str_prefix(p->signature, STR("v1,")) &&
	    str_search(p->signature, STR(" v1,")) == p->signature.n)
		return err_set(e, FAULT_DENIED, "signature-malformed",
			       "the header Webhook-Signature has no signature of version v1");
	return read_seconds(p, "Webhook-Timestamp", e);
}

/* The header holds one signature for each key that the sender has at the moment. */
static bool standard_signs(const struct messagebird_proof *p, struct mac *m, struct str url)
{
	const struct str parts[] = { p->id, STR("."), p->time, STR("."), p->body };
	struct str list = p->signature, version = STR("v1,");
	unsigned char digest[HASH_MAX];
	struct str made = { (const char *)digest, mac_of(m, parts, LEN(parts), digest) };
	struct str want = base64_of(p->arena, made);
	bool found = false;

	(void)url; /* not signed */
	while (list.n > 0) {
		struct str one = str_sub(list, 0, str_find(list, ' '));

		list = str_sub(list, one.n + 1, list.n);
		if (str_suffix(one, STR(","))) /* two headers that were joined */
			one.n--;
		if (str_prefix(one, version))
			found |= crypto_equal(str_sub(one, version.n, one.n), want);
	}
	return found;
}

static const struct messagebird_profile profiles[] = {
	{ "jwt", "messagebird-jwt", "MessageBird-Signature-JWT", 1, 1, messagebird_jwt_read,
	  messagebird_jwt_signs, messagebird_jwt_check },
	{ "legacy", "messagebird-legacy", "MessageBird-Signature", 10, 5, read_legacy, legacy_signs,
	  check_time },
	{ "bird-hmac", "messagebird-bird-hmac", "MessageBird-Signature", 300, 300, read_pair,
	  bird_signs, check_time },
	{ "bird-std", "messagebird-bird-std", "Webhook-Signature", 300, 300, read_standard,
	  standard_signs, check_time },
	{ 0 },
};

const struct messagebird_profile *messagebird_profiles(void)
{
	return profiles;
}
