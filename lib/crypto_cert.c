/* SPDX-License-Identifier: MIT */
#include "crypto_cert.h"

#include <errno.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "crypto_key.h"

static BIO *open_file(const char *path, struct err *e)
{
	BIO *bio = BIO_new_file(path, "r");

	if (!bio)
		err_set(e, FAULT_CONFIG, "certificate", "%s: %s", path, strerror(errno));
	return bio;
}

static int read_subject(X509 *x, struct arena *a, struct cert *out)
{
	const X509_NAME *name = X509_get_subject_name(x);
	int at = X509_NAME_get_index_by_NID(name, NID_userId, -1);
	unsigned char *text = NULL;
	struct tm end;
	int n;

	*out = (struct cert){ .uid = STR_NONE };
	if (at >= 0 &&
	    (n = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)))) > 0)
		out->uid = arena_str(a, (struct str){ (char *)text, (size_t)n });
	OPENSSL_free(text);
	if (ASN1_TIME_to_tm(X509_get0_notAfter(x), &end) != 1)
		return -1;
	out->ends_ms = (int64_t)timegm(&end) * 1000;
	return 0;
}

int cert_read(const char *path, const char *key_path, struct arena *a, struct cert *out, struct err *e)
{
	BIO *bio = open_file(path, e), *key_bio = NULL;
	X509 *x = NULL;
	EVP_PKEY *key = NULL;
	int rc = -1;

	if (!bio)
		goto out;
	x = PEM_read_bio_X509(bio, NULL, key_no_password, NULL);
	if (!x || read_subject(x, a, out) < 0) {
		err_set(e, FAULT_CONFIG, "certificate", "%s is no certificate in PEM form", path);
		goto out;
	}
	key_path = key_path ? key_path : path;
	key_bio = open_file(key_path, e);
	if (!key_bio)
		goto out;
	key = PEM_read_bio_PrivateKey(key_bio, NULL, key_no_password, NULL);
	if (!key)
		err_set(e, FAULT_CONFIG, "certificate",
			"%s is no private key in PEM form without a password", key_path);
	else if (X509_check_private_key(x, key) != 1)
		err_set(e, FAULT_CONFIG, "certificate", "%s is not the private key of %s", key_path, path);
	else
		rc = 0;
out:
	EVP_PKEY_free(key);
	BIO_free(key_bio);
	X509_free(x);
	BIO_free(bio);
	ERR_clear_error();
	return rc;
}
