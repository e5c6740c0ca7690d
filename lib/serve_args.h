/* SPDX-License-Identifier: MIT */
/* The options that all services over HTTP have: --listen, --tls-cert, --tls-key, --ready and --verbose. */
#ifndef OMNI_SERVE_ARGS_H
#define OMNI_SERVE_ARGS_H

#include "opt.h"
#include "serve.h"

enum { SERVE_LISTEN_MAX = 32 };

struct serve_args {
	const char *listen[SERVE_LISTEN_MAX];
	int ready; /* descriptor, or -1 */
	bool verbose;
};

/**
 * serve_args_read(s, a, setup, e):
 * Fill ${s}, and in ${setup} where to listen and with which certificate; ${setup} borrows from both.  Return 0, or -1
 * with FAULT_USAGE.
 */
int serve_args_read(struct serve_args *s, const struct args *a, struct serve_setup *setup,
		    struct err *e);

/* ${serve} takes requests: say so to whoever waits for it. */
void serve_args_announce(const struct serve_args *s, const struct serve *serve);

#endif
