/* SPDX-License-Identifier: MIT */
/*
 * The inside of lib/json, for code that meets every value of every record and can not afford a call
 * for each: the schema engine, and nothing else.  What is said in json.h holds; here nothing is
 * checked: each function wants the kind of value that it names.
 */
#ifndef OMNI_JSON_INLINE_H
#define OMNI_JSON_INLINE_H

#include <yyjson.h>

#include "json.h"

/* Kinds of values, small numbers from 1. */
enum {
	KIND_NUMBER = YYJSON_TYPE_RAW, /* as they are all read */
	KIND_NULL = YYJSON_TYPE_NULL,
	KIND_BOOL = YYJSON_TYPE_BOOL,
	KIND_STRING = YYJSON_TYPE_STR,
	KIND_ARRAY = YYJSON_TYPE_ARR,
	KIND_OBJECT = YYJSON_TYPE_OBJ,
	KINDS = 8
};

static inline yyjson_val *inline_val(const struct json *v)
{
	return (yyjson_val *)(uintptr_t)v;
}

static inline unsigned inline_kind(const struct json *v)
{
	return unsafe_yyjson_get_type(inline_val(v));
}

/* Elements of an array, members of an object. */
static inline size_t inline_len(const struct json *v)
{
	return unsafe_yyjson_get_len(inline_val(v));
}

/* Of a string or a number. */
static inline struct str inline_text(const struct json *v)
{
	return (struct str){ unsafe_yyjson_get_str(inline_val(v)), unsafe_yyjson_get_len(inline_val(v)) };
}

/* The first element, or the key of the first member; there is one. */
static inline const struct json *inline_first(const struct json *v)
{
	return (const struct json *)(inline_val(v) + 1);
}

/* The value behind a key. */
static inline const struct json *inline_value(const struct json *key)
{
	return (const struct json *)(inline_val(key) + 1);
}

/*
 * What stands behind ${v}: the next element, or the next key behind a member's value.  With a branch:
 * mostly it is no container, and guessed right there is no wait for ${v} to be read.
 */
static inline const struct json *inline_next(const struct json *v)
{
	const yyjson_val *x = inline_val(v);

	if (__builtin_expect(unsafe_yyjson_is_ctn(inline_val(v)), 0))
		return (const struct json *)((const char *)x + x->uni.ofs);
	return (const struct json *)(x + 1);
}

/*
 * The first 16 bytes of a key with what stands behind it.  Where the parser keeps a key there are at
 * least 8 bytes behind its last one: the quote, the colon, a value, a bracket and the parser's padding
 * of 4.  So ${b} is only good for more than 8 bytes; else it is ${a} again.
 */
static inline void inline_key_parts(const struct json *key, uint64_t *a, uint64_t *b)
{
	const char *p = unsafe_yyjson_get_str(inline_val(key));

	memcpy(a, p, 8);
	memcpy(b, p + (inline_len(key) > 8) * 8, 8);
}

/* The first 16 bytes of a key, zeros behind its end. */
static inline void inline_key_bytes(const struct json *key, uint64_t *a, uint64_t *b)
{
#define FIRST(n) (((uint64_t)1 << 8 * (n)) - 1)
	/* By length, so that there is no branch: lengths are as good as random. */
	static const uint64_t masks[][2] = {
		{ 0, 0 },
		{ FIRST(1), 0 },
		{ FIRST(2), 0 },
		{ FIRST(3), 0 },
		{ FIRST(4), 0 },
		{ FIRST(5), 0 },
		{ FIRST(6), 0 },
		{ FIRST(7), 0 },
		{ UINT64_MAX, 0 },
		{ UINT64_MAX, FIRST(1) },
		{ UINT64_MAX, FIRST(2) },
		{ UINT64_MAX, FIRST(3) },
		{ UINT64_MAX, FIRST(4) },
		{ UINT64_MAX, FIRST(5) },
		{ UINT64_MAX, FIRST(6) },
		{ UINT64_MAX, FIRST(7) },
		{ UINT64_MAX, UINT64_MAX },
	};
#undef FIRST
	size_t n = inline_len(key), at = n < 16 ? n : 16;

	inline_key_parts(key, a, b);
	*a &= masks[at][0];
	*b &= masks[at][1];
}

#endif
