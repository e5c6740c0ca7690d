/* SPDX-License-Identifier: MIT */
#include "wire.h"

enum { EXTENSION_MAX = 256 }; /* all chunk extensions of a request: nobody has a use for them */

void wire_begin(struct wire *w, struct arena *arena, size_t head_max, size_t body_max)
{
	/* One by one: a request has room for many headers, which need not be cleared. */
	w->state = WIRE_HEAD;
	w->req.n_headers = 0;
	w->req.body = STR("");
	w->status = 0;
	w->why = NULL;
	w->raw.max = head_max + body_max;
	buf_reset(&w->raw);
	w->line = w->head = w->left = 0;
	w->digits = w->extension = 0;
	w->parsed = NULL;
	w->head_max = head_max;
	w->body_max = body_max;
	w->arena = arena;
}

void wire_free(struct wire *w)
{
	buf_free(&w->raw);
}

static void bad(struct wire *w, int status, const char *why)
{
	w->state = WIRE_BAD;
	w->status = status;
	w->why = why;
}

/* ---- the head ---- */

static bool is_host(struct str host)
{
	for (size_t i = 0; i < host.n; i++) {
		char c = host.p[i], letter = (char)(c | 0x20);

		if ((letter < 'a' || letter > 'z') && (c < '0' || c > '9') &&
		    (!c || !strchr("-._:[]%~", c)))
			return false;
	}
	return host.n > 0;
}

/* A path, or a whole URL as a proxy is sent it. */
static bool is_target(struct str target)
{
	return str_prefix(target, STR("/")) || str_prefix(target, STR("http://")) ||
	       str_prefix(target, STR("https://"));
}

static void await_body(struct wire *w)
{
	size_t length = 0;
	struct err e;
	bool chunked;

	if (http_length(&w->req, w->old, &chunked, &length, &e) < 0) {
		if (strcmp(e.code, "request-too-large") == 0)
			bad(w, 413, "the body is too long");
		else
			bad(w, 400, "the length of the body is malformed, or given twice");
		return;
	}
	if (str_find(http_header(&w->req, "content-length"), ',') <
	    http_header(&w->req, "content-length").n) {
		bad(w, 400, "Content-Length is given twice");
		return;
	}
	if (length > w->body_max) {
		bad(w, 413, "the body is too long");
		return;
	}
	w->left = length;
	w->state = chunked ? WIRE_SIZE : length > 0 ? WIRE_BODY : WIRE_DONE;
	/* What carriers send is small, and comes at once: make room for it once. */
	if (length <= BLOCK_BYTES / 4)
		(void)buf_grow(&w->raw, length);
}

static void head_ends(struct wire *w)
{
	struct str host;
	struct err e;

	w->head = w->raw.n;
	w->parsed = w->raw.p;
	if (http_head(buf_get(&w->raw), w->arena, &w->req, &w->old, &e) < 0) {
		if (strcmp(e.code, "request-too-large") == 0)
			bad(w, 431, "there are too many headers");
		else
			bad(w, 400, "the request line or a header is malformed");
		return;
	}
	host = http_header(&w->req, "host");
	if ((!w->old || host.p) && !is_host(host))
		bad(w, 400, "the header Host is missing or malformed");
	else if (!is_target(w->req.target))
		bad(w, 400, "the target is neither a path nor a URL");
	else
		await_body(w);
}

static size_t feed_head(struct wire *w, struct str s)
{
	char letter = (char)(s.p[0] | 0x20);
	const char *lf = memchr(s.p, '\n', s.n);
	size_t n = lf ? (size_t)(lf - s.p) + 1 : s.n;

	/* TLS, or another protocol: it would wait for ever for a line end. */
	if (w->raw.n == 0 && (letter < 'a' || letter > 'z')) {
		bad(w, 400, "the request does not begin with a method");
		return 0;
	}
	if (n > w->head_max - w->raw.n) {
		bad(w, w->line ? 431 : 414,
		    w->line ? "the headers are too long" : "the request line is too long");
		return 0;
	}
	buf_add(&w->raw, s.p, n);
	/* To some readers a NUL ends a line, or the headers. */
	if (memchr(s.p, '\0', n))
		bad(w, 400, "there is a NUL in the head");
	if (!lf || w->state == WIRE_BAD)
		return n;
	if (w->raw.n < 2 || w->raw.p[w->raw.n - 2] != '\r')
		bad(w, 400, "a line ends in LF without CR");
	else if (w->raw.n - w->line == 2)
		head_ends(w);
	w->line = w->raw.n;
	return n;
}

