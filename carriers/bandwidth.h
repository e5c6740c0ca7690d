/* SPDX-License-Identifier: MIT */
/*
 * What the files of the carrier Bandwidth share; no other file includes it.  bandwidth.c holds the
 * vtable, the answers, the batch, the receipts and what is neither receipt nor message,
 * bandwidth_message.c the messages, bandwidth_verify.c the credentials, bandwidth_error.c the error
 * codes; bandwidth_send.c and bandwidth_rcs.c make requests, bandwidth_judge.c reads their answers.
 */
#ifndef OMNI_BANDWIDTH_H
#define OMNI_BANDWIDTH_H

#include "carrier.h"

/* ---- credentials ---- */

/* What follows the scheme in ${authorization}, if that is Basic; else {NULL, 0}. */
struct str bandwidth_basic(struct str authorization);

/* The slot `open_account`: where proofs are needed, `own` becomes the users, a struct secrets. */
int bandwidth_open(struct conf *conf, struct account *a, const char *path, struct err *e);

/* True if ${a} is one of whose webhooks credentials are expected. */
bool bandwidth_asks(const struct account *a);

/* The slot `verify` of the carrier. */
int bandwidth_verify(const struct accounts *accounts, const struct hook *h, bool explain,
		     struct verdict *v, struct err *e);

/* ---- reading ---- */

enum { BANDWIDTH_TAKEN_MAX = 16 }; /* members of one object that have a place in a record */

/* An object being translated.  What nobody has taken by the end goes into carrier_data. */
struct bandwidth_object {
	const struct json *v;
	struct str taken[BANDWIDTH_TAKEN_MAX];
	size_t n_taken;
	const struct bandwidth_object *inner; /* the one member that is such an object, too; or NULL */
};

/* One event of a batch, and the record that it becomes. */
struct bandwidth_reading {
	struct arena *arena;
	struct canon *c;
	struct bandwidth_object event;   /* the envelope */
	struct bandwidth_object message; /* in it */
	struct bandwidth_object part; /* in the message, the object that this type of event is about */
};

/* Say that the member ${key} of ${o} got its place in the record. */
void bandwidth_taken(struct bandwidth_object *o, const char *key);

/* Make the member ${key} of the message the part of ${r}.  Return false if it is no object. */
bool bandwidth_part(struct bandwidth_reading *r, const char *key);

/* The text or number in the member ${key} of ${o}, taken if it says something; else {NULL, 0}. */
struct str bandwidth_take(struct bandwidth_object *o, const char *key);

/* The time in the member ${key} of ${o}, taken if it is one; else {NULL, 0}. */
struct str bandwidth_time(struct bandwidth_reading *r, struct bandwidth_object *o, const char *key);

/**
 * bandwidth_parties(r, ours):
 * Fill in whom the message is from and to.  ${ours}, if it has a pointer, is the one of our numbers
 * that it came to: the first recipient, the other ones being those who take part beside the sender.
 */
void bandwidth_parties(struct bandwidth_reading *r, struct str ours);

/* The address in ${v} as records have it; {NULL, 0} if it is none. */
struct str bandwidth_address(struct arena *a, const struct json *v);

/* The channel of the message: as it says, else ${usual}, else by what it holds. */
const char *bandwidth_channel(struct bandwidth_reading *r, const char *usual);

/**
 * bandwidth_message(r, type, out):
 * Translate the event of ${type} into a message at the end of ${out}.  Return false, with nothing
 * done, if it is no message or does not say from whom.
 */
bool bandwidth_message(struct bandwidth_reading *r, struct str type, struct canon_list *out);

/* ---- errors ---- */

/*
 * The meaning of ${code}: its own, else that of codes with the same first digit, which has no text.
 */
const struct cause *bandwidth_error(int64_t code);

/* ---- sending ---- */

enum { BANDWIDTH_GROUP_MAX = 10 }; /* recipients of a group MMS */

struct sending;
struct send_part;

/* The slots of the carrier. */
int bandwidth_request(const struct dispatch *d, struct submit *out, struct err *e);
void bandwidth_judge(const struct dispatch *d, const struct response *r, struct judgement *j);

/**
 * bandwidth_media_url(s, m, files, url):
 * Where Bandwidth finds ${m}, into ${url}: a file of ours where it was put, ${files} counting those.
 * Return 0, or -1.
 */
int bandwidth_media_url(struct sending *s, const struct canon_media *m, unsigned *files, struct str *url);

/* Append the members that stand at the end of all requests, and end the request. */
void bandwidth_common(struct sending *s);

/* Make the text of a message that is one of RCS alone, interactive or a location.  Return 0, or -1. */
int bandwidth_rcs_words(struct sending *s);

/* Make the rest of the request for several channels, of which RCS is the only one.  Return 0, or -1. */
int bandwidth_rcs(struct sending *s, const struct send_part *part);

/* bandwidth_ability.c */
extern const struct ability bandwidth_abilities[];

/* The slot media. */
int bandwidth_source(const struct media_query *q, struct submit *out, struct err *e);

#endif
