/* SPDX-License-Identifier: MIT */
#include "crypto_seal.h"

#include <stdlib.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>

#include "crypto.h"
#include "diag.h"

/*
 * The arithmetic of the curve and not EVP_PKEY_derive: a key object of OpenSSL 3 for each of two new keys a
 * message costs as much as the work itself.  For P-256 both multiplications take the same time for every scalar.
 */
struct sealer {
	EC_GROUP *group;
	EC_POINT *peer, *point;
	BIGNUM *scalar, *x;
	BN_CTX *bn;
	EVP_CIPHER *cipher;
	EVP_CIPHER_CTX *gcm;
};

static void must(int ok)
{
	if (ok > 0)
		return;
	diag_error("OpenSSL refuses to encrypt");
	_exit(EXIT_OS);
}

struct sealer *sealer_new(void)
{
	struct sealer *s = calloc(1, sizeof(*s));

	if (!s)
		diag_oom();
	s->group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	must(s->group != NULL);
	s->peer = EC_POINT_new(s->group);
	s->point = EC_POINT_new(s->group);
	s->scalar = BN_secure_new();
	s->x = BN_new();
	s->bn = BN_CTX_new();
	s->cipher = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
	s->gcm = EVP_CIPHER_CTX_new();
	must(s->peer && s->point && s->scalar && s->x && s->bn && s->cipher && s->gcm);
	BN_set_flags(s->scalar, BN_FLG_CONSTTIME);
	must(EVP_EncryptInit_ex(s->gcm, s->cipher, NULL, NULL, NULL));
	return s;
}

void sealer_free(struct sealer *s)
{
	if (!s)
		return;
	EVP_CIPHER_CTX_free(s->gcm);
	EVP_CIPHER_free(s->cipher);
	BN_CTX_free(s->bn);
	BN_clear_free(s->x);
	BN_clear_free(s->scalar);
	EC_POINT_clear_free(s->point);
	EC_POINT_free(s->peer);
	EC_GROUP_free(s->group);
	free(s);
}

/* It is checked to be on the curve; what is on it and not at infinity is a key. */
static bool knows(struct sealer *s, const unsigned char public[KEY_PUBLIC])
{
	bool known = public[0] == POINT_CONVERSION_UNCOMPRESSED &&
		     EC_POINT_oct2point(s->group, s->peer, public, KEY_PUBLIC, s->bn) == 1;

	if (!known)
		ERR_clear_error();
	return known;
}

/* A private half: a number from 1 to the order less one. */
static void new_scalar(struct sealer *s)
{
	unsigned char d[KEY_PRIVATE];

	do {
		crypto_random(d, sizeof(d));
		must(BN_bin2bn(d, sizeof(d), s->scalar) != NULL);
	} while (BN_is_zero(s->scalar) || BN_cmp(s->scalar, EC_GROUP_get0_order(s->group)) >= 0);
	OPENSSL_cleanse(d, sizeof(d));
}

int sealer_agree(struct sealer *s, const unsigned char *private, const unsigned char peer[KEY_PUBLIC],
		 unsigned char public[KEY_PUBLIC], unsigned char secret[SEAL_SECRET])
{
	if (!knows(s, peer))
		return -1;
	if (private)
		must(BN_bin2bn(private, KEY_PRIVATE, s->scalar) != NULL);
	else
		new_scalar(s);
	must(EC_POINT_mul(s->group, s->point, s->scalar, NULL, NULL, s->bn));
	must(EC_POINT_point2oct(s->group, s->point, POINT_CONVERSION_UNCOMPRESSED, public,
				KEY_PUBLIC, s->bn) == KEY_PUBLIC);
	must(EC_POINT_mul(s->group, s->point, NULL, s->peer, s->scalar, s->bn));
	must(EC_POINT_get_affine_coordinates(s->group, s->point, s->x, NULL, s->bn));
	must(BN_bn2binpad(s->x, secret, SEAL_SECRET) == SEAL_SECRET);
	BN_clear(s->x);
	BN_clear(s->scalar);
	BN_set_flags(s->scalar, BN_FLG_CONSTTIME);
	return 0;
}

void sealer_encrypt(struct sealer *s, const unsigned char key[SEAL_KEY],
		    const unsigned char nonce[SEAL_NONCE], struct str text, unsigned char *out)
{
	int n = 0, end = 0;

	must(EVP_EncryptInit_ex(s->gcm, NULL, NULL, key, nonce));
	must(EVP_EncryptUpdate(s->gcm, out, &n, (const unsigned char *)text.p, (int)text.n));
	must(EVP_EncryptFinal_ex(s->gcm, out + n, &end));
	must(EVP_CIPHER_CTX_ctrl(s->gcm, EVP_CTRL_GCM_GET_TAG, SEAL_TAG, out + text.n));
}
