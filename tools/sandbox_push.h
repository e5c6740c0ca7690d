/* SPDX-License-Identifier: MIT */
/* What the push services that the sandbox plays have in common. */
#ifndef OMNI_SANDBOX_PUSH_H
#define OMNI_SANDBOX_PUSH_H

#include "crypto_key.h"
#include "sandbox.h"

/* A JSON Web Token, taken apart; nothing of it has been checked. */
struct box_token {
	const struct json *head, *claims;
	struct str signed_text, signature;
};

/* Return false if ${text} is none. */
bool box_token(struct visit *v, struct str text, struct box_token *t);

/* True if the key that the account has under its first key, PEM, signed ${t}. */
bool box_token_by(const struct box_account *a, const struct box_token *t);

/* A notification for ${to} is taken. */
struct box_message *box_push(struct visit *v, struct str to);

#endif
