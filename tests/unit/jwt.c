/* SPDX-License-Identifier: MIT */
#include "jwt.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "crypto.h"
#include "unit.h"

/* A pair of keys made by OpenSSL: its private half as PEM, and itself to verify with. */
static EVP_PKEY *made(const char *type, struct str *pem)
{
	EVP_PKEY *k = strcmp(type, "RSA") == 0 ? EVP_RSA_gen(2048) : EVP_EC_gen(type);
	BIO *bio = BIO_new(BIO_s_mem());
	char *p;
	long n;

	PEM_write_bio_PKCS8PrivateKey(bio, k, NULL, NULL, 0, NULL, NULL);
	n = BIO_get_mem_data(bio, &p);
	*pem = arena_str(arena, (struct str){ p, (size_t)n });
	BIO_free(bio);
	return k;
}

static bool verifies(EVP_PKEY *k, struct str text, const unsigned char *sig, size_t n)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, k) > 0 &&
		  EVP_DigestVerify(ctx, sig, n, (const unsigned char *)text.p, text.n) > 0;

	EVP_MD_CTX_free(ctx);
	return ok;
}

/* The form that OpenSSL verifies, of r and s. */
static bool verifies_raw(EVP_PKEY *k, struct str text, const unsigned char raw[64])
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	unsigned char *der = NULL;
	int n;
	bool ok;

	ECDSA_SIG_set0(sig, BN_bin2bn(raw, 32, NULL), BN_bin2bn(raw + 32, 32, NULL));
	n = i2d_ECDSA_SIG(sig, &der);
	ok = verifies(k, text, der, (size_t)n);
	OPENSSL_free(der);
	ECDSA_SIG_free(sig);
	return ok;
}

static void six_thousand_signatures_are_64_bytes_and_verify(void)
{
	struct err e;
	struct str pem, text;
	EVP_PKEY *openssl = made("P-256", &pem);
	struct key *k = key_read(pem, "key", &e);
	unsigned char sig[KEY_SIGNATURE_MAX];
	unsigned short_numbers = 0, wrong = 0;

	CHECK(k && key_type(k) == KEY_P256);
	for (int i = 0; i < 6000; i++) {
		text = arena_fmt(arena, "message %d", i);
		memset(sig, 0xaa, sizeof(sig));
		wrong += key_sign(k, text, sig) != KEY_SIGNATURE_P256 ||
			 !verifies_raw(openssl, text, sig);
		wrong += i < 100 &&
			 !key_verify(k, text, (struct str){ (char *)sig, KEY_SIGNATURE_P256 });
		short_numbers += sig[0] == 0 || sig[32] == 0;
	}
	CHECK(wrong == 0);
	/* One in 128 has a number that begins with a zero byte: 47 are expected, none would take luck of 10^-20. */
	CHECK(short_numbers > 0);
	key_free(k);
	EVP_PKEY_free(openssl);
}

static struct str part(struct str token, unsigned i)
{
	while (i-- > 0)
		token = str_sub(token, str_find(token, '.') + 1, token.n);
	return str_sub(token, 0, str_find(token, '.'));
}

static struct str decoded(struct str text)
{
	struct str out = STR_NONE;

	CHECK(base64_read(arena, text, &out) == 0);
	CHECK(str_find(text, '=') == text.n && str_find(text, '+') == text.n &&
	      str_find(text, '/') == text.n);
	return out;
}

static void a_token_of_es256_has_three_parts_that_verify(void)
{
	struct err e;
	struct str pem, token, sig;
	EVP_PKEY *openssl = made("P-256", &pem);
	struct key *k = key_read(pem, "key", &e);

	token = jwt_sign(arena, k, STR("ABC123DEFG"), STR("{\"iss\":\"TEAM123456\",\"iat\":1768381200}"));
	CHECK_STR(decoded(part(token, 0)), "{\"typ\":\"JWT\",\"alg\":\"ES256\",\"kid\":\"ABC123DEFG\"}");
	CHECK_STR(decoded(part(token, 1)), "{\"iss\":\"TEAM123456\",\"iat\":1768381200}");
	sig = decoded(part(token, 2));
	CHECK(sig.n == 64);
	CHECK(verifies_raw(openssl, str_sub(token, 0, token.n - part(token, 2).n - 1),
			   (const unsigned char *)sig.p));
	CHECK_STR(decoded(part(jwt_sign(arena, k, STR_NONE, STR("{}")), 0)),
		  "{\"typ\":\"JWT\",\"alg\":\"ES256\"}");
	key_free(k);
	EVP_PKEY_free(openssl);
}

