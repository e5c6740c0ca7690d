/* SPDX-License-Identifier: MIT */
#include "id.h"

#include "unit.h"

/* The values were made with another implementation of UUIDv5, in omni's namespace. */
static void derived_ids_are_uuid_v5(void)
{
	struct str one[] = { STR("www.example.com") };
	struct str three[] = { STR("twilio"), STR("acme"), STR("SM123") };
	struct str utf8[] = { STR("whatsapp"), STR("\xc3\xa9"), STR("wamid.TEST") };
	struct id id = id_derive(one, 1);

	CHECK_STR(id_str(&id), "4bfd96cb-b2a1-5f68-bbc7-11676f238951");
	id = id_derive(three, 3);
	CHECK_STR(id_str(&id), "fc92749f-3fc0-5d50-ae53-1acdde3f197b");
	id = id_derive(&(struct str){ "twilio/acme/SM123", 17 }, 1);
	CHECK_STR(id_str(&id), "fc92749f-3fc0-5d50-ae53-1acdde3f197b");
	id = id_derive(utf8, 3);
	CHECK_STR(id_str(&id), "287ed11c-36d3-531d-9362-06b99756b7f9");
	id = id_derive(NULL, 0);
	CHECK_STR(id_str(&id), "e1089b8e-471e-5005-843a-0cc68784e931");
	id = id_derive(&STR_NONE, 1);
	CHECK_STR(id_str(&id), "e1089b8e-471e-5005-843a-0cc68784e931");
}

static void a_long_name_is_derived_from_too(void)
{
	char text[2000];
	struct str parts[2] = { { text, 1000 }, { text + 1001, 999 } };
	struct id whole, cut;

	memset(text, 'x', sizeof(text));
	whole = id_derive(&(struct str){ text, sizeof(text) }, 1);
	CHECK_STR(id_str(&whole), "5f24a5e1-cb3c-5b01-af70-ac39770ffb8a");
	text[1000] = '/';
	whole = id_derive(&(struct str){ text, sizeof(text) }, 1);
	cut = id_derive(parts, 2);
	CHECK(str_eq(id_str(&whole), id_str(&cut)));
}

static void a_born_id_holds_its_time(void)
{
	struct id a = id_born(0x017F22E279B0), b = id_born(0x017F22E279B0); /* RFC 9562, A.6 */

	CHECK(str_prefix(id_str(&a), STR("017f22e2-79b0-7")));
	CHECK(id_valid(id_str(&a)));
	CHECK(strchr("89ab", a.text[19]) != NULL);
	CHECK(!str_eq(id_str(&a), id_str(&b)));
	CHECK(a.text[ID_TEXT] == '\0');
}

static void the_form_of_a_uuid_is_known(void)
{
	CHECK(id_valid(STR("017f22e2-79b0-7cc3-98c4-dc0c0c07398f")));
	CHECK(id_valid(STR("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")));
	CHECK(!id_valid(STR("017f22e2-79b0-7cc3-98c4-dc0c0c07398")));
	CHECK(!id_valid(STR("017f22e2-79b0-7cc3-98c4-dc0c0c07398f0")));
	CHECK(!id_valid(STR("017f22e2+79b0-7cc3-98c4-dc0c0c07398f")));
	CHECK(!id_valid(STR("017f22e279b0-7cc3-98c4-dc0c0c07398f--")));
	CHECK(!id_valid(STR("017g22e2-79b0-7cc3-98c4-dc0c0c07398f")));
	CHECK(!id_valid(STR_NONE));
}

static void a_trace_is_the_id_again(void)
{
	struct id id = { "017F22E2-79b0-7cc3-98c4-dc0c0c07398f" };
	char out[56];

	memset(out, 'x', sizeof(out));
	id_trace(out, &id);
	CHECK_STR(str_c(out), "00-017f22e279b07cc398c4dc0c0c07398f-98c4dc0c0c07398f-01");
}

UNIT_MAIN(UNIT(derived_ids_are_uuid_v5), UNIT(a_long_name_is_derived_from_too),
	  UNIT(a_born_id_holds_its_time), UNIT(the_form_of_a_uuid_is_known),
	  UNIT(a_trace_is_the_id_again))
