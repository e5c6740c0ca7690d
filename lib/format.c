/* SPDX-License-Identifier: MIT */
#include "format.h"

#include "regex.h"
#include "uri.h"

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_uuid(struct str s)
{
	static const char wrong[256] = {
		[0 ... '0' - 1] = 1,
		['9' + 1 ... 'A' - 1] = 1,
		['F' + 1 ... 'a' - 1] = 1,
		['f' + 1 ... 255] = 1,
	};
	const unsigned char *p = (const unsigned char *)s.p;
	int bad = 0;

	if (s.n != 36 || p[8] != '-' || p[13] != '-' || p[18] != '-' || p[23] != '-')
		return false;
	for (int i = 0; i < 4; i++) /* no branch: every record has several */
		bad |= wrong[p[i]] | wrong[p[i + 4]] | wrong[p[i + 9]] | wrong[p[i + 14]] |
		       wrong[p[i + 19]] | wrong[p[i + 24]] | wrong[p[i + 28]] | wrong[p[i + 32]];
	return !bad;
}

static bool is_e164(struct str s)
{
	return s.n >= 3 && s.n <= 16 && s.p[0] == '+' && s.p[1] != '0' &&
	       str_digits(str_sub(s, 1, s.n));
}

/* A language tag by its form: subtags of 1 to 8 letters and digits, the first of letters. */
static bool is_bcp47(struct str s)
{
	size_t n = 0;
	bool first = true;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '-') {
			if (n == 0)
				return false;
			first = false;
			n = 0;
		} else if (letter(s.p[i]) || (!first && digit(s.p[i]))) {
			if (++n > 8)
				return false;
		} else {
			return false;
		}
	}
	return n > 0 && (!first || n > 1);
}

/* RFC 6901 */
static bool json_pointer(struct str s)
{
	if (s.n > 0 && s.p[0] != '/')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '~' && (i + 1 == s.n || (s.p[i + 1] != '0' && s.p[i + 1] != '1')))
			return false;
	return true;
}

static bool relative_json_pointer(struct str s)
{
	size_t n = 0;

	while (n < s.n && digit(s.p[n]))
		n++;
	if (n == 0 || (n > 1 && s.p[0] == '0'))
		return false;
	s = str_sub(s, n, s.n);
	return str_eq(s, STR("#")) || json_pointer(s);
}

static bool uri(struct str s)
{
	return uri_valid(s, 0);
}

static bool uri_reference(struct str s)
{
	return uri_valid(s, URI_REFERENCE);
}

static bool iri(struct str s)
{
	return uri_valid(s, URI_IRI);
}

static bool iri_reference(struct str s)
{
	return uri_valid(s, URI_IRI | URI_REFERENCE);
}

static bool regex(struct str s)
{
	struct err e;
	struct regex *r = regex_new_ecma(s, &e);

	regex_free(r);
	return r != NULL;
}

static const struct format formats[] = {
	{ STR("date-time"), format_date_time },
	{ STR("date"), format_date },
	{ STR("time"), format_time },
	{ STR("duration"), format_duration },
	{ STR("email"), format_email },
	{ STR("idn-email"), format_idn_email },
	{ STR("hostname"), format_hostname },
	{ STR("idn-hostname"), format_idn_hostname },
	{ STR("ipv4"), format_ipv4 },
	{ STR("ipv6"), format_ipv6 },
	{ STR("uri"), uri },
	{ STR("uri-reference"), uri_reference },
	{ STR("iri"), iri },
	{ STR("iri-reference"), iri_reference },
	{ STR("uri-template"), uri_template_valid },
	{ STR("uuid"), is_uuid },
	{ STR("json-pointer"), json_pointer },
	{ STR("relative-json-pointer"), relative_json_pointer },
	{ STR("regex"), regex },
	{ STR("e164"), is_e164 },
	{ STR("bcp47"), is_bcp47 },
};

const struct format *format_find(struct str name)
{
	for (size_t i = 0; i < LEN(formats); i++)
		if (str_eq(formats[i].name, name))
			return &formats[i];
	return NULL;
}