/* ---- the body ---- */

static size_t feed_data(struct wire *w, struct str s, enum wire_state then)
{
	size_t n = s.n < w->left ? s.n : w->left;

	buf_add(&w->raw, s.p, n);
	w->left -= n;
	if (w->left == 0)
		w->state = then;
	return n;
}

static void feed_size(struct wire *w, char c)
{
	char letter = (char)(c | 0x20);

	if (c >= '0' && c <= '9') {
		w->left = w->left << 4 | (size_t)(c - '0');
	} else if (letter >= 'a' && letter <= 'f') {
		w->left = w->left << 4 | (size_t)(letter - 'a' + 10);
	} else if (w->digits > 0 && c == ';') {
		w->state = WIRE_EXTENSION;
		return;
	} else if (w->digits > 0 && c == '\r') {
		w->state = WIRE_SIZE_LF;
		return;
	} else {
		bad(w, 400, "the size of a chunk is not a hexadecimal number");
		return;
	}
	if (++w->digits > 8)
		bad(w, 400, "the size of a chunk has too many digits");
	else if (w->left > w->body_max - (w->raw.n - w->head))
		bad(w, 413, "the body is too long");
}

static void feed_extension(struct wire *w, char c)
{
	if (c == '\r')
		w->state = WIRE_SIZE_LF;
	else if (((unsigned char)c < 0x20 && c != '\t') || c == 0x7f || ++w->extension > EXTENSION_MAX)
		bad(w, 400, "the extension of a chunk is malformed or too long");
}

/* ${c} must be ${want}; ${then} comes next. */
static void expect(struct wire *w, char c, char want, enum wire_state then)
{
	if (c != want)
		bad(w, 400,
		    w->state >= WIRE_LAST_CR ? "trailers are not taken" :
					       "a chunk does not end where its size says");
	else
		w->state = then;
}

static void feed_mark(struct wire *w, char c)
{
	switch (w->state) {
	case WIRE_SIZE:
		feed_size(w, c);
		break;
	case WIRE_EXTENSION:
		feed_extension(w, c);
		break;
	case WIRE_SIZE_LF:
		expect(w, c, '\n', w->left > 0 ? WIRE_CHUNK : WIRE_LAST_CR);
		break;
	case WIRE_CHUNK_CR:
		expect(w, c, '\r', WIRE_CHUNK_LF);
		break;
	case WIRE_CHUNK_LF:
		expect(w, c, '\n', WIRE_SIZE);
		w->digits = 0;
		break;
	case WIRE_LAST_CR:
		expect(w, c, '\r', WIRE_LAST_LF);
		break;
	default:
		expect(w, c, '\n', WIRE_DONE);
		break;
	}
}

/* The memory has grown elsewhere, and the texts of the head went with it. */
static void follow(struct wire *w)
{
	struct err e;

	(void)http_head((struct str){ w->raw.p, w->head }, w->arena, &w->req, &w->old, &e);
	w->parsed = w->raw.p;
}

size_t wire_feed(struct wire *w, struct str bytes)
{
	size_t used = 0;

	while (used < bytes.n && !wire_ended(w)) {
		struct str rest = str_sub(bytes, used, bytes.n);

		if (w->state == WIRE_HEAD) {
			used += feed_head(w, rest);
			if (w->state != WIRE_HEAD)
				break;
		} else if (w->state == WIRE_BODY) {
			used += feed_data(w, rest, WIRE_DONE);
		} else if (w->state == WIRE_CHUNK) {
			used += feed_data(w, rest, WIRE_CHUNK_CR);
		} else {
			feed_mark(w, rest.p[0]);
			used++;
		}
	}
	if (w->parsed && w->parsed != w->raw.p)
		follow(w);
	if (w->state == WIRE_DONE)
		w->req.body = (struct str){ w->raw.p + w->head, w->raw.n - w->head };
	return used;
}
