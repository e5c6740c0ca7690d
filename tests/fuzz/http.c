/* SPDX-License-Identifier: MIT */
/* A raw request that is read becomes a webhook record that the next stage reads the same. */
#include <stdlib.h>

#include "hook.h"
#include "recv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect_same(const struct request *req, const struct recv_origin *o, const struct hook *h)
{
	if (!str_eq(h->method, req->method) || !str_eq(h->url, o->url) ||
	    !str_eq(h->body, req->body) || !str_eq(h->carrier, o->carrier) || h->at_ms != o->at ||
	    json_len(h->headers) != req->n_headers)
		abort();
	for (size_t i = 0; i < req->n_headers; i++)
		if (!str_eq(json_str(json_getn(h->headers, req->headers[i].name)), req->headers[i].value))
			abort();
}

static void check(struct str text, struct arena *a, struct buf *line)
{
	struct recv_origin o = { .carrier = STR("twilio"), .at = 1768381200000 };
	struct str name = STR("fuzz");
	struct request req;
	struct hook hook;
	struct rec rec;
	struct err e;
	size_t used;

	if (http_parse(text, a, &req, &used, &e) < 0)
		return;
	if (used > text.n)
		abort();
	o.id = id_derive(&name, 1);
	o.url = req.target;
	recv_write(line, &req, &o);
	if (rec_parse(&rec, buf_get(line), a, &e) < 0 || hook_read(&hook, &rec, &e) < 0)
		abort();
	expect_same(&req, &o, &hook);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct buf line = { .max = SIZE_MAX };

	check((struct str){ (const char *)data, size }, a, &line);
	buf_free(&line);
	arena_free(a);
	return 0;
}
