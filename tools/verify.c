/* SPDX-License-Identifier: MIT */
#include "verify.h"

/* The accounts to try: all of the carrier's, or the one that the webhook's path named. */
static int choose(const struct carrier_conf *c, const struct hook *h, struct accounts *out, struct err *e)
{
	struct account *named;

	*out = c->accounts;
	if (out->n == 0)
		return err_set(e, FAULT_DENIED, "account-unknown",
			       "no account of %.*s is configured", STR_FMT(h->carrier));
	if (!h->account.n)
		return 0;
	named = carrier_account(c, h->account);
	if (!named)
		return err_set(e, FAULT_DENIED, "account-unknown",
			       "%.*s has no account \"%.*s\" in the configuration",
			       STR_FMT(h->carrier), STR_FMT(h->account));
	*out = (struct accounts){ named, 1 };
	return 0;
}

int verify_hook(const struct carrier_conf *c, const struct hook *h, bool explain, struct verdict *v,
		struct err *e)
{
	struct accounts chosen;

	if (choose(c, h, &chosen, e) < 0)
		return -1;
	return c->carrier->verify(&chosen, h, explain, v, e);
}