static void a_token_of_rs256_verifies(void)
{
	struct err e;
	struct str pem, token, sig;
	EVP_PKEY *openssl = made("RSA", &pem);
	struct key *k = key_read(pem, "key", &e);

	CHECK(k && key_type(k) == KEY_RSA);
	token = jwt_sign(arena, k, STR("k1"), STR("{\"a\":1}"));
	CHECK_STR(decoded(part(token, 0)), "{\"typ\":\"JWT\",\"alg\":\"RS256\",\"kid\":\"k1\"}");
	sig = decoded(part(token, 2));
	CHECK(sig.n == 256);
	CHECK(key_verify(k, str_sub(token, 0, token.n - part(token, 2).n - 1), sig));
	CHECK(!key_verify(k, str_sub(token, 0, token.n - part(token, 2).n - 2), sig));
	CHECK(!key_verify(k, STR("x"), STR("short")));
	CHECK(verifies(openssl, str_sub(token, 0, token.n - part(token, 2).n - 1),
		       (const unsigned char *)sig.p, sig.n));
	key_free(k);
	EVP_PKEY_free(openssl);
}

/* RFC 8292, 2.4: what its example signed, by its public half alone. */
static void the_example_of_vapid_verifies_by_its_point(void)
{
	struct str point = decoded(STR(
		"BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs"));
	struct str text = STR(
		"eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1MjM3NjgsInN1YiI6Im1haWx0bzpwdXNoQGV4YW1wbGUuY29tIn0");
	struct str sig = decoded(STR(
		"i3CYb7t4xfxCDquptFOepC9GAu_HLGkMlMuCGSK2rpiUfnK9ojFwDXb1JrErtmysazNjjvW2L9OkSSHzvoD1oA"));
	const unsigned char *p = (const unsigned char *)point.p;
	unsigned char zero[KEY_PUBLIC] = { 4 };

	CHECK(key_verify_point(p, text, sig));
	CHECK(!key_verify_point(p, str_sub(text, 1, text.n), sig));
	CHECK(!key_verify_point(p, text, str_sub(sig, 0, 63)));
	CHECK(!key_verify_point(zero, text, sig));
}

/* RFC 7515, appendix A.3: the private half there makes the public half there. */
static void the_public_half_follows_from_the_private(void)
{
	unsigned char public[KEY_PUBLIC], private[KEY_PRIVATE];
	struct str d = decoded(STR("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"));
	struct key *k = key_of((const unsigned char *)d.p);

	key_public(k, public);
	key_private(k, private);
	CHECK(public[0] == 4);
	CHECK_STR(base64url_of(arena, (struct str){ (char *)public + 1, 32 }),
		  "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
	CHECK_STR(base64url_of(arena, (struct str){ (char *)public + 33, 32 }),
		  "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
	CHECK(memcmp(private, d.p, KEY_PRIVATE) == 0);
	key_free(k);
}

static void new_keys_differ(void)
{
	unsigned char a[KEY_PUBLIC], b[KEY_PUBLIC];
	struct key *x = key_new(), *y = key_new();

	key_public(x, a);
	key_public(y, b);
	CHECK(memcmp(a, b, KEY_PUBLIC) != 0);
	key_free(x);
	key_free(y);
}

static void numbers_outside_of_the_curve_are_no_keys(void)
{
	unsigned char zero[KEY_PRIVATE] = { 0 }, large[KEY_PRIVATE];

	memset(large, 0xff, sizeof(large));
	CHECK(key_of(zero) == NULL);
	CHECK(key_of(large) == NULL);
}

static void refuse(struct str pem, const char *why)
{
	struct err e = { .fault = FAULT_NONE };

	CHECK(key_read(pem, "AuthKey.p8", &e) == NULL);
	CHECK(e.fault == FAULT_CONFIG);
	if (!strstr(e.text, why))
		printf("# %s\n", e.text);
	CHECK(strstr(e.text, why) != NULL);
	CHECK(strstr(e.text, "AuthKey.p8") != NULL);
}

static void what_is_no_key_is_refused(void)
{
	struct str pem;

	refuse(STR(""), "no private key in PEM form");
	refuse(STR("-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\n"), "no private key");
	refuse(STR("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGH\n-----END ENCRYPTED PRIVATE KEY-----\n"),
	       "without a password");
	EVP_PKEY_free(made("P-384", &pem));
	refuse(pem, "neither on the curve P-256 nor of RSA");
	refuse(str_sub(pem, 0, pem.n / 2), "no private key");
}

UNIT_MAIN(UNIT(six_thousand_signatures_are_64_bytes_and_verify),
	  UNIT(a_token_of_es256_has_three_parts_that_verify), UNIT(a_token_of_rs256_verifies),
	  UNIT(the_example_of_vapid_verifies_by_its_point),
	  UNIT(the_public_half_follows_from_the_private), UNIT(new_keys_differ),
	  UNIT(numbers_outside_of_the_curve_are_no_keys), UNIT(what_is_no_key_is_refused))
