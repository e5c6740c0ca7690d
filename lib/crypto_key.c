/* SPDX-License-Identifier: MIT */
#include "crypto_key.h"

#include <stdlib.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "crypto.h"
#include "diag.h"

struct key {
	EVP_PKEY *pkey;
	EVP_PKEY_CTX *signing; /* made once: finding the algorithm costs as much as half a signature */
	enum key_type type;
	unsigned char public[KEY_PUBLIC];
	unsigned char private[KEY_PRIVATE];
};

/* What fails only without memory, or where a policy of the system forbids it. */
static void must(int ok)
{
	if (ok > 0)
		return;
	diag_error("OpenSSL refuses to work with a key");
	_exit(EXIT_OS);
}

static struct key *key_from(EVP_PKEY *pkey, enum key_type type)
{
	struct key *k = calloc(1, sizeof(*k));

	if (!k)
		diag_oom();
	k->pkey = pkey;
	k->type = type;
	k->signing = EVP_PKEY_CTX_new(pkey, NULL);
	must(k->signing && EVP_PKEY_sign_init(k->signing) > 0);
	must(EVP_PKEY_CTX_set_signature_md(k->signing, EVP_sha256()));
	if (type == KEY_RSA)
		must(EVP_PKEY_CTX_set_rsa_padding(k->signing, RSA_PKCS1_PADDING));
	return k;
}

void key_free(struct key *k)
{
	if (!k)
		return;
	EVP_PKEY_CTX_free(k->signing);
	EVP_PKEY_free(k->pkey);
	OPENSSL_cleanse(k, sizeof(*k));
	free(k);
}

struct key *key_of(const unsigned char d[KEY_PRIVATE])
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	EC_POINT *point = group ? EC_POINT_new(group) : NULL;
	BIGNUM *scalar = BN_secure_new();
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM *params = NULL;
	EVP_PKEY *pkey = NULL;
	unsigned char public[KEY_PUBLIC];
	struct key *k = NULL;

	must(group && point && scalar && bld && ctx);
	BN_set_flags(scalar, BN_FLG_CONSTTIME);
	must(BN_bin2bn(d, KEY_PRIVATE, scalar) != NULL);
	if (BN_is_zero(scalar) || BN_cmp(scalar, EC_GROUP_get0_order(group)) >= 0)
		goto out;
	must(EC_POINT_mul(group, point, scalar, NULL, NULL, NULL));
	must(EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, public, KEY_PUBLIC,
				NULL) == KEY_PUBLIC);
	must(OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0));
	must(OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PRIV_KEY, scalar));
	must(OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, public, KEY_PUBLIC));
	params = OSSL_PARAM_BLD_to_param(bld);
	must(params && EVP_PKEY_fromdata_init(ctx) > 0 &&
	     EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params) > 0);
	k = key_from(pkey, KEY_P256);
	memcpy(k->public, public, KEY_PUBLIC);
	memcpy(k->private, d, KEY_PRIVATE);
out:
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_BLD_free(bld);
	BN_clear_free(scalar);
	EC_POINT_free(point);
	EC_GROUP_free(group);
	return k;
}

struct key *key_new(void)
{
	unsigned char d[KEY_PRIVATE];
	struct key *k;

	do { /* once in 2^32 what comes is too large */
		crypto_random(d, sizeof(d));
		k = key_of(d);
	} while (!k);
	OPENSSL_cleanse(d, sizeof(d));
	return k;
}

int key_no_password(char *buf, int size, int writing, void *own)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)own;
	return -1;
}

/* The private half of ${pkey}, which makes the public one. */
static struct key *of_curve(const EVP_PKEY *pkey)
{
	unsigned char d[KEY_PRIVATE];
	BIGNUM *scalar = NULL;
	struct key *k = NULL;

	if (EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_PRIV_KEY, &scalar) > 0 &&
	    BN_bn2binpad(scalar, d, KEY_PRIVATE) == KEY_PRIVATE)
		k = key_of(d);
	BN_clear_free(scalar);
	OPENSSL_cleanse(d, sizeof(d));
	return k;
}

struct key *key_read(struct str pem, const char *what, struct err *e)
{
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	EVP_PKEY *pkey;
	struct key *k = NULL;
	char group[32] = "";

