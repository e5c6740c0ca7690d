/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "cidr.h"

static bool is_in(struct str network, struct str address)
{
	struct cidr c;
	struct address a;

	return cidr_read(network, &c) == 0 && address_read(address, &a) == 0 && cidr_has(&c, &a);
}

static void knows_what_is_in_a_network(void)
{
	CHECK(is_in(STR("192.0.2.0/24"), STR("192.0.2.7")));
	CHECK(!is_in(STR("192.0.2.0/24"), STR("192.0.3.7")));
	CHECK(is_in(STR("192.0.2.128/25"), STR("192.0.2.129")));
	CHECK(!is_in(STR("192.0.2.128/25"), STR("192.0.2.127")));
	CHECK(is_in(STR("192.0.2.7"), STR("192.0.2.7")));
	CHECK(!is_in(STR("192.0.2.7"), STR("192.0.2.8")));
	CHECK(is_in(STR("0.0.0.0/0"), STR("255.255.255.255")));
	CHECK(!is_in(STR("0.0.0.0/0"), STR("2001:db8::1")));
	CHECK(is_in(STR("2001:db8::/32"), STR("2001:db8:1::1")));
	CHECK(!is_in(STR("2001:db8::/33"), STR("2001:db8:8000::1")));
	CHECK(is_in(STR("::/0"), STR("2001:db8::1")));
	CHECK(is_in(STR("192.0.2.0/24"), STR("::ffff:192.0.2.7")));
}

static void passes_over_ports(void)
{
	CHECK(is_in(STR("192.0.2.7"), STR("192.0.2.7:443")));
	CHECK(is_in(STR("2001:db8::1"), STR("[2001:db8::1]:443")));
	CHECK(is_in(STR("2001:db8::1"), STR("[2001:db8::1]")));
}

static void refuses_what_is_none(void)
{
	static const char *const none[] = { "",
					    "x",
					    "192.0.2",
					    "192.0.2.256",
					    "192.0.2.0/33",
					    "192.0.2.0/",
					    "192.0.2.0/-1",
					    "2001:db8::/129",
					    "[2001:db8::1",
					    "[2001:db8::1]x",
					    "unknown",
					    "_hidden",
					    "192.0.2.7 ",
					    "1.2.3.4/24/8",
					    "fe80::1%eth0" };
	struct cidr c;

	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		CHECK(cidr_read(str_c(none[i]), &c) < 0);
}

static void writes_what_it_reads(void)
{
	char text[CIDR_TEXT];
	struct address a;

	CHECK(address_read(STR("192.0.2.7"), &a) == 0);
	address_format(text, &a);
	CHECK_STR(str_c(text), "192.0.2.7");
	CHECK(address_read(STR("2001:DB8:0::1"), &a) == 0);
	address_format(text, &a);
	CHECK_STR(str_c(text), "2001:db8::1");
	a.known = false;
	address_format(text, &a);
	CHECK_STR(str_c(text), "");
}

static bool is_public(const char *text)
{
	struct address a;

	return address_read(str_c(text), &a) == 0 && cidr_public(&a);
}

/* Both ends of each range that is not public, from the registries of the IANA. */
static void knows_what_is_not_public(void)
{
	static const char *const not [] = {
		"0.0.0.0",
		"0.255.255.255",
		"10.0.0.0",
		"10.255.255.255",
		"100.64.0.0",
		"100.127.255.255",
		"127.0.0.1",
		"127.255.255.255",
		"169.254.0.0",
		"169.254.169.254",
		"169.254.255.255",
		"172.16.0.0",
		"172.31.255.255",
		"192.0.0.1",
		"192.0.2.255",
		"192.88.99.1",
		"192.168.0.0",
		"192.168.255.255",
		"198.18.0.0",
		"198.19.255.255",
		"198.51.100.7",
		"203.0.113.7",
		"224.0.0.1",
		"239.255.255.255",
		"240.0.0.0",
		"255.255.255.255",
		"::",
		"::1",
		"::7f00:1",
		"::ffff:10.0.0.1",
		"::ffff:127.0.0.1",
		"::ffff:0:808:808",
		"64:ff9b::7f00:1",
		"64:ff9b::a00:1",
		"64:ff9b::a9fe:a9fe",
		"64:ff9b:1::808:808",
		"100::1",
		"2001::1",
		"2001:1ff:ffff::1",
		"2001:db8::1",
		"2001:db8:ffff::",
		"2002:7f00:1::",
		"2002:808:808::1",
		"3fff::1",
		"3fff:fff::1",
		"5f00::1",
		"fc00::1",
		"fd12:3456::1",
		"fe80::1",
		"febf::1",
		"fec0::1",
		"ff02::1",
		"4000::1",
		"1fff::1",
	};

	for (size_t i = 0; i < sizeof(not ) / sizeof(*not ); i++) {
		CHECK(!is_public(not [i]));
		if (is_public(not [i]))
			printf("# %s\n", not [i]);
	}
}

/* The neighbours of those ranges. */
static void knows_what_is_public(void)
{
	static const char *const yes[] = {
		"1.0.0.0",         "9.255.255.255",   "11.0.0.0",       "100.63.255.255",
		"100.128.0.0",     "126.255.255.255", "128.0.0.0",      "169.253.255.255",
		"169.255.0.0",     "172.15.255.255",  "172.32.0.0",     "192.0.1.0",
		"192.0.3.0",       "192.167.255.255", "192.169.0.0",    "198.17.255.255",
		"198.20.0.0",      "223.255.255.255", "::ffff:8.8.8.8", "64:ff9b::808:808",
		"2001:200::1",     "2001:db7::1",     "2001:db9::1",    "2003::1",
		"2606:4700::1111", "3ffe::1",         "3fff:1000::1",   "2a00:1450::1",
	};

	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++) {
		CHECK(is_public(yes[i]));
		if (!is_public(yes[i]))
			printf("# %s\n", yes[i]);
	}
}

UNIT_MAIN(UNIT(knows_what_is_not_public), UNIT(knows_what_is_public), UNIT(knows_what_is_in_a_network),
	  UNIT(passes_over_ports), UNIT(refuses_what_is_none), UNIT(writes_what_it_reads))
