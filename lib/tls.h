/* SPDX-License-Identifier: MIT */
/*
 * The door to TLS as a client: OpenSSL over a socket that does not block.  The other side is verified: its chain, and that it is
 * the host that was asked for; TLS 1.2 or later.  The program must ignore SIGPIPE, as those with effects do.
 */
#ifndef OMNI_TLS_H
#define OMNI_TLS_H

#include "err.h"
#include "limit.h"

struct tls;        /* what connections have in common */
struct tls_link;   /* a connection */
struct tls_ticket; /* what makes the next connection to the same server cheaper */

struct tls_peer {
	const char *host; /* a name, or an address without brackets */
	const char *cert, *key; /* by which we are known there, PEM files, read anew for each connection; NULL: none */
	const unsigned char *alpn; /* what is offered, as RFC 7301 has it on the wire, and its length */
	unsigned n_alpn;
	/* Where the ticket is, or NULL: used, and put there; outlives the connection.  tls_forget releases it. */
	struct tls_ticket **ticket;
};

enum tls_end {
	TLS_DONE,
	TLS_READ,   /* again when there is something to be read */
	TLS_WRITE,  /* again when there is room for writing */
	TLS_CLOSED, /* the other side has ended the connection */
	TLS_FAILED, /* tls_why tells */
};

/**
 * tls_new(ca, e):
 * ${ca}: a file of certificates to trust in the place of the system's (SSL_CERT_FILE and SSL_CERT_DIR, as OpenSSL has it), or NULL.
 * Return owned, or NULL with FAULT_CONFIG.
 */
struct tls *tls_new(const char *ca, struct err *e);
void tls_free(struct tls *t); /* NULL is legal */

/**
 * tls_connect(t, fd, peer, e):
 * A connection over ${fd}, which stays the caller's.  Texts of ${peer} are not kept.  Return owned, or NULL with FAULT_CONFIG: its
 * certificate or key can not be read.
 */
struct tls_link *tls_connect(struct tls *t, int fd, const struct tls_peer *peer, struct err *e);

/* Say goodbye if that is possible without waiting, and release ${l}; NULL is legal. */
void tls_end(struct tls_link *l);

enum tls_end tls_handshake(struct tls_link *l);

/* After TLS_DONE: what the server chose of what was offered; {NULL, 0} if it chose nothing. */
struct str tls_alpn(const struct tls_link *l);

/* Up to ${n} bytes, at least one if it is TLS_DONE: ${done} of them. */
enum tls_end tls_read(struct tls_link *l, void *p, size_t n, size_t *done);
enum tls_end tls_write(struct tls_link *l, const void *p, size_t n, size_t *done);

/* Why it failed, in words of OpenSSL. */
const char *tls_why(const struct tls_link *l);

void tls_forget(struct tls_ticket **ticket);

#endif
