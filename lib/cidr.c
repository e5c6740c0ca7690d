/* SPDX-License-Identifier: MIT */
#include "cidr.h"

#include <arpa/inet.h>

enum { V4_AT = 12 }; /* where in the 16 bytes those of IPv4 stand */

static const unsigned char v4_prefix[V4_AT] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

static bool is_v4(const struct address *a)
{
	return memcmp(a->bytes, v4_prefix, V4_AT) == 0;
}

static void set_v4(struct address *a, const void *four)
{
	memcpy(a->bytes, v4_prefix, V4_AT);
	memcpy(a->bytes + V4_AT, four, 4);
}

struct address address_of(const struct sockaddr *sa)
{
	struct address a = { .known = true };

	if (sa->sa_family == AF_INET)
		set_v4(&a, &((const struct sockaddr_in *)(const void *)sa)->sin_addr);
	else if (sa->sa_family == AF_INET6)
		memcpy(a.bytes, &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr, 16);
	else
		a.known = false;
	return a;
}

int address_read(struct str s, struct address *a)
{
	char text[CIDR_TEXT];
	struct in_addr v4;
	struct in6_addr v6;
	size_t colon = str_find(s, ':');

	if (str_prefix(s, STR("["))) {
		size_t end = str_find(s, ']');

		if (end == s.n || (end + 1 < s.n && s.p[end + 1] != ':'))
			return -1;
		s = str_sub(s, 1, end - 1);
	} else if (colon < s.n && str_find(str_sub(s, colon + 1, s.n), ':') == s.n - colon - 1) {
		s = str_sub(s, 0, colon);
	}
	if (s.n == 0 || s.n >= sizeof(text) || memchr(s.p, '\0', s.n))
		return -1;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	memset(a, 0, sizeof(*a));
	a->known = true;
	if (inet_pton(AF_INET, text, &v4) == 1)
		set_v4(a, &v4);
	else if (inet_pton(AF_INET6, text, &v6) == 1)
		memcpy(a->bytes, &v6, 16);
	else
		return -1;
	return 0;
}

void address_format(char out[CIDR_TEXT], const struct address *a)
{
	out[0] = '\0';
	if (a->known && is_v4(a))
		inet_ntop(AF_INET, a->bytes + V4_AT, out, CIDR_TEXT);
	else if (a->known)
		inet_ntop(AF_INET6, a->bytes, out, CIDR_TEXT);
}

int cidr_read(struct str s, struct cidr *c)
{
	size_t slash = str_find(s, '/');
	uint64_t bits = 128;
	unsigned base;

	if (address_read(str_sub(s, 0, slash), &c->address) < 0)
		return -1;
	base = is_v4(&c->address) && str_find(s, ':') == s.n ? 96 : 0;
	if (slash < s.n && (str_u64(str_sub(s, slash + 1, s.n), &bits) < 0 || bits > 128 - base))
		return -1;
	c->bits = slash < s.n ? base + (unsigned)bits : 128;
	return 0;
}

static bool begins_with(const unsigned char *bytes, const unsigned char *prefix, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	return memcmp(bytes, prefix, whole) == 0 &&
	       (rest == 0 || (bytes[whole] ^ prefix[whole]) >> (8 - rest) == 0);
}

bool cidr_has(const struct cidr *c, const struct address *a)
{
	return a->known && begins_with(a->bytes, c->address.bytes, c->bits);
}

/* What is in 2000::/3, the unicast addresses of IPv6, and in IPv4, and not public all the same. */
static const struct {
	unsigned bits; /* of the bytes */
	unsigned char bytes[6];
} special_v4[] = {
	{ 8, { 0 } },		  /* this network */
	{ 8, { 10 } },		  /* private */
	{ 10, { 100, 64 } },	  /* shared: between a provider and its customers */
	{ 8, { 127 } },		  /* loopback */
	{ 16, { 169, 254 } },	  /* link-local: there live the metadata services of clouds */
	{ 12, { 172, 16 } },	  /* private */
	{ 24, { 192, 0, 0 } },	  /* protocol assignments */
	{ 24, { 192, 0, 2 } },	  /* documentation */
	{ 24, { 192, 88, 99 } },  /* relays of 6to4 */
	{ 16, { 192, 168 } },	  /* private */
	{ 15, { 198, 18 } },	  /* benchmarking */
	{ 24, { 198, 51, 100 } }, /* documentation */
	{ 24, { 203, 0, 113 } },  /* documentation */
	{ 4, { 224 } },		  /* multicast */
	{ 4, { 240 } },		  /* reserved, and broadcast */
}, special_v6[] = {
	{ 23, { 0x20, 0x01, 0x00 } },		  /* protocol assignments; Teredo */
	{ 32, { 0x20, 0x01, 0x0d, 0xb8 } },	  /* documentation */
	{ 16, { 0x20, 0x02 } },			  /* 6to4 */
	{ 20, { 0x3f, 0xff, 0x00 } },		  /* documentation */
};

static bool is_public_v4(const unsigned char *four)
{
	for (size_t i = 0; i < LEN(special_v4); i++)
		if (begins_with(four, special_v4[i].bytes, special_v4[i].bits))
			return false;
	return true;
}

bool cidr_public(const struct address *a)
{
	static const unsigned char nat64[V4_AT] = { 0x00, 0x64, 0xff, 0x9b };

	if (!a->known)
		return false;
	if (is_v4(a) || memcmp(a->bytes, nat64, V4_AT) == 0)
		return is_public_v4(a->bytes + V4_AT);
	for (size_t i = 0; i < LEN(special_v6); i++)
		if (begins_with(a->bytes, special_v6[i].bytes, special_v6[i].bits))
			return false;
	return a->bytes[0] >> 5 == 1;
}
