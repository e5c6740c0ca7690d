/* SPDX-License-Identifier: MIT */
#include "tls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "cidr.h"
#include "crypto_key.h"
#include "diag.h"

struct tls {
	SSL_CTX *ctx;
};

struct tls_ticket {
	SSL_SESSION *session;
};

struct tls_link {
	SSL *ssl;
	struct tls_ticket **ticket;
	bool broken; /* nothing can be said any more */
	char why[160];
};

void tls_forget(struct tls_ticket **ticket)
{
	if (*ticket) {
		SSL_SESSION_free((*ticket)->session);
		free(*ticket);
	}
	*ticket = NULL;
}

/* A server gave a ticket: the last one is the one that is kept. */
static int on_ticket(SSL *ssl, SSL_SESSION *session)
{
	struct tls_link *l = SSL_get_app_data(ssl);

	if (!l || !l->ticket)
		return 0;
	tls_forget(l->ticket);
	*l->ticket = malloc(sizeof(**l->ticket));
	if (!*l->ticket)
		diag_oom();
	(*l->ticket)->session = session;
	return 1; /* it is ours */
}

struct tls *tls_new(const char *ca, struct err *e)
{
	struct tls *t = calloc(1, sizeof(*t));
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (!t || !ctx)
		diag_oom();
	t->ctx = ctx;
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_default_passwd_cb(ctx, key_no_password);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS);
	/* Several small records come with one call of the system. */
	SSL_CTX_set_read_ahead(ctx, 1);
	SSL_CTX_set_default_read_buffer_len(ctx, TLS_READ_BYTES);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(ctx, on_ticket);
	if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
	    (ca ? SSL_CTX_load_verify_file(ctx, ca) : SSL_CTX_set_default_verify_paths(ctx)) == 1) {
		ERR_clear_error();
		return t;
	}
	err_set(e, FAULT_CONFIG, "config", "certificates to trust: %s: %s",
		ca ? ca : "the system's", "they can not be read, or are none in PEM form");
	ERR_clear_error();
	tls_free(t);
	return NULL;
}

void tls_free(struct tls *t)
{
	if (!t)
		return;
	SSL_CTX_free(t->ctx);
	free(t);
}

/* Who it must be.  False: OpenSSL has no memory. */
static bool expect(SSL *ssl, const char *host)
{
	struct address a;

	if (address_read(str_c(host), &a) == 0)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

static int introduce(SSL *ssl, const struct tls_peer *peer, struct err *e)
{
	const char *key = peer->key ? peer->key : peer->cert;

	if (!peer->cert)
		return 0;
	if (SSL_use_certificate_chain_file(ssl, peer->cert) == 1 &&
	    SSL_use_PrivateKey_file(ssl, key, SSL_FILETYPE_PEM) == 1 && SSL_check_private_key(ssl) == 1)
		return 0;
	ERR_clear_error();
	return err_set(e, FAULT_CONFIG, "certificate",
		       "%s: the certificate or its key can not be read, or do not belong together",
		       peer->cert);
}

struct tls_link *tls_connect(struct tls *t, int fd, const struct tls_peer *peer, struct err *e)
{
	struct tls_link *l = calloc(1, sizeof(*l));

	if (!l || !(l->ssl = SSL_new(t->ctx)))
		diag_oom();
	l->ticket = peer->ticket;
	SSL_set_app_data(l->ssl, l);
	if (!expect(l->ssl, peer->host) || SSL_set_fd(l->ssl, fd) != 1 ||
	    (peer->n_alpn > 0 && SSL_set_alpn_protos(l->ssl, peer->alpn, peer->n_alpn) != 0)) {
		ERR_clear_error();
		err_set(e, FAULT_CONFIG, "unavailable", "no certificate can be for this host");
		goto fail;
	}
	if (introduce(l->ssl, peer, e) < 0)
		goto fail;
	if (peer->ticket && *peer->ticket)
		SSL_set_session(l->ssl, (*peer->ticket)->session);
	SSL_set_connect_state(l->ssl);
	return l;
fail:
	l->broken = true;
	tls_end(l);
	return NULL;
}

void tls_end(struct tls_link *l)
{
	if (!l)
		return;
	ERR_clear_error();
	if (!l->broken && SSL_is_init_finished(l->ssl))
		SSL_shutdown(l->ssl);
	SSL_free(l->ssl);
	ERR_clear_error();
	free(l);
}

/* What the last call came to. */
static enum tls_end ended(struct tls_link *l, int rc)
{
	int why = SSL_get_error(l->ssl, rc), system = errno;
	unsigned long code;

	if (why == SSL_ERROR_WANT_READ)
		return TLS_READ;
	if (why == SSL_ERROR_WANT_WRITE)
		return TLS_WRITE;
	if (why == SSL_ERROR_ZERO_RETURN)
		return TLS_CLOSED;
	l->broken = true;
	code = ERR_peek_error();
	if (why == SSL_ERROR_SSL && ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
		ERR_clear_error();
		return TLS_CLOSED;
	}
	if (why == SSL_ERROR_SYSCALL)
		snprintf(l->why, sizeof(l->why), "%s", system ? strerror(system) : "it was closed");
	else if (SSL_get_verify_result(l->ssl) != X509_V_OK)
		snprintf(l->why, sizeof(l->why), "its certificate is not accepted: %s",
			 X509_verify_cert_error_string(SSL_get_verify_result(l->ssl)));
	else
		snprintf(l->why, sizeof(l->why), "TLS: %s",
			 ERR_reason_error_string(code) ? ERR_reason_error_string(code) : "failed");
	ERR_clear_error();
	return TLS_FAILED;
}

enum tls_end tls_handshake(struct tls_link *l)
{
	int rc;

	ERR_clear_error();
	errno = 0;
	rc = SSL_do_handshake(l->ssl);
	return rc == 1 ? TLS_DONE : ended(l, rc);
}

struct str tls_alpn(const struct tls_link *l)
{
	const unsigned char *p = NULL;
	unsigned n = 0;

	SSL_get0_alpn_selected(l->ssl, &p, &n);
	return (struct str){ (const char *)p, n };
}

enum tls_end tls_read(struct tls_link *l, void *p, size_t n, size_t *done)
{
	int rc;

	ERR_clear_error();
	errno = 0;
	rc = SSL_read_ex(l->ssl, p, n, done);
	return rc == 1 ? TLS_DONE : ended(l, rc);
}

enum tls_end tls_write(struct tls_link *l, const void *p, size_t n, size_t *done)
{
	int rc;

	ERR_clear_error();
	errno = 0;
	rc = SSL_write_ex(l->ssl, p, n, done);
	return rc == 1 ? TLS_DONE : ended(l, rc);
}

const char *tls_why(const struct tls_link *l)
{
	return l->why;
}
