/* SPDX-License-Identifier: MIT */
#include "webpush.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include "crypto.h"
#include "json.h"
#include "unit.h"

static struct sealer *sealer;

static struct str read64(const char *text)
{
	struct str out = STR_NONE;

	CHECK(base64_read(arena, str_c(text), &out) == 0);
	return out;
}

/* RFC 8291, section 5 and appendix A. */
static const char *const ua_public =
	"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
static const char *const ua_private = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94";
static const char *const as_private = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw";
static const char *const auth = "BTBZMqHH6r4Tts7J_aSIgg";
static const char *const salt = "DGv6ra1nlYgDCS1FRnbzlw";

static struct webpush_keys browser(void)
{
	struct webpush_keys keys = { .auth = { 0 } };
	struct err e;

	CHECK(webpush_keys_read(str_c(ua_public), str_c(auth), arena, &keys, &e) == 0);
	return keys;
}

static struct webpush_nonce chosen(void)
{
	struct webpush_nonce n;

	memcpy(n.private, read64(as_private).p, KEY_PRIVATE);
	memcpy(n.salt, read64(salt).p, WEBPUSH_SALT);
	return n;
}

static void the_vector_of_rfc_8291_comes_out_to_the_byte(void)
{
	struct webpush_keys keys = browser();
	struct webpush_nonce nonce = chosen();
	struct buf out = { .max = WEBPUSH_BODY_MAX };
	struct err e;

	sealer = sealer_new();
	for (int i = 0; i < 2; i++) { /* what the sealer keeps changes nothing */
		buf_reset(&out);
		CHECK(webpush_encrypt(sealer, &keys, STR("When I grow up, I want to be a watermelon"),
				      0, &nonce, &out, &e) == 0);
		CHECK_STR(base64url_of(arena, buf_get(&out)),
			  "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6"
			  "TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy"
			  "4a-fN");
	}
	buf_free(&out);
	sealer_free(sealer);
}

static void both_sides_agree_on_the_secret_of_the_rfc(void)
{
	unsigned char public[KEY_PUBLIC], secret[SEAL_SECRET];

	sealer = sealer_new();
	CHECK(sealer_agree(sealer, (const unsigned char *)read64(as_private).p,
			   (const unsigned char *)read64(ua_public).p, public, secret) == 0);
	CHECK_STR(base64url_of(arena, (struct str){ (char *)public, KEY_PUBLIC }),
		  "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8");
	CHECK_STR(base64url_of(arena, (struct str){ (char *)secret, SEAL_SECRET }),
		  "kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs");
	CHECK(sealer_agree(sealer, (const unsigned char *)read64(ua_private).p, public, public,
			   secret) == 0);
	CHECK_STR(base64url_of(arena, (struct str){ (char *)secret, SEAL_SECRET }),
		  "kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs");
	sealer_free(sealer);
}

/* The length of what a browser would see behind the header, less the tag. */
static size_t sealed(struct str text, size_t pad)
{
	struct webpush_keys keys = browser();
	struct buf out = { .max = WEBPUSH_BODY_MAX };
	struct err e;
	size_t n;

	sealer = sealer_new();
	CHECK(webpush_encrypt(sealer, &keys, text, pad, NULL, &out, &e) == 0);
	n = out.n - WEBPUSH_OVERHEAD;
	buf_free(&out);
	sealer_free(sealer);
	return n;
}

static void padding_hides_the_length(void)
{
	CHECK(sealed(STR("abc"), 0) == 3);
	CHECK(sealed(STR("abc"), 1) == 3);
	CHECK(sealed(STR("abc"), 128) == 128);
	CHECK(sealed(STR(""), 128) == 0);
	CHECK(sealed((struct str){ memset(arena_alloc(arena, 128), 'x', 128), 128 }, 128) == 128);
	CHECK(sealed((struct str){ memset(arena_alloc(arena, 129), 'x', 129), 129 }, 128) == 256);
	CHECK(sealed((struct str){ memset(arena_alloc(arena, 3990), 'x', 3990), 3990 }, 1000) == 3993);
}

static void keys_and_salts_are_new_for_each_message(void)
{
	struct webpush_keys keys = browser();
	struct buf a = { .max = WEBPUSH_BODY_MAX }, b = { .max = WEBPUSH_BODY_MAX };
	struct err e;

	sealer = sealer_new();
	CHECK(webpush_encrypt(sealer, &keys, STR("x"), 0, NULL, &a, &e) == 0);
	CHECK(webpush_encrypt(sealer, &keys, STR("x"), 0, NULL, &b, &e) == 0);
	CHECK(a.n == b.n && memcmp(a.p, b.p, WEBPUSH_SALT) != 0);
	CHECK(memcmp(a.p + 21, b.p + 21, KEY_PUBLIC) != 0);
	buf_free(&a);
	buf_free(&b);
	sealer_free(sealer);
}

