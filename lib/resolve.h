/* SPDX-License-Identifier: MIT */
/*
 * Looking up the addresses of a host without waiting for it: getaddrinfo(3) in a thread for each name.  An address is its own
 * answer, at once.
 */
#ifndef OMNI_RESOLVE_H
#define OMNI_RESOLVE_H

#include <netdb.h>

#include "bytes.h"
#include "err.h"

struct resolve;

/**
 * resolve_start(host, port, e):
 * Begin to look up ${host}, a name or an address, one of IPv6 with or without brackets.  Return owned, or NULL with FAULT_TEMP: no host
 * can have this name, too many are being looked up, or the system has no threads or descriptors left.
 */
struct resolve *resolve_start(struct str host, unsigned port, struct err *e);

/* Readable when there is an answer. */
int resolve_fd(const struct resolve *r);

bool resolve_ready(const struct resolve *r);

/* When it is ready: its addresses, of stream sockets; they live as long as ${r}.  NULL if there are none: resolve_why tells. */
const struct addrinfo *resolve_list(const struct resolve *r);
const char *resolve_why(const struct resolve *r);

/* Release ${r}, answered or not: the thread of one that is not ends by itself.  NULL is legal. */
void resolve_drop(struct resolve *r);

#endif
