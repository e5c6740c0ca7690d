/* SPDX-License-Identifier: MIT */
#include "serve_private.h"

#include <errno.h>
#include <stdlib.h>

#include "diag.h"

enum { CHAIN_MAX = 16 };

static void tls_free(struct tls *t)
{
	for (unsigned i = 0; i < t->n; i++)
		gnutls_pcert_deinit(&t->chain[i]);
	free(t->chain);
	if (t->key)
		gnutls_privkey_deinit(t->key);
	free(t);
}

struct tls *tls_hold(struct tls *t)
{
	atomic_fetch_add(&t->refs, 1);
	return t;
}

void tls_drop(struct tls *t)
{
	if (t && atomic_fetch_sub(&t->refs, 1) == 1)
		tls_free(t);
}

static int refused(struct err *e, const char *path, int rc)
{
	if (rc == GNUTLS_E_FILE_ERROR)
		return err_set(e, FAULT_CONFIG, "tls", "%s: %s", path, strerror(errno));
	return err_set(e, FAULT_CONFIG, "tls", "%s: %s", path, gnutls_strerror(rc));
}

static int load_chain(struct tls *t, const char *path, struct err *e)
{
	gnutls_datum_t pem = { NULL, 0 };
	int rc = gnutls_load_file(path, &pem);

	if (rc < 0)
		return refused(e, path, rc);
	t->chain = calloc(CHAIN_MAX, sizeof(*t->chain));
	if (!t->chain)
		diag_oom();
	t->n = CHAIN_MAX;
	rc = gnutls_pcert_list_import_x509_raw(t->chain, &t->n, &pem, GNUTLS_X509_FMT_PEM, 0);
	gnutls_free(pem.data);
	if (rc < 0)
		t->n = 0;
	return rc < 0 ? refused(e, path, rc) : 0;
}

static int load_key(struct tls *t, const char *path, struct err *e)
{
	gnutls_datum_t pem = { NULL, 0 };
	int rc = gnutls_load_file(path, &pem);

	if (rc < 0)
		return refused(e, path, rc);
	rc = gnutls_privkey_init(&t->key);
	if (rc >= 0)
		rc = gnutls_privkey_import_x509_raw(t->key, &pem, GNUTLS_X509_FMT_PEM, NULL, 0);
	gnutls_memset(pem.data, 0, pem.size);
	gnutls_free(pem.data);
	return rc < 0 ? refused(e, path, rc) : 0;
}

/* The certificate is that of the key, or clients would find out. */
static int check_pair(struct tls *t, const char *cert, const char *key, struct err *e)
{
	unsigned char of_cert[64], of_key[64];
	size_t n = sizeof(of_cert), m = sizeof(of_key);
	gnutls_pubkey_t public = NULL;
	int rc = gnutls_pubkey_init(&public);

	if (rc >= 0)
		rc = gnutls_pubkey_get_key_id(t->chain[0].pubkey, 0, of_cert, &n);
	if (rc >= 0)
		rc = gnutls_pubkey_import_privkey(public, t->key, 0, 0);
	if (rc >= 0)
		rc = gnutls_pubkey_get_key_id(public, 0, of_key, &m);
	if (public)
		gnutls_pubkey_deinit(public);
	if (rc < 0)
		return refused(e, key, rc);
	if (n != m || memcmp(of_cert, of_key, n) != 0)
		return err_set(e, FAULT_CONFIG, "tls",
			       "%s: the key is not that of the certificate %s", key, cert);
	return 0;
}

struct tls *tls_load(const char *cert, const char *key, struct err *e)
{
	struct tls *t = calloc(1, sizeof(*t));

	if (!t)
		diag_oom();
	atomic_init(&t->refs, 1);
	if (load_chain(t, cert, e) == 0 && load_key(t, key, e) == 0 && check_pair(t, cert, key, e) == 0)
		return t;
	tls_free(t);
	return NULL;
}

int tls_choose(gnutls_session_t session, const gnutls_datum_t *names, int n_names,
	       const gnutls_pk_algorithm_t *algos, int n_algos, gnutls_pcert_st **chain,
	       unsigned *n, gnutls_privkey_t *key)
{
	struct conn *c = raw_get(gnutls_transport_get_int(session));

	(void)names, (void)n_names, (void)algos, (void)n_algos;
	if (!c || !c->tls)
		return -1;
	*chain = c->tls->chain;
	*n = c->tls->n;
	*key = c->tls->key;
	return 0;
}
