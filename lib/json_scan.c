/* SPDX-License-Identifier: MIT */
#include "json_scan.h"

#include "json.h"

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
	struct arena *arena;
	const struct json *text;
	struct err e;
	bool same;

	if (!memchr(quoted.p, '\\', quoted.n))
		return str_eq(str_sub(quoted, 1, quoted.n - 2), key);
	arena = arena_new();
	text = json_parse(quoted, arena, &e);
	same = text && str_eq(json_str(text), key);
	arena_free(arena);
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
