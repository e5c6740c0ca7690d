/* SPDX-License-Identifier: MIT */
/*
 * What the files of the carrier WhatsApp share; no other file includes it.  whatsapp.c holds the
 * vtable, the envelope, the receipts and what concerns the account, whatsapp_message.c the
 * messages, whatsapp_verify.c the signature, whatsapp_error.c the error codes, whatsapp_send.c what is
 * sent, whatsapp_rich.c of that templates and what is offered, whatsapp_judge.c what the answers mean.
 */
#ifndef OMNI_WHATSAPP_H
#define OMNI_WHATSAPP_H

#include "carrier.h"
#include "send.h"

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

/* ---- errors ---- */

/* The class of the error ${code}, a number or a text with one; CAUSE_UNKNOWN if it is not known. */
const char *whatsapp_error(const struct json *code);

/* What ${error}, an object of a webhook or an answer, says to people. */
struct str whatsapp_error_text(struct arena *a, const struct json *error);

/* ---- sending ---- */

extern const char *const whatsapp_send_keys[];

/* The slots. */
int whatsapp_request(const struct dispatch *d, struct submit *out, struct err *e);
void whatsapp_judge(const struct dispatch *d, const struct response *r, struct judgement *j);

/* What is to be uploaded before the part of ${s}, whose record was read, can go; or NULL. */
const struct canon_media *whatsapp_upload(struct sending *s);

/* How long texts are, in UTF-16 units: how Meta counts is not known, and these are never fewer. */
enum {
	WHATSAPP_TEXT = 4096,
	WHATSAPP_CAPTION = 1024, /* and the text of what is offered */
};

/*
 * Append the member that holds ${m}, named for what it is, with the words ${caption}; -1 where it can not be
 * had.  One that was uploaded is known by s->d->carry.
 */
int whatsapp_put_media(struct sending *s, const struct canon_media *m, struct str caption);

/* The member that holds ${m}: image video audio document sticker. */
const char *whatsapp_media_type(const struct canon_media *m);

/* Append the member that holds a template, or what is offered. */
int whatsapp_put_template(struct sending *s);
int whatsapp_put_interactive(struct sending *s);

/* whatsapp_ability.c */
extern const struct ability whatsapp_abilities[];

/* The slot media. */
int whatsapp_source(const struct media_query *q, struct submit *out, struct err *e);

#endif
