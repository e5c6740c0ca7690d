/* SPDX-License-Identifier: MIT */
/*
 * JSON: the door to yyjson for reading, and a small append writer (json_write.c).
 *
 * Reading.  A value is a pointer into a parsed document that lives in an arena.  NULL means "not
 * there" and is legal in every getter, so lookups chain: json_str(json_get(json_get(v, "a"), "b")).
 * Numbers are kept as their text and never rounded.  Where a key stands twice the first counts.
 *
 * Writing.  Functions append to a buf.  A comma is written where the last byte shows that one is
 * due, so members and elements are added one after the other between json_open and json_close; a
 * buf may hold earlier lines.
 */
#ifndef OMNI_JSON_H
#define OMNI_JSON_H

#include "arena.h"
#include "err.h"

struct json; /* one value; only ever handled by pointer */

enum json_type {
	JSON_NONE,
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT
};

/**
 * json_parse(text, arena, e):
 * Parse ${text}, one value with optional white space around it; borrows it only for the call.
 * Nesting has no limit. Return the root, living in ${arena}, or NULL with FAULT_DATA and the code
 * "not-utf8" or "not-json".
 */
const struct json *json_parse(struct str text, struct arena *arena, struct err *e);

/**
 * json_parse_relaxed(text, arena, e):
 * The same for a file that a person wrote: comments and trailing commas are read over; the error
 * names line and column.
 */
const struct json *json_parse_relaxed(struct str text, struct arena *arena, struct err *e);

enum json_type json_type(const struct json *v);

/* "string", "number", … for error texts. */
const char *json_type_name(enum json_type type);

static inline bool json_is(const struct json *v, enum json_type type)
{
	return json_type(v) == type;
}

/* The member ${key} of an object, or NULL. */
const struct json *json_getn(const struct json *obj, struct str key);

static inline const struct json *json_get(const struct json *obj, const char *key)
{
	return json_getn(obj, str_c(key));
}

/*
 * The element ${i} of an array, or NULL.  Costs O(i) where elements differ in size: iterate
 * instead.
 */
const struct json *json_at(const struct json *arr, size_t i);

/**
 * json_pointer(v, path):
 * Follow ${path}, a JSON Pointer (RFC 6901: "/from/address", "/to/0/address", "" for ${v} itself).
 * Return the value or NULL.
 */
const struct json *json_pointer(const struct json *v, struct str path);

/* The characters of a string; {NULL, 0} for anything else.  An empty string has a pointer. */
struct str json_str(const struct json *v);

/* The characters of a string or of a number as it was written; {NULL, 0} for anything else. */
struct str json_text(const struct json *v);

/* json_str of the member ${key}. */
static inline struct str json_get_str(const struct json *obj, const char *key)
{
	return json_str(json_get(obj, key));
}

/* True for true, false for all else. */
bool json_true(const struct json *v);

/* The value of a number as a double.  Return 0, or -1 if ${v} is no number. */
int json_double(const struct json *v, double *out);

/*
 * The value of a whole number.  Return 0, or -1 if ${v} is no number, has a fraction, or is out of
 * range.
 */
int json_i64(const struct json *v, int64_t *out);

/* The same of a number or of a string that holds one (carriers send both). */
int json_i64_text(const struct json *v, int64_t *out);

/* How many elements or members; 0 for anything else. */
size_t json_len(const struct json *v);

/*
 * Walk through an array or an object:  for (it = json_iter(v); json_next(&it);) use(it.key,
 * it.value);
 */
struct json_iter {
	const struct json *value;
	struct str key;  /* of an object's member */
	size_t i;        /* position, from 0 */
	const void *pos; /* private from here on */
	size_t left;
	bool object;
};

struct json_iter json_iter(const struct json *v);
bool json_next(struct json_iter *it);

/* The key of the member that ${it} is at, as a value: a string. */
const struct json *json_key_value(const struct json_iter *it);

/* '{' or '[', with a comma before it where one is due. */
void json_open(struct buf *b, char bracket);

/* '}' or ']'. */
void json_close(struct buf *b, char bracket);

/*
 * ,"key": — what is appended next is its value.  ${key} is written as it is: a literal without
 * escapes.
 */
void json_key(struct buf *b, const char *key);

/* The same for any text. */
void json_key_str(struct buf *b, struct str key);

/* Elements of an array, or the value behind json_key.  A comma comes first where one is due. */
void json_put_str(struct buf *b, struct str s); /* quoted and escaped; must be UTF-8 */
void json_put_i64(struct buf *b, int64_t v);
void json_put_raw(struct buf *b, struct str json); /* text that is JSON already */
void json_put_value(struct buf *b, const struct json *v);

/* Members of an object. */
void json_add_str(struct buf *b, const char *key, struct str s);
void json_add_i64(struct buf *b, const char *key, int64_t v);
void json_add_bool(struct buf *b, const char *key, bool v);
void json_add_raw(struct buf *b, const char *key, struct str json);
void json_add_value(struct buf *b, const char *key, const struct json *v);
void json_add_strs(struct buf *b, const char *key, const struct str *list, size_t n);

/* The member only if ${s} has a pointer: for optional text.  An empty string is written. */
void json_opt_str(struct buf *b, const char *key, struct str s);

/* ${v} as text without white space; lives in ${a}. */
struct str json_compact(struct arena *a, const struct json *v);

/* The text inside the quotes of a JSON string, escaped, without the quotes. */
void json_escape(struct buf *b, struct str s);

#endif