	must(bio != NULL);
	pkey = PEM_read_bio_PrivateKey(bio, NULL, key_no_password, NULL);
	BIO_free(bio);
	ERR_clear_error();
	if (!pkey) {
		err_set(e, FAULT_CONFIG, "key",
			"%s is no private key in PEM form without a password", what);
		return NULL;
	}
	if (EVP_PKEY_is_a(pkey, "RSA")) {
		if (EVP_PKEY_get_bits(pkey) >= 2048 && EVP_PKEY_get_bits(pkey) <= 8 * KEY_SIGNATURE_MAX)
			return key_from(pkey, KEY_RSA);
		err_set(e, FAULT_CONFIG, "key", "%s: an RSA key of %d bits: it must have 2048 to %d",
			what, EVP_PKEY_get_bits(pkey), 8 * KEY_SIGNATURE_MAX);
	} else if (EVP_PKEY_is_a(pkey, "EC") &&
		   EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL) > 0 &&
		   strcmp(group, "prime256v1") == 0) {
		k = of_curve(pkey);
		if (!k)
			err_set(e, FAULT_CONFIG, "key",
				"%s has no private half that is on the curve", what);
	} else {
		err_set(e, FAULT_CONFIG, "key", "%s is neither on the curve P-256 nor of RSA", what);
	}
	EVP_PKEY_free(pkey);
	return k;
}

enum key_type key_type(const struct key *k)
{
	return k->type;
}

void key_public(const struct key *k, unsigned char out[KEY_PUBLIC])
{
	memcpy(out, k->public, KEY_PUBLIC);
}

void key_private(const struct key *k, unsigned char out[KEY_PRIVATE])
{
	memcpy(out, k->private, KEY_PRIVATE);
}

/*
 * OpenSSL's signature is DER, whose numbers are as short as they can be: about one in 128 has r or s with
 * a leading zero byte less, so they are read as numbers and padded, never cut by offsets.
 */
static void of_der(const unsigned char *der, size_t n, unsigned char out[KEY_SIGNATURE_P256])
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)n);

	must(sig != NULL);
	must(BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, 32));
	must(BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + 32, 32));
	ECDSA_SIG_free(sig);
}

size_t key_sign(struct key *k, struct str text, unsigned char out[KEY_SIGNATURE_MAX])
{
	unsigned char digest[HASH_MAX], made[KEY_SIGNATURE_MAX];
	size_t n = sizeof(made);

	hash_of(HASH_SHA256, &text, 1, digest);
	must(EVP_PKEY_sign(k->signing, made, &n, digest, hash_size(HASH_SHA256)));
	if (k->type == KEY_P256) {
		of_der(made, n, out);
		return KEY_SIGNATURE_P256;
	}
	memcpy(out, made, n);
	return n;
}

/* ---- looking at signatures ---- */

/* r and s as OpenSSL has them; return the length, or 0. */
static size_t to_der(struct str raw, unsigned char **der)
{
	const unsigned char *p = (const unsigned char *)raw.p;
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(p, KEY_PRIVATE, NULL), *s = BN_bin2bn(p + KEY_PRIVATE, KEY_PRIVATE, NULL);
	int n;

	must(sig && r && s && ECDSA_SIG_set0(sig, r, s));
	*der = NULL;
	n = i2d_ECDSA_SIG(sig, der);
	ECDSA_SIG_free(sig);
	return n > 0 ? (size_t)n : 0;
}

static bool verify(EVP_PKEY *pkey, enum key_type type, struct str text, struct str signature)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
	unsigned char digest[HASH_MAX], *der = NULL;
	const unsigned char *p = (const unsigned char *)signature.p;
	size_t n = signature.n;
	bool good = false;

	if (type == KEY_P256 && signature.n != KEY_SIGNATURE_P256)
		goto out;
	if (type == KEY_P256) {
		n = to_der(signature, &der);
		p = der;
	}
	must(ctx && EVP_PKEY_verify_init(ctx) > 0);
	must(EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()));
	if (type == KEY_RSA)
		must(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING));
	hash_of(HASH_SHA256, &text, 1, digest);
	good = n > 0 && EVP_PKEY_verify(ctx, p, n, digest, hash_size(HASH_SHA256)) == 1;
	ERR_clear_error();
out:
	OPENSSL_free(der);
	EVP_PKEY_CTX_free(ctx);
	return good;
}

bool key_verify(const struct key *k, struct str text, struct str signature)
{
	return verify(k->pkey, k->type, text, signature);
}

bool key_verify_point(const unsigned char point[KEY_PUBLIC], struct str text, struct str signature)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	unsigned char copy[KEY_PUBLIC];
	char group[] = "prime256v1";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, copy, sizeof(copy)),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY *pkey = NULL;
	bool good = false;

	memcpy(copy, point, sizeof(copy));
	must(ctx && EVP_PKEY_fromdata_init(ctx) > 0);
	if (EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) > 0)
		good = verify(pkey, KEY_P256, text, signature);
	ERR_clear_error();
	EVP_PKEY_free(pkey);
	EVP_PKEY_CTX_free(ctx);
	return good;
}
