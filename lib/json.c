/* SPDX-License-Identifier: MIT */
#include "json.h"

#include <math.h>
#include <stdlib.h>
#include <yyjson.h>

#include "diag.h"

/* struct json is yyjson's value under another name, so that no other file sees the library. */
static yyjson_val *val(const struct json *v)
{
	return (yyjson_val *)(uintptr_t)v;
}

static const struct json *json(const yyjson_val *v)
{
	return (const struct json *)v;
}

static void *alc_malloc(void *ctx, size_t size)
{
	return arena_alloc(ctx, size);
}

static void *alc_realloc(void *ctx, void *p, size_t old, size_t size)
{
	return arena_resize(ctx, p, old, size);
}

static void alc_free(void *ctx, void *p)
{
	(void)ctx;
	(void)p; /* the arena takes all back at once */
}

static const struct json *parse(struct str text, yyjson_read_flag flags, struct arena *arena,
				yyjson_read_err *bad)
{
	yyjson_alc alc = { alc_malloc, alc_realloc, alc_free, arena };
	yyjson_doc *doc;

	/*
	 * The library only reads the text unless it is told to parse in place; its type does not
	 * say so.
	 */
	doc = yyjson_read_opts((char *)(uintptr_t)text.p, text.n, flags | YYJSON_READ_NUMBER_AS_RAW,
			       &alc, bad);
	return doc ? json(yyjson_doc_get_root(doc)) : NULL;
}

const struct json *json_parse(struct str text, struct arena *arena, struct err *e)
{
	yyjson_read_err bad = { 0 };
	const struct json *root = parse(text, 0, arena, &bad);

	if (root)
		return root;
	if (!str_utf8(text))
		err_set(e, FAULT_DATA, "not-utf8", "not UTF-8");
	else if (bad.code == YYJSON_READ_ERROR_EMPTY_CONTENT || text.n == 0)
		err_set(e, FAULT_DATA, "not-json", "not JSON: there is nothing");
	else
		err_set(e, FAULT_DATA, "not-json", "not JSON: %s at byte %zu", bad.msg, bad.pos + 1);
	return NULL;
}

const struct json *json_parse_relaxed(struct str text, struct arena *arena, struct err *e)
{
	yyjson_read_err bad = { 0 };
	const struct json *root;
	size_t line = 1, column = 1;

	root = parse(text, YYJSON_READ_ALLOW_COMMENTS | YYJSON_READ_ALLOW_TRAILING_COMMAS, arena, &bad);
	if (root)
		return root;
	for (size_t i = 0; i < bad.pos && i < text.n; i++) {
		column++;
		if (text.p[i] == '\n') {
			line++;
			column = 1;
		}
	}
	err_set(e, FAULT_DATA, "not-json", "line %zu, column %zu: %s", line, column,
		bad.msg ? bad.msg : "empty");
	return NULL;
}

enum json_type json_type(const struct json *v)
{
	switch (yyjson_get_type(val(v))) {
	case YYJSON_TYPE_NULL:
		return JSON_NULL;
	case YYJSON_TYPE_BOOL:
		return JSON_BOOL;
	case YYJSON_TYPE_RAW: /* numbers are read as raw text only */
	case YYJSON_TYPE_NUM:
		return JSON_NUMBER;
	case YYJSON_TYPE_STR:
		return JSON_STRING;
	case YYJSON_TYPE_ARR:
		return JSON_ARRAY;
	case YYJSON_TYPE_OBJ:
		return JSON_OBJECT;
	default:
		return JSON_NONE;
	}
}

const char *json_type_name(enum json_type type)
{
	static const char *const names[] = { "nothing", "null",  "boolean", "number",
					     "string",  "array", "object" };

	return names[type];
}

const struct json *json_getn(const struct json *obj, struct str key)
{
	return json(yyjson_obj_getn(val(obj), key.p ? key.p : "", key.n));
}

const struct json *json_at(const struct json *arr, size_t i)
{
	return json(yyjson_arr_get(val(arr), i));
}

const struct json *json_pointer(const struct json *v, struct str path)
{
	return json(yyjson_ptr_getn(val(v), path.p ? path.p : "", path.n));
}

struct str json_str(const struct json *v)
{
	if (!yyjson_is_str(val(v)))
		return STR_NONE;
	return (struct str){ unsafe_yyjson_get_str(val(v)), unsafe_yyjson_get_len(val(v)) };
}

