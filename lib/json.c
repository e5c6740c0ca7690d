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

/* ---- reading ---- */

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

/* ---- places in text ---- */

static size_t skip_space(struct str s, size_t i)
{
	while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\n' || s.p[i] == '\r'))
		i++;
	return i;
}

/* From the quote at ${i} to behind the closing one. */
static size_t skip_string(struct str s, size_t i)
{
	for (i++; i < s.n && s.p[i] != '"'; i++)
		if (s.p[i] == '\\')
			i++;
	return i < s.n ? i + 1 : s.n;
}

/*
 * From the first byte of a value to behind its last; brackets are counted, so depth costs nothing.
 */
static size_t skip_value(struct str s, size_t i)
{
	size_t depth = 0;

	while (i < s.n) {
		char c = s.p[i];

		if (c == '"') {
			i = skip_string(s, i);
		} else if (c == '{' || c == '[') {
			depth++;
			i++;
		} else if (c == '}' || c == ']') {
			if (depth == 0)
				return i; /* the end of what a number or literal stands in */
			depth--;
			i++;
		} else if (depth == 0 && (c == ',' || c == ' ' || c == '\t' || c == '\r' || c == '\n')) {
			return i;
		} else {
			i++;
			continue;
		}
		if (depth == 0)
			return i;
	}
	return i;
}

/* ${quoted} is a key as it stands in the text, quotes included. */
static bool key_is(struct str quoted, struct str key)
{
	yyjson_doc *doc;
	bool same;

	if (!memchr(quoted.p, '\\', quoted.n))
		return str_eq(str_sub(quoted, 1, quoted.n - 2), key);
	doc = yyjson_read(quoted.p, quoted.n, 0);
	same = doc && str_eq(json_str(json(yyjson_doc_get_root(doc))), key);
	yyjson_doc_free(doc);
	return same;
}

/* ${quoted}, a key as it stands in the text, is ${step} of a JSON Pointer. */
static bool key_is_step(struct str quoted, struct str step)
{
	struct buf b = { .max = SIZE_MAX };
	bool same;

	for (size_t i = 0; i < step.n; i++) {
		bool tilde = step.p[i] == '~' && i + 1 < step.n;

		buf_char(&b, !tilde ? step.p[i] : step.p[i + 1] == '1' ? '/' : '~');
		i += tilde;
	}
	same = key_is(quoted, buf_get(&b));
	buf_free(&b);
	return same;
}

/* White space and comments. */
static size_t skip_blank(struct str s, size_t i)
{
	for (;;) {
		i = skip_space(s, i);
		if (str_prefix(str_sub(s, i, s.n), STR("//")))
			i += str_find(str_sub(s, i, s.n), '\n');
		else if (str_prefix(str_sub(s, i, s.n), STR("/*")))
			i += str_search(str_sub(s, i, s.n), STR("*/")) + 2;
		else
			return i < s.n ? i : s.n;
	}
}

/* The same as skip_value where there may be comments. */
static size_t skip_commented(struct str s, size_t i)
{
	size_t depth = 0;

	for (i = skip_blank(s, i); i < s.n; i = skip_blank(s, i)) {
		char c = s.p[i];

		if (c == '"') {
			i = skip_string(s, i);
		} else if (c == '{' || c == '[') {
			depth++;
			i++;
		} else if (c == '}' || c == ']') {
			if (depth == 0)
				return i;
			depth--;
			i++;
		} else if (c == ',' && depth == 0) {
			return i;
		} else {
			i++;
			continue;
		}
		if (depth == 0)
			return i;
	}
	return i;
}

/*
 * Where ${step} of the container at ${i} begins: an element, or the key of a member, and then
 * ${value} is where its value does.  s.n if there is none.
 */
static size_t find_step(struct str s, size_t i, struct str step, size_t *value)
{
	bool object = i < s.n && s.p[i] == '{';
	uint64_t index = 0;

	if (i >= s.n || (!object && (s.p[i] != '[' || str_u64(step, &index) < 0)))
		return s.n;
	for (i = skip_blank(s, i + 1); i < s.n && s.p[i] != '}' && s.p[i] != ']';) {
		size_t end = object ? skip_string(s, i) : i;

		*value = object ? skip_blank(s, skip_blank(s, end) + 1) : i;
		if (object ? s.p[i] == '"' && key_is_step(str_sub(s, i, end - i), step) : index-- == 0)
			return i;
		i = skip_blank(s, skip_commented(s, *value));
		if (i < s.n && s.p[i] == ',')
			i = skip_blank(s, i + 1);
	}
	return s.n;
}

size_t json_line(struct str text, struct str path)
{
	size_t at = skip_blank(text, 0), value = at, n, line = 1;

	while (path.n > 0) {
		path = str_sub(path, 1, path.n);
		n = str_find(path, '/');
		n = find_step(text, value, str_sub(path, 0, n), &value);
		if (n == text.n)
			break;
		at = n;
		path = str_sub(path, str_find(path, '/'), path.n);
	}
	for (size_t i = 0; i < at && i < text.n; i++)
		line += text.p[i] == '\n';
	return line;
}

