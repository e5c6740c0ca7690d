/* SPDX-License-Identifier: MIT */
/* A part of a form lies inside its body, whatever the Content-Type in the first line says. */
#include <stdlib.h>

#include "sandbox.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool inside(struct str part, struct str whole)
{
	return !part.p || part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = { (const char *)data, size }, type = STR_NONE, file = STR_NONE, bytes;
	size_t eol = str_find(s, '\n');
	struct request *req = calloc(1, sizeof(*req));
	struct visit *v = calloc(1, sizeof(*v));

	if (!req || !v)
		abort();
	req->headers[req->n_headers++] = (struct header){ STR("content-type"), str_sub(s, 0, eol) };
	req->body = str_sub(s, eol + 1, s.n);
	v->req = req;
	v->arena = arena_new();
	bytes = box_part(v, "file", &type, &file);
	if (!inside(bytes, req->body) || !inside(type, req->body) || !inside(file, req->body))
		abort();
	if (str_utf8(req->body) && box_segments(req->body) > 1 + box_units(req->body))
		abort();
	(void)box_url(req->body);
	arena_free(v->arena);
	free(v);
	free(req);
	return 0;
}
