/* SPDX-License-Identifier: MIT */
/* What the files share that play Bandwidth in the sandbox: sandbox_bandwidth_hook.c has its callbacks. */
#ifndef OMNI_SANDBOX_BANDWIDTH_H
#define OMNI_SANDBOX_BANDWIDTH_H

#include "sandbox.h"

enum { BW_USER, BW_PASSWORD, BW_HOOK_USER, BW_HOOK_PASSWORD, BW_ACCOUNT }; /* its keys */

/* Of a refusal and of a receipt; the latter have no HTTP status of their own. */
extern const struct trouble box_bandwidth_troubles[];

/* A message's id, the ${which}-th that is made for the visit. */
struct str box_bandwidth_new_id(const struct visit *v, unsigned which);

bool box_bandwidth_receipt(struct callback *c, const struct box_message *m, const struct receipt *r);
bool box_bandwidth_inbound(struct callback *c, const struct box_message *m);
void box_bandwidth_arrive(struct visit *v, struct box_message *m);

#endif
