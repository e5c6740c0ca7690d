/* SPDX-License-Identifier: MIT */
/* Hosts, addresses and mailboxes. */
#include "format.h"

#include "idna.h"

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool alnum(char c)
{
	return digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool hex(char c)
{
	return digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool format_ipv4(struct str s)
{
	size_t i = 0, from;
	int part = 0, v;

	for (;; i++) {
		for (from = i, v = 0; i < s.n && digit(s.p[i]) && i - from < 4; i++)
			v = v * 10 + (s.p[i] - '0');
		if (i == from || v > 255 || (i - from > 1 && s.p[from] == '0'))
			return false;
		if (++part == 4)
			return i == s.n;
		if (i >= s.n || s.p[i] != '.')
			return false;
	}
}

bool format_ipv6(struct str s)
{
	int groups = 0;
	bool gap = false;
	size_t i = 0, from;

	if (str_prefix(s, STR("::"))) {
		gap = true;
		i = 2;
	}
	while (i < s.n) {
		for (from = i; i < s.n && hex(s.p[i]);)
			i++;
		if (i < s.n && s.p[i] == '.') {
			groups += 2;
			if (!format_ipv4(str_sub(s, from, s.n)))
				return false;
			break;
		}
		if (i == from || i - from > 4)
			return false;
		groups++;
		if (i == s.n)
			break;
		if (s.p[i++] != ':' || i == s.n)
			return false;
		if (s.p[i] == ':') {
			if (gap)
				return false;
			gap = true;
			i++;
		}
	}
	return gap ? groups < 8 : groups == 8;
}

/* Letters, digits, and hyphens inside. */
static bool plain_label(struct str s)
{
	if (s.n == 0 || s.n > 63 || s.p[0] == '-' || s.p[s.n - 1] == '-')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!alnum(s.p[i]) && s.p[i] != '-')
			return false;
	return true;
}

bool format_hostname(struct str s)
{
	size_t n;

	if (s.n == 0 || s.n > 253)
		return false;
	for (;; s = str_sub(s, n + 1, s.n)) {
		struct str label;

		n = str_find(s, '.');
		label = str_sub(s, 0, n);
		if (!plain_label(label))
			return false;
		if (label.n >= 4 && label.p[2] == '-' && label.p[3] == '-' &&
		    !idna_a_label(label) && str_eq_nocase(str_sub(label, 0, 2), STR("xn")))
			return false;
		if (n == s.n)
			return true;
	}
}

bool format_idn_hostname(struct str s)
{
	return idna_name(s);
}

static bool atom(char c, bool wide)
{
	if ((unsigned char)c >= 0x80)
		return wide;
	return alnum(c) || (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

/* The part before "@": words with single dots between them, or a quoted text.  0 if it is none. */
static size_t local_part(struct str s, bool wide)
{
	size_t i = 0;

	if (s.n > 0 && s.p[0] == '"') {
		for (i = 1; i < s.n && s.p[i] != '"'; i++) {
			if (s.p[i] == '\\')
				i++;
			if (i >= s.n || (unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f ||
			    ((unsigned char)s.p[i] >= 0x80 && !wide))
				return 0;
		}
		return i < s.n ? i + 1 : 0;
	}
	for (; i < s.n && (atom(s.p[i], wide) || s.p[i] == '.'); i++)
		if (s.p[i] == '.' && (i == 0 || i + 1 == s.n || !atom(s.p[i + 1], wide)))
			return 0;
	return i;
}

static bool domain(struct str s, bool wide)
{
	if (s.n > 2 && s.p[0] == '[' && s.p[s.n - 1] == ']') {
		s = str_sub(s, 1, s.n - 2);
		if (str_eq_nocase(str_sub(s, 0, 5), STR("IPv6:")))
			return format_ipv6(str_sub(s, 5, s.n));
		return format_ipv4(s);
	}
	return wide ? format_idn_hostname(s) : format_hostname(s);
}

static bool mailbox(struct str s, bool wide)
{
	size_t n = local_part(s, wide);

	return n > 0 && n < s.n && s.p[n] == '@' && domain(str_sub(s, n + 1, s.n), wide);
}

bool format_email(struct str s)
{
	return mailbox(s, false);
}

bool format_idn_email(struct str s)
{
	return mailbox(s, true);
}
