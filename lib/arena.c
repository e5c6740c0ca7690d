/* SPDX-License-Identifier: MIT */
#include "arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "diag.h"

#define ALIGN     alignof(max_align_t)
#define CHUNK_MIN ((size_t)16 << 10) /* a record of 1 KB and all that is made of it */
#define CHUNK_KEPT \
	((size_t)1 << 20) /* what may stay between records: one large record does not set it for ever */

enum { FMT_SHORT = 256 };

struct chunk {
	struct chunk *older;
	size_t size, used;
	alignas(max_align_t) char bytes[];
};

struct arena {
	struct chunk *top;
	char *last; /* where the last piece begins: it can grow in place */
};

static struct chunk *chunk_new(size_t size, struct chunk *older)
{
	struct chunk *c = malloc(sizeof(*c) + size);

	if (!c)
		diag_oom();
	c->older = older;
	c->size = size;
	c->used = 0;
	return c;
}

struct arena *arena_new(void)
{
	struct arena *a = calloc(1, sizeof(*a));

	if (!a)
		diag_oom();
	return a;
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	for (struct chunk *c = a->top, *older; c; c = older) {
		older = c->older;
		free(c);
	}
	free(a);
}

/* Keep the newest chunk, the largest one as they double, unless it is out of proportion. */
void arena_reset(struct arena *a)
{
	struct chunk *keep = a->top, *c, *older;

	a->last = NULL;
	if (!keep)
		return;
	for (c = keep->older; c; c = older) {
		older = c->older;
		free(c);
	}
	keep->older = NULL;
	keep->used = 0;
	if (keep->size > CHUNK_KEPT) {
		free(keep);
		a->top = NULL;
	}
}

void *arena_alloc(struct arena *a, size_t n)
{
	struct chunk *c = a->top;
	size_t size;

	if (n > SIZE_MAX / 2)
		diag_oom();
	n = (n + ALIGN - 1) & ~(ALIGN - 1);
	if (!c || n > c->size - c->used) {
		size = c ? c->size * 2 : CHUNK_MIN;
		if (size > CHUNK_KEPT)
			size = CHUNK_KEPT;
		if (size < n)
			size = n;
		c = a->top = chunk_new(size, c);
	}
	a->last = c->bytes + c->used;
	c->used += n;
	return a->last;
}

void *arena_calloc(struct arena *a, size_t count, size_t size)
{
	size_t n;
	void *p;

	if (__builtin_mul_overflow(count, size, &n))
		diag_oom();
	p = arena_alloc(a, n);
	memset(p, 0, n);
	return p;
}

void *arena_resize(struct arena *a, void *p, size_t old, size_t n)
{
	struct chunk *c = a->top;
	size_t from;
	void *q;

	if (p && p == a->last && n <= SIZE_MAX / 2) {
		from = (size_t)(a->last - c->bytes);
		if (n <= c->size - from) {
			c->used = (from + n + ALIGN - 1) & ~(ALIGN - 1);
			if (c->used > c->size)
				c->used = c->size;
			return p;
		}
	}
	q = arena_alloc(a, n);
	if (p && old)
		memcpy(q, p, old < n ? old : n);
	return q;
}

char *arena_cstr(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n + 1);

	if (s.n)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return p;
}

struct str arena_str(struct arena *a, struct str s)
{
	return (struct str){ arena_cstr(a, s), s.n };
}

struct str arena_fmt(struct arena *a, const char *fmt, ...)
{
	char some[FMT_SHORT], *text = some; /* most are short: no memory is asked for */
	struct str s;
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(some, sizeof(some), fmt, ap);
	if (n >= (int)sizeof(some))
		n = vasprintf(&text, fmt, again);
	va_end(again);
	va_end(ap);
	if (n < 0)
		diag_oom();
	s = arena_str(a, (struct str){ text, (size_t)n });
	if (text != some)
		free(text);
	return s;
}

struct str arena_join(struct arena *a, struct str x, struct str y)
{
	char *p = arena_alloc(a, x.n + y.n + 1);

	if (x.n)
		memcpy(p, x.p, x.n);
	if (y.n)
		memcpy(p + x.n, y.p, y.n);
	p[x.n + y.n] = '\0';
	return (struct str){ p, x.n + y.n };
}
