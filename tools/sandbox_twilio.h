/* SPDX-License-Identifier: MIT */
/* What the files share that play Twilio in the sandbox: sandbox_twilio_hook.c has its callbacks. */
#ifndef OMNI_SANDBOX_TWILIO_H
#define OMNI_SANDBOX_TWILIO_H

#include "sandbox.h"

enum { TW_TOKEN, TW_KEY_SID, TW_KEY_SECRET }; /* its keys */

/* An address without "whatsapp:", "rcs:", …; ${channel} says which it was. */
struct str box_twilio_bare(struct str address, struct str *channel);

/* The words of Twilio for our statuses. */
struct str box_twilio_word(struct str status);

bool box_twilio_receipt(struct callback *c, const struct box_message *m, const struct receipt *r);
bool box_twilio_inbound(struct callback *c, const struct box_message *m);
void box_twilio_arrive(struct visit *v, struct box_message *m);

#endif
