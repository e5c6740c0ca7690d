/* SPDX-License-Identifier: MIT */
#include "push_gateway.h"

#include "json_merge.h"
#include "nfc.h"

enum { RETRY_MOST_MS = 7 * 86400000 };

const struct push_gateway *const push_gateways[PUSH_PLATFORMS] = { &push_apns, &push_fcm, &push_web };

void push_header(struct push_post *x, const char *name, struct str value)
{
	size_t i = 0;

	if (!value.p)
		return;
	while (i < x->n_headers && !str_eq(x->headers[i].name, str_c(name)))
		i++;
	if (i == PUSH_HEADERS)
		return;
	x->headers[i] = (struct header){ str_c(name), value };
	if (i == x->n_headers)
		x->n_headers++;
}

/* Visible ASCII: what a header can hold without becoming another one. */
static bool plain(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || (unsigned char)s.p[i] >= 0x7f)
			return false;
	return s.n > 0 && s.n <= 1024;
}

int push_header_overrides(struct push_post *x, const struct push_note *n, const struct push_device *d,
			  const char *const *allowed, struct arena *arena, struct err *e)
{
	const char *platform = push_platforms[d->platform];

	for (struct json_iter it = json_iter(json_get(n->over[d->platform], "headers"));
	     json_next(&it);) {
		const char *const *name = allowed;
		struct str value = json_text(it.value);

		while (*name && !str_eq_nocase(str_c(*name), it.key))
			name++;
		if (!*name || !plain(value))
			return err_set(e, FAULT_DATA, "push-malformed",
				       "platform.%s.headers: \"%.*s\" can not be set, or not to this",
				       platform, STR_FMT(str_sub(it.key, 0, 64)));
		push_header(x, *name, arena_str(arena, value));
	}
	return 0;
}

struct str push_word(struct str s, size_t max, bool base64url, struct arena *arena)
{
	unsigned char digest[HASH_MAX];
	struct str bytes = { (const char *)digest, 24 };
	bool fits = s.n <= max;

	for (size_t i = 0; i < s.n && fits; i++) {
		char c = s.p[i];

		fits = base64url ? (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
					   (c >= 'A' && c <= 'Z') || c == '-' || c == '_' :
				   (unsigned char)c >= 0x20 && (unsigned char)c < 0x7f;
	}
	if (!s.p || s.n == 0)
		return STR_NONE;
	if (fits)
		return s;
	hash_of(HASH_SHA256, &s, 1, digest);
	return base64url_of(arena, bytes);
}

struct str push_answer_header(const struct response *r, const char *name)
{
	for (size_t i = 0; i < r->n_headers; i++)
		if (str_eq(r->headers[i].name, str_c(name)))
			return r->headers[i].value;
	return STR_NONE;
}

int64_t push_retry_at(const struct response *r, int64_t now)
{
	int64_t wait = http_retry_after(push_answer_header(r, "retry-after"), now);

	if (wait < 0)
		return -1;
	return now + (wait < RETRY_MOST_MS ? wait : RETRY_MOST_MS);
}

const struct json *push_answer_json(const struct response *r, struct arena *arena)
{
	struct err e;

	return r->body.n > 0 ? json_parse(r->body, arena, &e) : NULL;
}

/* What the platform alone has, but for headers, laid over what was rendered. */
static struct str overlay(struct str json, const struct json *over, struct arena *arena)
{
	struct buf patch = { .max = SIZE_MAX }, out = { .max = SIZE_MAX };
	struct err e;
	struct str made;

	json_open(&patch, '{');
	for (struct json_iter it = json_iter(over); json_next(&it);) {
		if (str_eq(it.key, STR("headers")))
			continue;
		json_key_str(&patch, it.key);
		json_put_value(&patch, it.value);
	}
	json_close(&patch, '}');
	json_merge(&out, json_parse(json, arena, &e), json_parse(buf_get(&patch), arena, &e));
	made = arena_str(arena, buf_get(&out));
	buf_free(&patch);
	buf_free(&out);
	return made;
}

/* The payload with ${body}; {NULL, 0} with an error. */
static struct str payload_of(const struct push_make *m, struct str body, struct err *e)
{
	const struct json *over = m->note->over[m->device->platform];
	struct buf b = { .max = SIZE_MAX };
	struct str made = STR_NONE;

	if (push_gateways[m->device->platform]->render(&b, m->note, m->device, body, e) == 0) {
		made = arena_str(m->arena, buf_get(&b));
		if (over)
			made = overlay(made, over, m->arena);
	}
	buf_free(&b);
	return made;
}

/* The first ${n} bytes of ${s}, as whole characters, and an ellipsis where something is missing. */
static struct str shortened(struct str s, size_t n, struct arena *arena)
{
	struct str start = str_utf8_cut(s, n);

	return start.n == s.n ? s : arena_join(arena, str_trim(start), STR("…"));
}

/* The longest start of the body with which the payload fits: its size grows with the body, so it is bisected. */
static int cut(struct push_post *x, const struct push_make *m, size_t most, struct err *e)
{
	const struct push_gateway *g = push_gateways[m->device->platform];
	struct str body = m->note->body;
	size_t fits = 0, too_long = body.n, size = g->size(x->payload, m->arena);
	struct str best = STR_NONE, whole;

	while (m->truncate && body.n > 0 && fits + 1 < too_long) {
		size_t middle = fits + (too_long - fits) / 2;
		struct str made = payload_of(m, shortened(body, middle, m->arena), e);

		if (made.p && g->size(made, m->arena) <= most) {
			best = made;
			fits = middle;
		} else {
			too_long = middle;
		}
	}
	if (!best.p)
		return err_set(e, FAULT_DATA, "payload-too-large",
			       "the payload has %zu bytes, %s takes %zu%s", size,
			       push_platforms[m->device->platform], most,
			       m->truncate ? ", and its body can not be cut so far" : "");
	/* Half a flag is no flag, and a letter without its accent another one. */
	whole = nfc_cut(body, fits);
	if (whole.n > 0 && whole.n < str_utf8_cut(body, fits).n) {
		best = payload_of(m, shortened(body, whole.n, m->arena), e);
		fits = whole.n;
	}
	x->payload = best;
	x->cut = body.n - str_utf8_cut(body, fits).n;
	return 0;
}

int push_make(struct push_post *x, const struct push_make *m, struct err *e)
{
	const struct push_gateway *g = push_gateways[m->device->platform];
	size_t most = g->most(m->note, m->device);

	*x = (struct push_post){ .n_headers = 0 };
	x->payload = payload_of(m, m->note->body, e);
	if (!x->payload.p)
		return -1;
	if (g->size(x->payload, m->arena) > most && cut(x, m, most, e) < 0)
		return -1;
	return g->request(x, m->note, m->device, m->account, m->now, m->arena, e);
}
