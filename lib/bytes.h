/* SPDX-License-Identifier: MIT */
/*
 * Text: a str borrows, a buf owns.  Neither is NUL-terminated.
 *
 * A buf is born with a maximum.  Appending past it sets the flag `over` and drops the bytes, so a
 * writer appends without checking and asks once at the end.  Memory that can not be had ends the
 * program (diag_oom).
 */
#ifndef OMNI_BYTES_H
#define OMNI_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char *p;
	size_t n;
};

struct buf {
	char *p;
	size_t n, cap, max;
	bool over; /* something did not fit below max */
};

#define LEN(a) (sizeof(a) / sizeof(*(a))) /* elements of an array */

#define STR(lit)   ((struct str){ (lit), sizeof(lit) - 1 })
#define STR_NONE   ((struct str){ NULL, 0 })
#define STR_FMT(s) (int)((s).n > 4096 ? 4096 : (s).n), ((s).p ? (s).p : "") /* for "%.*s" */

/* The text up to its NUL; ${c} may be NULL. */
static inline struct str str_c(const char *c)
{
	return (struct str){ c, c ? strlen(c) : 0 };
}

static inline bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* Comparison of bytes, shorter first where one begins with the other: <0, 0, >0. */
int str_cmp(struct str a, struct str b);

bool str_prefix(struct str s, struct str prefix);
bool str_suffix(struct str s, struct str suffix);

/* True if ${s} is one of the ${n} texts ${list}; a {NULL, 0} in there is none. */
bool str_among(struct str s, const struct str *list, size_t n);

/* ASCII letters compared without case. */
bool str_eq_nocase(struct str a, struct str b);

/* The index of the first ${c} in ${s}, or s.n. */
size_t str_find(struct str s, char c);

/* The index where ${needle} begins in ${s}, or s.n. */
size_t str_search(struct str s, struct str needle);

/* ${s} from byte ${from} on, at most ${n} bytes; empty where that lies outside. */
struct str str_sub(struct str s, size_t from, size_t n);

/* ${s} without ASCII white space (space, tab, CR, LF) at both ends. */
struct str str_trim(struct str s);

/* A copy of ${s} with a NUL behind it, for free(3). */
char *str_dup(struct str s);

/**
 * str_u64(s, out):
 * Read ${s}, decimal digits and nothing else, into ${out}.  Return 0, or -1 if it is anything else.
 */
int str_u64(struct str s, uint64_t *out);

/* True if all of ${s} is ASCII digits and there is at least one. */
bool str_digits(struct str s);

/* True if ${s} is valid UTF-8 (no surrogates, no overlong forms). */
bool str_utf8(struct str s);

/**
 * str_utf8_cut(s, n):
 * Return the longest start of ${s} of at most ${n} bytes that does not end inside a UTF-8
 * character.
 */
struct str str_utf8_cut(struct str s, size_t n);

/**
 * buf_grow(b, n):
 * Make room for ${n} more bytes.  Return where to write them, or NULL if they would pass the
 * maximum.
 */
char *buf_grow(struct buf *b, size_t n);

void buf_add_slow(struct buf *b, const void *p, size_t n);

static inline void buf_add(struct buf *b, const void *p, size_t n)
{
	if (n <= b->cap - b->n && n > 0) {
		memcpy(b->p + b->n, p, n);
		b->n += n;
	} else if (n > 0) {
		buf_add_slow(b, p, n);
	}
}

static inline void buf_str(struct buf *b, struct str s)
{
	buf_add(b, s.p, s.n);
}

static inline void buf_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

#define buf_lit(b, lit) buf_add((b), (lit), sizeof(lit) - 1)

void buf_u64(struct buf *b, uint64_t v);
void buf_i64(struct buf *b, int64_t v);
void buf_fmt(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static inline struct str buf_get(const struct buf *b)
{
	return (struct str){ b->p, b->n };
}

/* Forget the content and the flag, keep the memory. */
static inline void buf_reset(struct buf *b)
{
	b->n = 0;
	b->over = false;
}

/* Release the memory; the buf can be used again.  Legal on one that was never used. */
void buf_free(struct buf *b);

#endif
