/* SPDX-License-Identifier: MIT */
/* What the files share that play WhatsApp in the sandbox: sandbox_whatsapp_hook.c has its callbacks. */
#ifndef OMNI_SANDBOX_WHATSAPP_H
#define OMNI_SANDBOX_WHATSAPP_H

#include "sandbox.h"

enum { WA_ACCESS, WA_SECRET }; /* its keys */

/* Its errors, with their titles. */
extern const struct trouble box_whatsapp_troubles[];

/* The digits of ${s}, which may have "+" and separators in it; {NULL, 0} if there is anything else. */
struct str box_whatsapp_digits(struct arena *a, struct str s);

/* A message's id, the ${which}-th that is made for the visit. */
struct str box_whatsapp_new_id(const struct visit *v, unsigned which);

bool box_whatsapp_receipt(struct callback *c, const struct box_message *m, const struct receipt *r);
bool box_whatsapp_inbound(struct callback *c, const struct box_message *m);
void box_whatsapp_arrive(struct visit *v, struct box_message *m);

#endif
