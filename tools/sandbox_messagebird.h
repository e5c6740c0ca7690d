/* SPDX-License-Identifier: MIT */
/* What the files share that play MessageBird. */
#ifndef OMNI_SANDBOX_MESSAGEBIRD_H
#define OMNI_SANDBOX_MESSAGEBIRD_H

#include "sandbox.h"

/* The generations of its API, in `extra` of a message. */
#define MB_REST          "rest"
#define MB_CONVERSATIONS "conversations"
#define MB_CHANNELS      "channels"
#define MB_PLATFORM      "platform"

enum { MB_ACCESS, MB_SIGNING }; /* its keys */

/* The part ${i} of the path behind the name of a host, which stands in front of it where one address is for all. */
struct str mb_seg(const struct visit *v, unsigned i);

/* Answer with an error as the generation has it, ${parameter} NULL or its cause.  Return false. */
bool mb_fail(struct visit *v, int status, int64_t code, const char *text, const char *parameter);

/* ---- sandbox_bird.c ---- */

/* A message over Channels, over the platform; a place for a file, and the file put there. */
void bird_channels(struct visit *v);
void bird_platform(struct visit *v);
void bird_presign(struct visit *v);
void bird_put_file(struct visit *v);

/* ---- the callbacks: sandbox_messagebird_hook.c ---- */

bool messagebird_receipt(struct callback *c, const struct box_message *m, const struct receipt *r);
bool messagebird_inbound(struct callback *c, const struct box_message *m);
void messagebird_arrive(struct visit *v, struct box_message *m);

#endif