struct str json_text(const struct json *v)
{
	if (yyjson_is_raw(val(v)))
		return (struct str){ unsafe_yyjson_get_raw(val(v)), unsafe_yyjson_get_len(val(v)) };
	return json_str(v);
}

bool json_true(const struct json *v)
{
	return yyjson_is_true(val(v));
}

int json_double(const struct json *v, double *out)
{
	struct str s = yyjson_is_raw(val(v)) ? json_text(v) : STR_NONE;
	char text[64], *end;
	double d;

	if (s.n == 0)
		return -1;
	if (s.n < sizeof(text)) {
		memcpy(text, s.p, s.n);
		text[s.n] = '\0';
		d = strtod(text, &end);
	} else { /* a long row of digits: rare, and the parser has left a NUL-free copy only */
		char *copy = strndup(s.p, s.n);

		if (!copy)
			diag_oom();
		d = strtod(copy, &end);
		free(copy);
	}
	*out = d;
	return 0;
}

/* Decimal digits with an optional minus. */
static int text_i64(struct str s, int64_t *out)
{
	bool minus = s.n > 0 && s.p[0] == '-';
	uint64_t v;

	if (str_u64(str_sub(s, minus, s.n), &v) < 0 || v > (uint64_t)INT64_MAX + minus)
		return -1;
	*out = (int64_t)(minus ? 0 - v : v);
	return 0;
}

int json_i64(const struct json *v, int64_t *out)
{
	static const double exact = 9007199254740992; /* 2^53 */
	double d;

	if (!yyjson_is_raw(val(v)))
		return -1;
	if (text_i64(json_text(v), out) == 0)
		return 0;
	/* 1e3, 2.0: whole numbers all the same, as long as a double holds them exactly. */
	if (json_double(v, &d) < 0 || !(fabs(d) <= exact) || (double)(int64_t)d != d)
		return -1;
	*out = (int64_t)d;
	return 0;
}

int json_i64_text(const struct json *v, int64_t *out)
{
	return yyjson_is_str(val(v)) ? text_i64(json_str(v), out) : json_i64(v, out);
}

size_t json_len(const struct json *v)
{
	return yyjson_is_ctn(val(v)) ? unsafe_yyjson_get_len(val(v)) : 0;
}

struct json_iter json_iter(const struct json *v)
{
	struct json_iter it = { .object = yyjson_is_obj(val(v)), .left = json_len(v) };

	if (it.left > 0)
		it.pos = unsafe_yyjson_get_first(val(v));
	return it;
}

bool json_next(struct json_iter *it)
{
	yyjson_val *v = (yyjson_val *)(uintptr_t)it->pos;

	if (it->left == 0)
		return false;
	it->i = it->value ? it->i + 1 : 0;
	if (it->object) {
		it->key = (struct str){ unsafe_yyjson_get_str(v), unsafe_yyjson_get_len(v) };
		v++;
	}
	it->value = json(v);
	it->left--;
	it->pos = it->left ? unsafe_yyjson_get_next(v) : NULL;
	return true;
}

const struct json *json_key_value(const struct json_iter *it)
{
	return json(val(it->value) - 1);
}

void json_put_value(struct buf *b, const struct json *v)
{
	char *text;
	size_t n;

	switch (json_type(v)) {
	case JSON_NONE:
	case JSON_NULL:
		json_put_raw(b, STR("null"));
		return;
	case JSON_BOOL:
		json_put_raw(b, json_true(v) ? STR("true") : STR("false"));
		return;
	case JSON_NUMBER:
		json_put_raw(b, json_text(v));
		return;
	case JSON_STRING:
		json_put_str(b, json_str(v));
		return;
	case JSON_ARRAY:
	case JSON_OBJECT:
		break;
	}
	text = yyjson_val_write_opts(val(v), 0, NULL, &n, NULL);
	if (!text)
		diag_oom();
	json_put_raw(b, (struct str){ text, n });
	free(text);
}

struct str json_compact(struct arena *a, const struct json *v)
{
	struct buf b = { .max = SIZE_MAX };
	struct str s;

	json_put_value(&b, v);
	s = arena_str(a, buf_get(&b));
	buf_free(&b);
	return s;
}