static void what_is_too_large_or_no_point_is_refused(void)
{
	struct webpush_keys keys = browser();
	struct buf out = { .max = WEBPUSH_BODY_MAX };
	char *large = memset(arena_alloc(arena, WEBPUSH_TEXT_MAX + 1), 'x', WEBPUSH_TEXT_MAX + 1);
	struct err e;

	sealer = sealer_new();
	CHECK(webpush_encrypt(sealer, &keys, (struct str){ large, WEBPUSH_TEXT_MAX }, 0, NULL, &out,
			      &e) == 0);
	CHECK(out.n == WEBPUSH_BODY_MAX);
	buf_reset(&out);
	CHECK(webpush_encrypt(sealer, &keys, (struct str){ large, WEBPUSH_TEXT_MAX + 1 }, 0, NULL,
			      &out, &e) < 0);
	CHECK_STR(str_c(e.code), "payload-too-large");
	keys.p256dh[64] ^= 1; /* beside the curve: whoever could make us use such points could find our key */
	CHECK(webpush_encrypt(sealer, &keys, STR("x"), 0, NULL, &out, &e) < 0);
	CHECK_STR(str_c(e.code), "subscription-malformed");
	memset(keys.p256dh, 0, KEY_PUBLIC);
	CHECK(webpush_encrypt(sealer, &keys, STR("x"), 0, NULL, &out, &e) < 0);
	CHECK(out.n == 0);
	buf_free(&out);
	sealer_free(sealer);
}

static void keys_of_browsers_come_in_two_alphabets(void)
{
	struct webpush_keys keys;
	struct err e;
	struct str both = STR(
		"BCVxsr7N/eNgVRqvHtD0zTZsEc6+VV+JvLexhqUzORcxaOzi6+AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4=");

	CHECK(webpush_keys_read(both, STR("BTBZMqHH6r4Tts7J_aSIgg=="), arena, &keys, &e) == 0);
	CHECK(memcmp(keys.p256dh, read64(ua_public).p, KEY_PUBLIC) == 0);
	CHECK(webpush_keys_read(STR("BTBZ"), str_c(auth), arena, &keys, &e) < 0);
	CHECK(webpush_keys_read(both, STR("BTBZ"), arena, &keys, &e) < 0);
	CHECK(webpush_keys_read(STR_NONE, STR_NONE, arena, &keys, &e) < 0);
	CHECK(e.fault == FAULT_DATA);
}

static const struct json *claims_of(struct str header)
{
	struct str token = str_sub(header, 8, str_find(header, ',') - 8), json = STR_NONE;
	struct err e;

	token = str_sub(token, str_find(token, '.') + 1, token.n);
	CHECK(base64_read(arena, str_sub(token, 0, str_find(token, '.')), &json) == 0);
	return json_parse(json, arena, &e);
}

static void vapid_names_the_origin_and_lasts_twelve_hours(void)
{
	struct err e;
	struct vapid *v = vapid_new(str_c(as_private), STR("mailto:ops@example.com"), &e);
	int64_t now = 1768381200000, exp;
	struct str h;

	CHECK_STR(vapid_public(v),
		  "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8");
	h = arena_str(arena, vapid_header(v, STR("https://Push.Example.net:443/s/1?x"), now));
	CHECK(str_prefix(h, STR("vapid t=eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.")));
	CHECK(str_suffix(h, arena_join(arena, STR(", k="), vapid_public(v))));
	CHECK_STR(json_get_str(claims_of(h), "aud"), "https://push.example.net");
	CHECK_STR(json_get_str(claims_of(h), "sub"), "mailto:ops@example.com");
	CHECK(json_i64(json_get(claims_of(h), "exp"), &exp) == 0 && exp == now / 1000 + 43200);
	CHECK(str_eq(h, vapid_header(v, STR("https://push.example.net/another"), now + 3600000)));
	CHECK(!str_eq(h, vapid_header(v, STR("https://push.example.net/another"), now + 7 * 3600000)));
	CHECK_STR(json_get_str(claims_of(vapid_header(v, STR("https://push.example.net:8443/s"), now)),
			       "aud"),
		  "https://push.example.net:8443");
	CHECK(vapid_header(v, STR("no URL"), now).p == NULL);
	vapid_free(v);
}

