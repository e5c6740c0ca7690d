/* SPDX-License-Identifier: MIT */
/* The callbacks of MessageBird as the sandbox plays it: sandbox_messagebird_hook.c. */
#ifndef OMNI_SANDBOX_MESSAGEBIRD_H
#define OMNI_SANDBOX_MESSAGEBIRD_H

#include "sandbox.h"

/* The generations of its API, in `extra` of a message. */
#define MB_REST          "rest"
#define MB_CONVERSATIONS "conversations"
#define MB_CHANNELS      "channels"
#define MB_PLATFORM      "platform"

enum { MB_ACCESS, MB_SIGNING }; /* its keys */

bool messagebird_receipt(struct callback *c, const struct box_message *m, const struct receipt *r);
bool messagebird_inbound(struct callback *c, const struct box_message *m);
void messagebird_arrive(struct visit *v, struct box_message *m);

#endif
