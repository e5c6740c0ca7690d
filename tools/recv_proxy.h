/* SPDX-License-Identifier: MIT */
/*
 * Who sent a request, and what was called, when there is a proxy in front: X-Forwarded-For, -Proto
 * and -Host.
 */
#ifndef OMNI_RECV_PROXY_H
#define OMNI_RECV_PROXY_H

#include "recv_worker.h"

/**
 * proxy_origin(s, c, base, peer):
 * Set ${base}, unless NULL, to the scheme and host that were called, {NULL, 0} if they are not
 * known, and ${peer} to the address of who called; {NULL, 0} if that is not known.  The headers
 * count only from proxies that ${s} trusts.  Texts live with ${c}.
 */
void proxy_origin(const struct service *s, const struct call *c, struct str *base, struct str *peer);

#endif
