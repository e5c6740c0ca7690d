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

UNIT_MAIN(UNIT(knows_what_is_in_a_network), UNIT(passes_over_ports), UNIT(refuses_what_is_none),
	  UNIT(writes_what_it_reads))
