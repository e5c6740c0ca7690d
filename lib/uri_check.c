/* SPDX-License-Identifier: MIT */
#include "uri.h"

#include "format.h"

static bool letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool hex(char c)
{
	return digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Letters, digits, "%" with two digits, what ${also} lists, and beyond ASCII what ${iri} allows. */
static bool made_of(struct str s, const char *also, bool iri)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '%') {
			if (i + 2 >= s.n || !hex(s.p[i + 1]) || !hex(s.p[i + 2]))
				return false;
			i += 2;
		} else if ((unsigned char)c >= 0x80) {
			if (!iri)
				return false;
		} else if (!letter(c) && !digit(c) && !(c && strchr(also, c))) {
			return false;
		}
	}
	return true;
}

/* "[2001:db8::7]", "[v1.x]" */
static bool ip_literal(struct str s)
{
	size_t dot;

	s = str_sub(s, 1, s.n - 2);
	if (s.n == 0 || (s.p[0] != 'v' && s.p[0] != 'V'))
		return format_ipv6(s);
	dot = str_find(s, '.');
	for (size_t i = 1; i < dot; i++)
		if (!hex(s.p[i]))
			return false;
	return dot > 1 && dot + 1 < s.n &&
	       made_of(str_sub(s, dot + 1, s.n), "-._~!$&'()*+,;=:", false) && str_find(s, '%') == s.n;
}

static bool authority(struct str s, bool iri)
{
	size_t at = str_find(s, '@'), colon;

	if (at < s.n) {
		if (!made_of(str_sub(s, 0, at), "-._~!$&'()*+,;=:", iri))
			return false;
		s = str_sub(s, at + 1, s.n);
	}
	if (s.n > 0 && s.p[0] == '[') {
		colon = str_find(s, ']') + 1;
		if (colon > s.n || !ip_literal(str_sub(s, 0, colon)))
			return false;
		if (colon < s.n && s.p[colon] != ':')
			return false;
	} else {
		colon = str_find(s, ':');
		if (!made_of(str_sub(s, 0, colon), "-._~!$&'()*+,;=", iri))
			return false;
	}
	s = str_sub(s, colon + 1, s.n);
	return s.n == 0 || str_digits(s);
}

bool uri_valid(struct str text, unsigned flags)
{
	struct uri u = uri_split(text);
	bool iri = flags & URI_IRI;

	if (!u.scheme.p && !(flags & URI_REFERENCE))
		return false;
	if (!u.scheme.p && !u.authority.p) { /* the first segment must not look like a scheme */
		size_t slash = str_find(u.path, '/');

		if (str_find(str_sub(u.path, 0, slash), ':') < slash)
			return false;
	}
	return (!u.authority.p || authority(u.authority, iri)) &&
	       made_of(u.path, "-._~!$&'()*+,;=:@/", iri) &&
	       (!u.query.p || made_of(u.query, "-._~!$&'()*+,;=:@/?", iri)) &&
	       (!u.fragment.p || made_of(u.fragment, "-._~!$&'()*+,;=:@/?", iri));
}

/* A name in a template, "a.b", with "*" or ":12" behind it. */
static bool template_name(struct str s)
{
	size_t colon = str_find(s, ':');

	if (s.n > 0 && s.p[s.n - 1] == '*') {
		s.n--;
	} else if (colon < s.n) {
		struct str n = str_sub(s, colon + 1, s.n);

		if (!str_digits(n) || n.n > 4 || n.p[0] == '0')
			return false;
		s.n = colon;
	}
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '.' && (i == 0 || i + 1 == s.n || s.p[i + 1] == '.'))
			return false;
	return s.n > 0 && made_of(s, "_.", false);
}

/* What stands between the braces. */
static bool expression(struct str s)
{
	size_t n;

	if (s.n > 0 && s.p[0] && strchr("+#./;?&", s.p[0]))
		s = str_sub(s, 1, s.n);
	for (;; s = str_sub(s, n + 1, s.n)) {
		n = str_find(s, ',');
		if (!template_name(str_sub(s, 0, n)))
			return false;
		if (n == s.n)
			return true;
	}
}

bool uri_template_valid(struct str text)
{
	size_t n;

	while (text.n > 0) {
		n = str_find(text, '{');
		if (!made_of(str_sub(text, 0, n), "-._~!$&'()*+,;=:@/?#[]", true))
			return false;
		if (n == text.n)
			return true;
		text = str_sub(text, n + 1, text.n);
		n = str_find(text, '}');
		if (n == text.n || !expression(str_sub(text, 0, n)))
			return false;
		text = str_sub(text, n + 1, text.n);
	}
	return true;
}
