/* SPDX-License-Identifier: MIT */
#include "uri.h"

#include "unit.h"

/* The examples of RFC 3986, 5.4. */
static void references_resolve_as_in_the_examples_of_rfc_3986(void)
{
	static const char *const cases[][2] = {
		{ "g:h", "g:h" },
		{ "g", "http://a/b/c/g" },
		{ "./g", "http://a/b/c/g" },
		{ "g/", "http://a/b/c/g/" },
		{ "/g", "http://a/g" },
		{ "//g", "http://g" },
		{ "?y", "http://a/b/c/d;p?y" },
		{ "g?y", "http://a/b/c/g?y" },
		{ "#s", "http://a/b/c/d;p?q#s" },
		{ "g#s", "http://a/b/c/g#s" },
		{ "g?y#s", "http://a/b/c/g?y#s" },
		{ ";x", "http://a/b/c/;x" },
		{ "", "http://a/b/c/d;p?q" },
		{ ".", "http://a/b/c/" },
		{ "./", "http://a/b/c/" },
		{ "..", "http://a/b/" },
		{ "../g", "http://a/b/g" },
		{ "../..", "http://a/" },
		{ "../../g", "http://a/g" },
		{ "../../../g", "http://a/g" },
		{ "/./g", "http://a/g" },
		{ "/../g", "http://a/g" },
		{ "g.", "http://a/b/c/g." },
		{ "..g", "http://a/b/c/..g" },
		{ "./../g", "http://a/b/g" },
		{ "g/./h", "http://a/b/c/g/h" },
		{ "g/../h", "http://a/b/c/h" },
		{ "g;x=1/../y", "http://a/b/c/y" },
		{ "g?y/../x", "http://a/b/c/g?y/../x" },
		{ "g#s/../x", "http://a/b/c/g#s/../x" },
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		struct str s = uri_resolve(arena, STR("http://a/b/c/d;p?q"), str_c(cases[i][0]));

		CHECK(str_eq(s, str_c(cases[i][1])));
	}
}

static void urns_and_plain_paths_are_bases_too(void)
{
	CHECK_STR(uri_resolve(arena, STR("urn:uuid:1"), STR("#a")), "urn:uuid:1#a");
	CHECK_STR(uri_resolve(arena, STR("dir/a.json"), STR("b.json#x")), "dir/b.json#x");
	CHECK_STR(uri_resolve(arena, STR(""), STR("b.json")), "b.json");
	CHECK_STR(uri_resolve(arena, STR("http://a"), STR("b")), "http://a/b");
}

static void what_is_encoded_and_decoded_is_the_same(void)
{
	struct buf x = { .max = 2000 }, y = { .max = 2000 };
	char all[255];

	for (int i = 0; i < 255; i++)
		all[i] = (char)(i + 1);
	uri_encode(&x, (struct str){ all, sizeof(all) });
	CHECK(str_find(buf_get(&x), '#') == x.n && str_find(buf_get(&x), ' ') == x.n);
	CHECK(uri_decode(&y, buf_get(&x)) && str_eq(buf_get(&y), (struct str){ all, sizeof(all) }));
	CHECK(!uri_decode(&y, STR("%")) && !uri_decode(&y, STR("%1")) && !uri_decode(&y, STR("%zz")));
	buf_free(&x);
	buf_free(&y);
}

UNIT_MAIN(UNIT(references_resolve_as_in_the_examples_of_rfc_3986),
	  UNIT(urns_and_plain_paths_are_bases_too), UNIT(what_is_encoded_and_decoded_is_the_same))