/* RFC 8292, 2.4: its token is good under its key, and so is ours under ours. */
static bool good(struct str header)
{
	struct str token = str_sub(header, 8, str_find(header, ',') - 8);
	struct str k = read64(arena_cstr(arena, str_sub(header, str_find(header, ',') + 4, header.n)));
	size_t dot = token.n;
	struct str raw = STR_NONE;
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	EC_POINT *q = EC_POINT_new(group), *sum = EC_POINT_new(group);
	BIGNUM *r, *s, *z, *w = BN_new(), *x = BN_new();
	BN_CTX *bn = BN_CTX_new();
	unsigned char digest[HASH_MAX];
	const BIGNUM *n = EC_GROUP_get0_order(group);
	bool ok;

	while (token.p[dot - 1] != '.')
		dot--;
	CHECK(base64_read(arena, str_sub(token, dot, token.n), &raw) == 0 && raw.n == 64);
	token.n = dot - 1;
	hash_of(HASH_SHA256, &token, 1, digest);
	r = BN_bin2bn((const unsigned char *)raw.p, 32, NULL);
	s = BN_bin2bn((const unsigned char *)raw.p + 32, 32, NULL);
	z = BN_bin2bn(digest, 32, NULL);
	/* ECDSA by its definition (FIPS 186-4): r is the x of (z/s) G + (r/s) Q. */
	EC_POINT_oct2point(group, q, (const unsigned char *)k.p, k.n, bn);
	BN_mod_inverse(w, s, n, bn);
	BN_mod_mul(z, z, w, n, bn);
	BN_mod_mul(w, r, w, n, bn);
	EC_POINT_mul(group, sum, z, q, w, bn);
	EC_POINT_get_affine_coordinates(group, sum, x, NULL, bn);
	BN_mod(x, x, n, bn);
	ok = BN_cmp(x, r) == 0;
	BN_free(r);
	BN_free(s);
	BN_free(z);
	BN_free(w);
	BN_free(x);
	BN_CTX_free(bn);
	EC_POINT_free(q);
	EC_POINT_free(sum);
	EC_GROUP_free(group);
	return ok;
}

static void vapid_verifies_as_the_example_of_rfc_8292_does(void)
{
	struct err e;
	struct vapid *v = vapid_new(str_c(as_private), STR("https://example.com/contact"), &e);

	CHECK(good(STR("vapid t=eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJl"
		       "eHAiOjE0NTM1MjM3NjgsInN1YiI6Im1haWx0bzpwdXNoQGV4YW1wbGUuY29tIn0.i3CYb7t4xfxCDquptFOepC9GAu_HLGkM"
		       "lMuCGSK2rpiUfnK9ojFwDXb1JrErtmysazNjjvW2L9OkSSHzvoD1oA, k=BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i"
		       "3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs")));
	CHECK(good(vapid_header(v, STR("https://push.example.net/s/1"), 1768381200000)));
	vapid_free(v);
}

static void subjects_that_reach_nobody_are_refused(void)
{
	static const char *const bad[] = { "",
					   "ops@example.com",
					   "mailto:ops",
					   "mailto:ops@localhost",
					   "mailto:ops@mail.invalid",
					   "https://x.test/",
					   "http://example.com",
					   "https://",
					   "mailto:ops@a b.com" };
	struct err e;

	for (size_t i = 0; i < LEN(bad); i++) {
		e.fault = FAULT_NONE;
		CHECK(vapid_new(str_c(as_private), str_c(bad[i]), &e) == NULL);
		CHECK(e.fault == FAULT_CONFIG);
	}
	CHECK(vapid_new(STR("AAAA"), STR("mailto:ops@example.com"), &e) == NULL);
	CHECK(vapid_new(STR("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
			STR("mailto:ops@example.com"), &e) == NULL);
}

UNIT_MAIN(UNIT(the_vector_of_rfc_8291_comes_out_to_the_byte),
	  UNIT(both_sides_agree_on_the_secret_of_the_rfc), UNIT(padding_hides_the_length),
	  UNIT(keys_and_salts_are_new_for_each_message),
	  UNIT(what_is_too_large_or_no_point_is_refused), UNIT(keys_of_browsers_come_in_two_alphabets),
	  UNIT(vapid_names_the_origin_and_lasts_twelve_hours),
	  UNIT(vapid_verifies_as_the_example_of_rfc_8292_does),
	  UNIT(subjects_that_reach_nobody_are_refused))
