/* SPDX-License-Identifier: MIT */
/*
 * What the files of the carrier WhatsApp share; no other file includes it.  whatsapp.c holds the
 * vtable, the envelope, the receipts and what concerns the account, whatsapp_message.c the
 * messages, whatsapp_verify.c the signature.
 */
#ifndef OMNI_WHATSAPP_H
#define OMNI_WHATSAPP_H

#include "carrier.h"

/* What the elements of one changes[].value have in common. */
struct whatsapp_value {
	struct canon_list *out;
	struct str account;          /* phone_number_id */
	struct str number;           /* ours, E.164 */
	const struct json *contacts; /* an array, or NULL */
};

/* The slot verify. */
int whatsapp_verify(const struct accounts *accounts, const struct hook *h, bool explain,
		    struct verdict *v, struct err *e);

/* Translate ${m}, an element of messages[]. */
void whatsapp_message(const struct whatsapp_value *v, const struct json *m);

/**
 * whatsapp_event(out, event, member, value):
 * Add an event to which the carrier gives no id, with ${value}, if not NULL, in its carrier_data
 * under ${member}.  Return it.
 */
struct canon *whatsapp_event(struct canon_list *out, const char *event, const char *member,
			     const struct json *value);

/* The time in ${timestamp}, seconds since 1970 as text or number; {NULL, 0} if it is none. */
struct str whatsapp_time(struct arena *a, const struct json *timestamp);

/* The element of contacts[] with the wa_id ${wa_id} or the user_id ${user}, or NULL. */
const struct json *whatsapp_contact(const struct json *contacts, struct str wa_id, struct str user);

/* What to call the user of ${contact}; {NULL, 0} if nothing is said. */
struct str whatsapp_name(const struct json *contact);

#endif
