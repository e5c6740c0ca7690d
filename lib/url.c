/* SPDX-License-Identifier: MIT */
#include "url.h"

enum { HOST_MAX = 255 }; /* a host name, with its port */

static bool is_alpha(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static size_t scheme_size(struct str s)
{
	size_t n = 0;

	if (s.n == 0 || !is_alpha(s.p[0]))
		return 0;
	while (n < s.n && (is_alpha(s.p[n]) || (s.p[n] >= '0' && s.p[n] <= '9') || s.p[n] == '+' ||
			   s.p[n] == '-' || s.p[n] == '.'))
		n++;
	return n;
}

/* Where the first of the bytes ${set} stands, or s.n. */
static size_t find_any(struct str s, const char *set)
{
	size_t i = 0;

	while (i < s.n && !strchr(set, s.p[i]))
		i++;
	return i;
}

static int split_authority(struct str s, struct url *url)
{
	size_t at = s.n, n;
	uint64_t port = 0;

	while (at > 0 && s.p[at - 1] != '@')
		at--;
	if (at > 0)
		url->userinfo = str_sub(s, 0, at - 1);
	s = str_sub(s, at, s.n);
	if (s.n > 0 && s.p[0] == '[') {
		n = str_find(s, ']');
		if (n == s.n)
			return -1;
		n++;
	} else {
		n = str_find(s, ':');
	}
	url->host = str_sub(s, 0, n);
	if (n == s.n)
		return 0;
	url->port = (struct str){ s.p + n + 1, s.n - n - 1 };
	if (s.p[n] != ':' || (url->port.n > 0 && (str_u64(url->port, &port) < 0 || port > 65535)))
		return -1;
	return 0;
}

int url_split(struct str text, struct url *url)
{
	size_t n = scheme_size(text);
	struct str rest;

	*url = (struct url){ .scheme = str_sub(text, 0, n) };
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] <= ' ' || text.p[i] == 0x7f)
			return -1;
	rest = str_sub(text, n, text.n);
	if (n == 0 || !str_prefix(rest, STR("://")))
		return -1;
	rest = str_sub(rest, 3, rest.n);
	rest.n = str_find(rest, '#');
	n = find_any(rest, "/?");
	if (split_authority(str_sub(rest, 0, n), url) < 0)
		return -1;
	if (url->host.n == 0 && (url->userinfo.p || url->port.p || url_default_port(url).p))
		return -1;
	rest = (struct str){ rest.p + n, rest.n - n };
	n = str_find(rest, '?');
	url->path = (struct str){ rest.p, n };
	if (n < rest.n)
		url->query = (struct str){ rest.p + n + 1, rest.n - n - 1 };
	return 0;
}

static char *append(char *to, struct str s)
{
	if (s.n > 0)
		memcpy(to, s.p, s.n);
	return to + s.n;
}

struct str url_join(struct arena *a, const struct url *url)
{
	/* Six characters at most stand between the parts: "://", "@", ":" and "?". */
	size_t max = url->scheme.n + url->userinfo.n + url->host.n + url->port.n + url->path.n +
		     url->query.n + 6;
	char *start = arena_alloc(a, max), *p = start;

	p = append(p, url->scheme);
	p = append(p, STR("://"));
	if (url->userinfo.p) {
		p = append(p, url->userinfo);
		*p++ = '@';
	}
	p = append(p, url->host);
	if (url->port.p) {
		*p++ = ':';
		p = append(p, url->port);
	}
	p = append(p, url->path);
	if (url->query.p) {
		*p++ = '?';
		p = append(p, url->query);
	}
	return (struct str){ start, (size_t)(p - start) };
}

/* True if ${path} is ${start}, or goes on behind it with "/" or "?". */
static bool lies_in(struct str path, struct str start)
{
	return str_prefix(path, start) &&
	       (path.n == start.n || path.p[start.n] == '/' || path.p[start.n] == '?');
}

struct str url_public(struct arena *a, struct str called, struct str base)
{
	struct url from, to;

	called = str_sub(called, 0, str_find(called, '#'));
	while (base.n > 0 && base.p[base.n - 1] == '/')
		base.n--;
	if (base.n == 0 || lies_in(called, base))
		return called;
	if (url_split(base, &to) < 0 || url_split(called, &from) < 0)
		return called;
	to.query = from.query;
	to.path = lies_in(from.path, to.path) ? from.path : arena_join(a, to.path, from.path);
	return url_join(a, &to);
}

bool url_host_plain(struct str host)
{
	for (size_t i = 0; i < host.n; i++)
		if (!is_alpha(host.p[i]) && !(host.p[i] >= '0' && host.p[i] <= '9') &&
		    !memchr(".:-[]", host.p[i], 5))
			return false;
	return host.n > 0 && host.n <= HOST_MAX;
}

struct str url_default_port(const struct url *url)
{
	if (str_eq_nocase(url->scheme, STR("https")))
		return STR("443");
	if (str_eq_nocase(url->scheme, STR("http")))
		return STR("80");
	return STR_NONE;
}

struct str url_query(struct str url)
{
	size_t n = str_find(url, '?');

	return n < url.n ? str_sub(url, n + 1, url.n) : STR_NONE;
}

/* Take the next parameter off ${query}, with its "=" and value. */
static struct str next_param(struct str *query)
{
	size_t n = str_find(*query, '&');
	struct str one = str_sub(*query, 0, n);

	*query = str_sub(*query, n + 1, query->n);
	return one;
}

static bool is_named(struct str param, const char *name)
{
	return str_eq(str_sub(param, 0, str_find(param, '=')), str_c(name));
}

struct str url_param(struct str url, const char *name)
{
	struct str query = url_query(url);

	while (query.n > 0) {
		struct str one = next_param(&query);
		size_t n = str_find(one, '=');

		if (is_named(one, name))
			return n < one.n ? (struct str){ one.p + n + 1, one.n - n - 1 } : STR("");
	}
	return STR_NONE;
}

struct str url_without(struct arena *a, struct str url, const char *name)
{
	size_t mark = str_find(url, '?');
	struct str query = str_sub(url, mark + 1, url.n);
	char *start, *p;

	if (!url_param(url, name).p)
		return url;
	start = arena_alloc(a, url.n);
	p = append(start, str_sub(url, 0, mark));
	for (char sign = '?'; query.n > 0;) {
		struct str one = next_param(&query);

		if (is_named(one, name))
			continue;
		*p++ = sign;
		p = append(p, one);
		sign = '&';
	}
	return (struct str){ start, (size_t)(p - start) };
}
