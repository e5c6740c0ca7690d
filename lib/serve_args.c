/* SPDX-License-Identifier: MIT */
#include "serve_args.h"

#include "diag.h"
#include "notify.h"

int serve_args_read(struct serve_args *s, const struct args *a, struct serve_setup *setup, struct err *e)
{
	uint64_t ready = 0;
	const char *value;
	unsigned n = 0;

	for (; (value = opt_values(a, "listen", n)) != NULL; n++) {
		if (n == SERVE_LISTEN_MAX)
			return err_set(e, FAULT_USAGE, "usage",
				       "--listen is given more than %d times", SERVE_LISTEN_MAX);
		s->listen[n] = value;
	}
	setup->listen = s->listen;
	setup->n_listen = n;
	setup->cert = opt_value(a, "tls-cert");
	setup->key = opt_value(a, "tls-key");
	if (!setup->cert != !setup->key)
		return err_set(e, FAULT_USAGE, "usage", "--tls-cert and --tls-key need each other");
	if (opt_number(a, "ready", 0, 1 << 20, &ready, e) < 0)
		return -1;
	s->ready = opt_flag(a, "ready") ? (int)ready : -1;
	s->verbose = opt_flag(a, "verbose");
	return 0;
}

void serve_args_announce(const struct serve_args *s, const struct serve *serve)
{
	const char *address;

	for (unsigned i = 0; s->verbose && (address = serve_address(serve, i)) != NULL; i++)
		diag_note("listening on %s", address);
	notify("READY=1");
	if (s->ready >= 0)
		notify_ready(s->ready);
}