unsigned json_cut(struct buf *dst, struct str line, struct str key)
{
	size_t i = skip_space(line, 0) + 1, key_at = skip_space(line, i), key_end, end;
	bool first = true;
	unsigned cut = 0;

	/*
	 * A member with the white space around it lies between two delimiters; those that stay are
	 * joined with commas.
	 */
	buf_add(dst, line.p, i);
	while (key_at < line.n && line.p[key_at] == '"') {
		key_end = skip_string(line, key_at);
		end = skip_space(line,
				 skip_value(line, skip_space(line, skip_space(line, key_end) + 1)));
		if (key_is(str_sub(line, key_at, key_end - key_at), key)) {
			cut++;
		} else {
			if (!first)
				buf_char(dst, ',');
			buf_add(dst, line.p + i, end - i);
			first = false;
		}
		i = end;
		if (i >= line.n || line.p[i] != ',')
			break;
		key_at = skip_space(line, ++i);
	}
	buf_add(dst, line.p + i, line.n - i);
	return cut;
}

/* ---- writing ---- */

static void comma(struct buf *b)
{
	char last = b->n ? b->p[b->n - 1] : '{';

	if (last != '{' && last != '[' && last != ':' && last != '\n') /* '\n': the line before this one */
		buf_char(b, ',');
}

void json_open(struct buf *b, char bracket)
{
	comma(b);
	buf_char(b, bracket);
}

void json_close(struct buf *b, char bracket)
{
	buf_char(b, bracket);
}

void json_key(struct buf *b, const char *key)
{
	size_t n = strlen(key);
	char *p;

	comma(b);
	p = buf_grow(b, n + 3);
	if (!p)
		return;
	p[0] = '"';
	memcpy(p + 1, key, n);
	p[n + 1] = '"';
	p[n + 2] = ':';
	b->n += n + 3;
}

void json_key_str(struct buf *b, struct str key)
{
	json_put_str(b, key);
	buf_char(b, ':');
}

/*
 * True if one of the eight bytes needs an escape: below 0x20, '"' or '\\'.  (Bit tricks: a zero
 * byte in x ^ pattern.)
 */
static bool escapes(uint64_t x)
{
	const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
	uint64_t quote = x ^ (ones * '"'), slash = x ^ (ones * '\\');

	return ((((x - ones * 0x20) & ~x) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash)) &
		high) != 0;
}

static char *escape_char(char *dst, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	static const char letters[32] = {
		['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'
	};

	*dst++ = '\\';
	if (c == '"' || c == '\\') {
		*dst++ = (char)c;
	} else if (letters[c]) {
		*dst++ = letters[c];
	} else {
		memcpy(dst, "u00", 3);
		dst[3] = hex[c >> 4];
		dst[4] = hex[c & 15];
		dst += 5;
	}
	return dst;
}

static void escape_one(struct buf *b, unsigned char c)
{
	char text[6], *end = text + 1;

	if (c < 0x20 || c == '"' || c == '\\')
		end = escape_char(text, c);
	else
		text[0] = (char)c;
	buf_add(b, text, (size_t)(end - text));
}

void json_escape(struct buf *b, struct str s)
{
	bool over = b->over;
	size_t i = 0;

	while (i < s.n) {
		/*
		 * A stretch at a time, so that the room asked for is at most six times a stretch
		 * too much.
		 */
		size_t end = s.n - i > 4096 ? i + 4096 : s.n;
		char *start = buf_grow(b, (end - i) * 6), *dst = start;

		if (!start) { /* near the maximum: byte by byte, so that nothing that fits is refused */
			b->over = over;
			for (; i < end && !b->over; i++)
				escape_one(b, (unsigned char)s.p[i]);
			if (b->over)
				return;
			continue;
		}
		while (i < end) {
			uint64_t eight;

			if (end - i >= 8 && (memcpy(&eight, s.p + i, 8), !escapes(eight))) {
				memcpy(dst, &eight, 8);
				dst += 8;
				i += 8;
				continue;
			}
			for (size_t stop = end - i > 8 ? i + 8 : end; i < stop; i++) {
				unsigned char c = (unsigned char)s.p[i];

				if (c < 0x20 || c == '"' || c == '\\')
					dst = escape_char(dst, c);
				else
					*dst++ = (char)c;
			}
		}
		b->n += (size_t)(dst - start);
	}
}

void json_put_str(struct buf *b, struct str s)
{
	comma(b);
	buf_char(b, '"');
	json_escape(b, s);
	buf_char(b, '"');
}

void json_put_i64(struct buf *b, int64_t v)
{
	comma(b);
	buf_i64(b, v);
}

void json_put_raw(struct buf *b, struct str text)
{
	comma(b);
	buf_str(b, text);
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

void json_add_str(struct buf *b, const char *key, struct str s)
{
	json_key(b, key);
	json_put_str(b, s);
}

void json_add_i64(struct buf *b, const char *key, int64_t v)
{
	json_key(b, key);
	json_put_i64(b, v);
}

void json_add_bool(struct buf *b, const char *key, bool v)
{
	json_key(b, key);
	json_put_raw(b, v ? STR("true") : STR("false"));
}

void json_add_raw(struct buf *b, const char *key, struct str text)
{
	json_key(b, key);
	json_put_raw(b, text);
}

void json_add_value(struct buf *b, const char *key, const struct json *v)
{
	json_key(b, key);
	json_put_value(b, v);
}

void json_add_strs(struct buf *b, const char *key, const struct str *list, size_t n)
{
	json_key(b, key);
	json_open(b, '[');
	for (size_t i = 0; i < n; i++)
		json_put_str(b, list[i]);
	json_close(b, ']');
}

void json_opt_str(struct buf *b, const char *key, struct str s)
{
	if (s.p)
		json_add_str(b, key, s);
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
