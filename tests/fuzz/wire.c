/* SPDX-License-Identifier: MIT */
/* A stream is cut into the same requests in whatever pieces it comes, and each reads the same from a file. */
#include <stdlib.h>

#include "wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEAD_MAX = 4096, BODY_MAX = 8192 };

static size_t feed(struct wire *w, struct arena *a, struct str s, size_t piece)
{
	size_t used = 0;

	wire_begin(w, a, HEAD_MAX, BODY_MAX);
	while (used < s.n && !wire_ended(w)) {
		size_t n = wire_feed(w, str_sub(s, used, piece));

		if (n > piece || (n == 0 && !wire_ended(w)))
			abort();
		used += n;
	}
	return used;
}

static void expect_same(const struct request *x, const struct request *y)
{
	if (!str_eq(x->method, y->method) || !str_eq(x->target, y->target) ||
	    !str_eq(x->body, y->body) || x->n_headers != y->n_headers)
		abort();
	for (size_t i = 0; i < x->n_headers; i++)
		if (!str_eq(x->headers[i].name, y->headers[i].name) ||
		    !str_eq(x->headers[i].value, y->headers[i].value))
			abort();
}

static void check(struct str s, size_t piece, struct arena *a, struct wire *whole, struct wire *pieces)
{
	struct request req;
	struct err e;

	while (s.n > 0) {
		size_t used = feed(whole, a, s, s.n), length;

		if (feed(pieces, a, s, piece) != used && whole->state != WIRE_BAD)
			abort();
		if (whole->state != pieces->state || whole->status != pieces->status)
			abort();
		if (whole->state != WIRE_DONE)
			return;
		expect_same(&whole->req, &pieces->req);
		/* Without a length, a file is all body; on the wire there is none. */
		if (http_header(&whole->req, "content-length").p ||
		    http_header(&whole->req, "transfer-encoding").p) {
			if (http_parse(s, a, &req, &length, &e) < 0 || length != used)
				abort();
			expect_same(&whole->req, &req);
		}
		s = str_sub(s, used, s.n);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct wire whole = { 0 }, pieces = { 0 };

	if (size > 1)
		check((struct str){ (const char *)data + 1, size - 1 }, 1 + data[0] % 64, a, &whole,
		      &pieces);
	wire_free(&whole);
	wire_free(&pieces);
	arena_free(a);
	return 0;
}
