/* SPDX-License-Identifier: MIT */
#include "uri.h"

struct str uri_bare(struct str text)
{
	return str_sub(text, 0, str_find(text, '#'));
}

static bool scheme_char(char c, bool first)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return true;
	return !first && ((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.');
}

struct uri uri_split(struct str text)
{
	struct uri u = { 0 };
	size_t i = 0;

	while (i < text.n && scheme_char(text.p[i], i == 0))
		i++;
	if (i > 0 && i < text.n && text.p[i] == ':') {
		u.scheme = str_sub(text, 0, i);
		text = str_sub(text, i + 1, text.n);
	}
	i = str_find(text, '#');
	if (i < text.n)
		u.fragment = str_sub(text, i + 1, text.n);
	text = str_sub(text, 0, i);
	i = str_find(text, '?');
	if (i < text.n)
		u.query = str_sub(text, i + 1, text.n);
	text = str_sub(text, 0, i);
	if (str_prefix(text, STR("//"))) {
		text = str_sub(text, 2, text.n);
		i = str_find(text, '/');
		u.authority = str_sub(text, 0, i);
		text = str_sub(text, i, text.n);
	}
	u.path = text;
	return u;
}

/* Take the last segment, and the "/" before it, off what was written from ${from} on. */
static void drop_segment(struct buf *b, size_t from)
{
	while (b->n > from && b->p[b->n - 1] != '/')
		b->n--;
	if (b->n > from)
		b->n--;
}

/* RFC 3986, 5.2.4 */
static void put_path(struct buf *b, struct str path)
{
	size_t from = b->n, n;

	while (path.n > 0) {
		if (str_prefix(path, STR("../"))) {
			path = str_sub(path, 3, path.n);
		} else if (str_prefix(path, STR("./")) || str_prefix(path, STR("/./"))) {
			path = str_sub(path, 2, path.n);
		} else if (str_eq(path, STR("/."))) {
			path.n = 1;
		} else if (str_prefix(path, STR("/../"))) {
			path = str_sub(path, 3, path.n);
			drop_segment(b, from);
		} else if (str_eq(path, STR("/.."))) {
			path.n = 1;
			drop_segment(b, from);
		} else if (str_eq(path, STR(".")) || str_eq(path, STR(".."))) {
			path.n = 0;
		} else {
			n = 1 + str_find(str_sub(path, 1, path.n), '/');
			buf_str(b, str_sub(path, 0, n));
			path = str_sub(path, n, path.n);
		}
	}
}

/* The path of a relative reference in place of the last segment of the base's. */
static struct str merge(struct arena *a, const struct uri *base, struct str path)
{
	size_t n = base->path.n;

	if (base->authority.p && n == 0)
		return arena_join(a, STR("/"), path);
	while (n > 0 && base->path.p[n - 1] != '/')
		n--;
	return arena_join(a, str_sub(base->path, 0, n), path);
}

static void put_uri(struct buf *b, const struct uri *u, bool dots)
{
	if (u->scheme.p) {
		buf_str(b, u->scheme);
		buf_char(b, ':');
	}
	if (u->authority.p) {
		buf_lit(b, "//");
		buf_str(b, u->authority);
	}
	if (dots)
		put_path(b, u->path);
	else
		buf_str(b, u->path);
	if (u->query.p) {
		buf_char(b, '?');
		buf_str(b, u->query);
	}
	if (u->fragment.p) {
		buf_char(b, '#');
		buf_str(b, u->fragment);
	}
}

struct str uri_resolve(struct arena *a, struct str base, struct str ref)
{
	struct uri r = uri_split(ref), b = uri_split(base);
	struct buf text = { .max = SIZE_MAX };
	struct str s;
	bool dots = true;

	if (!r.scheme.p) {
		r.scheme = b.scheme;
		if (!r.authority.p) {
			r.authority = b.authority;
			if (r.path.n == 0) {
				r.path = b.path;
				dots = false;
				if (!r.query.p)
					r.query = b.query;
			} else if (r.path.p[0] != '/') {
				r.path = merge(a, &b, r.path);
			}
		}
	}
	put_uri(&text, &r, dots);
	s = arena_str(a, buf_get(&text));
	buf_free(&text);
	return s;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool uri_decode(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '%') {
			buf_char(b, s.p[i]);
			continue;
		}
		if (i + 2 >= s.n || hex(s.p[i + 1]) < 0 || hex(s.p[i + 2]) < 0)
			return false;
		buf_char(b, (char)(hex(s.p[i + 1]) << 4 | hex(s.p[i + 2])));
		i += 2;
	}
	return true;
}

void uri_encode(struct buf *b, struct str s)
{
	static const char digits[] = "0123456789ABCDEF", plain[] = "/-._~!$&'()*+,;=:@?";
	size_t from = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c && strchr(plain, c)))
			continue;
		buf_str(b, str_sub(s, from, i - from));
		from = i + 1;
		buf_char(b, '%');
		buf_char(b, digits[c >> 4]);
		buf_char(b, digits[c & 15]);
	}
	buf_str(b, str_sub(s, from, s.n));
}
