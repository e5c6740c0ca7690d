/* SPDX-License-Identifier: MIT */
/*
 * Memory that lives as long as a record (or a configuration): taken piece by piece, given back all
 * at once.  It can not fail: see diag_oom.
 */
#ifndef OMNI_ARENA_H
#define OMNI_ARENA_H

#include "bytes.h"

struct arena;

/* Returns owned. */
struct arena *arena_new(void);

/* Release ${a} and all that came from it; NULL is legal. */
void arena_free(struct arena *a);

/* Take back all that came from ${a}.  One chunk stays, so a stream of records costs no malloc. */
void arena_reset(struct arena *a);

/* ${n} bytes, aligned for any type, not cleared. */
void *arena_alloc(struct arena *a, size_t n) __attribute__((malloc, alloc_size(2), returns_nonnull));

/* ${count} cleared objects of ${size} bytes. */
void *arena_calloc(struct arena *a, size_t count, size_t size) __attribute__((returns_nonnull));

/**
 * arena_resize(a, p, old, n):
 * Return ${n} bytes that begin with the first min(${old}, ${n}) of ${p}: in place when ${p} was the
 * last piece taken and fits, else a copy.  ${p} may be NULL.
 */
void *arena_resize(struct arena *a, void *p, size_t old, size_t n) __attribute__((returns_nonnull));

/* A copy of ${s}, NUL-terminated behind its end. */
struct str arena_str(struct arena *a, struct str s);

/* The same as a C string. */
char *arena_cstr(struct arena *a, struct str s);

/* Formatted text, NUL-terminated behind its end. */
struct str arena_fmt(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Two texts as one. */
struct str arena_join(struct arena *a, struct str x, struct str y);

#endif
