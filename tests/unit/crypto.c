/* SPDX-License-Identifier: MIT */
#include "crypto.h"

#include <pthread.h>

#include "unit.h"

static struct str mac_hex(enum hash h, struct str key, struct str text)
{
	unsigned char out[HASH_MAX];
	struct mac *m = mac_new(h, key);
	size_t n = mac_of(m, &text, 1, out);

	mac_free(m);
	return hex_of(arena, (struct str){ (char *)out, n });
}

/* ${n} bytes of the value ${c}. */
static struct str fill(int c, size_t n)
{
	char *p = arena_alloc(arena, n);

	memset(p, c, n);
	return (struct str){ p, n };
}

/* The bytes 1, 2, … ${n}. */
static struct str count(size_t n)
{
	char *p = arena_alloc(arena, n);

	for (size_t i = 0; i < n; i++)
		p[i] = (char)(i + 1);
	return (struct str){ p, n };
}

static void hashes_match_fips_180(void)
{
	CHECK_STR(hash_hex(arena, HASH_SHA1, STR("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
	CHECK_STR(hash_hex(arena, HASH_SHA1, STR("")), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
	CHECK_STR(hash_hex(arena, HASH_SHA1, fill('a', 1000000)),
		  "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
	CHECK_STR(hash_hex(arena, HASH_SHA256, STR("abc")),
		  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	CHECK_STR(hash_hex(arena, HASH_SHA256, STR_NONE),
		  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	CHECK_STR(hash_hex(arena, HASH_SHA256, fill('a', 1000000)),
		  "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	CHECK_STR(hash_hex(arena, HASH_SHA512, STR("abc")),
		  "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
		  "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

static void hash_of_parts_is_that_of_the_whole(void)
{
	struct str parts[] = { STR("a"), STR_NONE, STR("b"), STR(""), STR("c") };
	unsigned char out[HASH_MAX];

	for (int i = 0; i < 3; i++) { /* the context is used again */
		hash_of(HASH_SHA1, parts, 5, out);
		CHECK_STR(hex_of(arena, (struct str){ (char *)out, 20 }),
			  "a9993e364706816aba3e25717850c26c9cd0d89d");
	}
}

static void hmac_sha1_matches_rfc_2202(void)
{
	CHECK_STR(mac_hex(HASH_SHA1, fill(0x0b, 20), STR("Hi There")),
		  "b617318655057264e28bc0b6fb378c8ef146be00");
	CHECK_STR(mac_hex(HASH_SHA1, STR("Jefe"), STR("what do ya want for nothing?")),
		  "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
	CHECK_STR(mac_hex(HASH_SHA1, fill(0xaa, 20), fill(0xdd, 50)),
		  "125d7342b9ac11cd91a39af48aa17b4f63f175d3");
	CHECK_STR(mac_hex(HASH_SHA1, count(25), fill(0xcd, 50)),
		  "4c9007f4026250c6bc8414f9bf50c86c2d7235da");
	CHECK_STR(mac_hex(HASH_SHA1, fill(0x0c, 20), STR("Test With Truncation")),
		  "4c1a03424b55e07fe7f27be1d58bb9324a9a5a04");
	CHECK_STR(mac_hex(HASH_SHA1, fill(0xaa, 80),
			  STR("Test Using Larger Than Block-Size Key - Hash Key First")),
		  "aa4ae5e15272d00e95705637ce8a3b55ed402112");
	CHECK_STR(mac_hex(HASH_SHA1, fill(0xaa, 80),
			  STR("Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data")),
		  "e8e99d0f45237d786d6bbaa7965c7808bbff1a91");
}

static void hmac_sha2_matches_rfc_4231(void)
{
	CHECK_STR(mac_hex(HASH_SHA256, fill(0x0b, 20), STR("Hi There")),
		  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	CHECK_STR(mac_hex(HASH_SHA256, STR("Jefe"), STR("what do ya want for nothing?")),
		  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	CHECK_STR(mac_hex(HASH_SHA256, fill(0xaa, 20), fill(0xdd, 50)),
		  "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
	CHECK_STR(mac_hex(HASH_SHA256, count(25), fill(0xcd, 50)),
		  "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
	CHECK_STR(mac_hex(HASH_SHA256, fill(0xaa, 131),
			  STR("Test Using Larger Than Block-Size Key - Hash Key First")),
		  "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	CHECK_STR(mac_hex(HASH_SHA512, STR("Jefe"), STR("what do ya want for nothing?")),
		  "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
		  "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737");
	CHECK_STR(mac_hex(HASH_SHA512, fill(0x0b, 20), STR("Hi There")),
		  "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
		  "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854");
}

static void an_empty_key_is_a_key(void)
{
	CHECK_STR(mac_hex(HASH_SHA256, STR_NONE, STR("")),
		  "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void a_mac_is_keyed_once_and_used_often(void)
{
	struct mac *m = mac_new(HASH_SHA1, STR("Jefe"));
	struct str parts[] = { STR("what do ya "), STR_NONE, STR("want for nothing?") };
	unsigned char out[HASH_MAX];

	for (int i = 0; i < 3; i++) {
		CHECK(mac_of(m, parts, 3, out) == 20);
		CHECK_STR(hex_of(arena, (struct str){ (char *)out, 20 }),
			  "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
		mac_of(m, parts, 1, out);
	}
	mac_free(m);
	mac_free(NULL);
}

static void twilio_signs_url_and_sorted_fields(void)
{
	struct mac *m = mac_new(HASH_SHA1, STR("12345"));
	struct str parts[] = {
		STR("https://mycompany.com/myapp.php?foo=1&bar=2"),
		STR("CallSidCA1234567890ABCDE"),
		STR("Caller+14158675309"),
		STR("Digits1234"),
		STR("From+14158675309"),
		STR("To+18005551212"),
	};
	unsigned char out[HASH_MAX];
	size_t n = mac_of(m, parts, 6, out);

	CHECK_STR(base64_of(arena, (struct str){ (char *)out, n }), "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
	mac_free(m);
}

static void whatsapp_signs_the_raw_body(void)
{
	CHECK_STR(mac_hex(HASH_SHA256, STR("0123456789abcdef0123456789abcdef"),
			  STR("{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"100000000000001\","
			      "\"changes\":[{\"value\":{\"messaging_product\":\"whatsapp\",\"metadata\":"
			      "{\"display_phone_number\":\"15550100\",\"phone_number_id\":\"200000000000002\"},"
			      "\"contacts\":[{\"profile\":{\"name\":\"Zo\\u00e9\"},\"wa_id\":\"15550123\"}],"
			      "\"messages\":[{\"from\":\"15550123\",\"id\":\"wamid.TEST0001\",\"timestamp\":"
			      "\"1767225600\",\"type\":\"text\",\"text\":{\"body\":\"caf\\u00e9 \\ud83d\\udc4b\"}}]},"
			      "\"field\":\"messages\"}]}]}")),
		  "99ff71642f66637ddcc8348b993f514ab0e4422b5ca38d7ed436f0c6dbedf2dd");
}

static void equality_is_that_of_bytes_and_length(void)
{
	CHECK(crypto_equal(STR("secret"), STR("secret")));
	CHECK(!crypto_equal(STR("secret"), STR("secreT")));
	CHECK(!crypto_equal(STR("secret"), STR("secret1")));
	CHECK(!crypto_equal(STR("secret"), STR_NONE));
	CHECK(crypto_equal(STR(""), STR_NONE));
	CHECK(!crypto_equal(STR("a\0b"), STR("a\0c")));
}

static void random_bytes_differ(void)
{
	unsigned char a[300] = { 0 }, b[300] = { 0 };
	int same = 0;

	crypto_random(a, sizeof(a));
	crypto_random(b, sizeof(b));
	crypto_random(NULL, 0);
	for (size_t i = 0; i < sizeof(a); i++)
		same += a[i] == b[i];
	CHECK(same < 30);
}

static void base64_matches_rfc_4648(void)
{
	static const struct {
		const char *plain, *coded, *url;
	} cases[] = {
		{ "", "", "" },
		{ "f", "Zg==", "Zg" },
		{ "fo", "Zm8=", "Zm8" },
		{ "foo", "Zm9v", "Zm9v" },
		{ "foob", "Zm9vYg==", "Zm9vYg" },
		{ "fooba", "Zm9vYmE=", "Zm9vYmE" },
		{ "foobar", "Zm9vYmFy", "Zm9vYmFy" },
		{ "\xfb\xff\xfe", "+//+", "-__-" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct str plain = str_c(cases[i].plain), back;
		struct buf b = { .max = 1000 };

		CHECK(str_eq(base64_of(arena, plain), str_c(cases[i].coded)));
		CHECK(str_eq(base64url_of(arena, plain), str_c(cases[i].url)));
		buf_lit(&b, "x");
		base64_put(&b, plain);
		CHECK(str_eq(str_sub(buf_get(&b), 1, b.n), str_c(cases[i].coded)));
		buf_free(&b);
		CHECK(base64_read(arena, str_c(cases[i].coded), &back) == 0 && str_eq(back, plain));
		CHECK(base64_read(arena, str_c(cases[i].url), &back) == 0 && str_eq(back, plain));
	}
}

static void base64_that_is_not_well_formed_is_refused(void)
{
	static const char *const bad[] = {
		"Z",    "Zg=",  "Zm9v=", "Zm9vY",       "Zg==Zg==", "Z===",
		"====", "=",    "Zm 9",  "Zm9\n",       "Zm9vYg=",  "Zm=8",
		"Zh==", "Zm9=", "Zm9v!", "Zm8\xc3\xa9", "Zg==\n",
	};
	struct str out;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		bool refused = base64_read(arena, str_c(bad[i]), &out) == -1;

		CHECK(refused);
		if (!refused)
			unit_show("text", str_c(bad[i]));
	}
	CHECK(base64_read(arena, STR("Zm\0v"), &out) == -1);
	CHECK(base64_read(arena, STR_NONE, &out) == 0 && out.n == 0);
}

static void base64_past_the_maximum_sets_over(void)
{
	struct buf b = { .max = 10 };

	base64_put(&b, STR("foobar"));
	CHECK(b.n == 8 && !b.over);
	base64_put(&b, STR("f"));
	CHECK(b.n == 8 && b.over);
	buf_free(&b);
}

static void hex_is_read_in_both_cases(void)
{
	struct str out;

	CHECK_STR(hex_of(arena, STR("\x00\x7f\x80\xff")), "007f80ff");
	CHECK(hex_read(arena, STR("007F80fF"), &out) == 0 && str_eq(out, STR("\x00\x7f\x80\xff")));
	CHECK(hex_read(arena, STR(""), &out) == 0 && out.n == 0);
	CHECK(hex_read(arena, STR("0"), &out) == -1);
	CHECK(hex_read(arena, STR("0g"), &out) == -1);
	CHECK(hex_read(arena, STR("@0"), &out) == -1);
	CHECK(hex_read(arena, STR("0x"), &out) == -1);
	CHECK(hex_read(arena, STR("\xb0\xb1"), &out) == -1);
}

static void *digest_often(void *bad)
{
	static const unsigned char want[] = { 0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06, 0x81,
					      0x6a, 0xba, 0x3e, 0x25, 0x71, 0x78, 0x50,
					      0xc2, 0x6c, 0x9c, 0xd0, 0xd8, 0x9d };
	struct str abc = STR("abc");
	unsigned char out[HASH_MAX];

	for (int i = 0; i < 1000; i++) {
		hash_of(HASH_SHA1, &abc, 1, out);
		*(bool *)bad |= memcmp(out, want, sizeof(want)) != 0;
	}
	return NULL;
}

static void threads_do_not_disturb_each_other(void)
{
	pthread_t threads[4];
	bool bad[4] = { false };

	for (size_t i = 0; i < 4; i++)
		CHECK(pthread_create(&threads[i], NULL, digest_often, &bad[i]) == 0);
	for (size_t i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		CHECK(!bad[i]);
	}
}

UNIT_MAIN(UNIT(threads_do_not_disturb_each_other), UNIT(hashes_match_fips_180),
	  UNIT(hash_of_parts_is_that_of_the_whole), UNIT(hmac_sha1_matches_rfc_2202),
	  UNIT(hmac_sha2_matches_rfc_4231), UNIT(an_empty_key_is_a_key),
	  UNIT(a_mac_is_keyed_once_and_used_often), UNIT(twilio_signs_url_and_sorted_fields),
	  UNIT(whatsapp_signs_the_raw_body), UNIT(equality_is_that_of_bytes_and_length),
	  UNIT(random_bytes_differ), UNIT(base64_matches_rfc_4648),
	  UNIT(base64_that_is_not_well_formed_is_refused), UNIT(base64_past_the_maximum_sets_over),
	  UNIT(hex_is_read_in_both_cases))
