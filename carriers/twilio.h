/* SPDX-License-Identifier: MIT */
/*
 * What the files of the carrier Twilio share; no other file includes it.  twilio.c holds the
 * vtable, the statuses and what is neither status nor message, twilio_message.c the messages,
 * twilio_params.c the parameters that both are read from, twilio_verify.c the signature,
 * twilio_explain.c why one fails, twilio_error.c the error codes, twilio_send.c what is sent, twilio_content.c
 * templates and what is offered, twilio_judge.c what the answers mean.
 */
#ifndef OMNI_TWILIO_H
#define OMNI_TWILIO_H

#include "carrier.h"
#include "form.h"
#include "send.h"

/* ---- signature ---- */

/* Where the parameters of a request are, and so what its signature covers. */
enum twilio_shape {
	TWILIO_QUERY, /* GET: in the query, signed as part of the URL */
	TWILIO_FORM,  /* a form body: signed field by field after the URL */
	TWILIO_BODY,  /* any other body: the signed URL holds its hash in bodySHA256 */
};

enum twilio_shape twilio_shape(const struct hook *h);

/* The slot `verify` of the carrier. */
int twilio_verify(const struct accounts *accounts, const struct hook *h, bool explain,
		  struct verdict *v, struct err *e);

/* What twilio_verify knows of a request whose signature it checks. */
struct twilio_proof {
	const struct hook *hook;
	enum twilio_shape shape;
	struct str signature; /* decoded: the digest that must come out */
	struct form form;     /* TWILIO_FORM: its fields as they came */
	struct str tail;      /* what is signed after the URL */
};

/* The URL that Twilio called if it calls ${a} at its public_url; lives in the arena of ${h}. */
struct str twilio_url(const struct account *a, const struct hook *h);

/* True if ${a} may be the one that was called with the AccountSid ${sid}; {NULL, 0} may be any. */
bool twilio_candidate(const struct account *a, struct str sid);

/* The ${n} ${fields} as they are signed: sorted, each distinct pair once, nothing in between. */
struct str twilio_tail(struct arena *a, const struct field *fields, size_t n);

/* True if ${mac} signs ${url} and ${tail} with the signature of ${p}. */
bool twilio_signs(struct mac *mac, const struct twilio_proof *p, struct str url, struct str tail);

/**
 * twilio_explain(p, accounts, sid, e):
 * Look for the small difference (another port or scheme, a dropped field, another account's token)
 * with which the signature of ${p} would hold, and append it to the text of ${e}; if none is found,
 * say where to look.  Costs a bounded number of MACs.
 */
void twilio_explain(const struct twilio_proof *p, const struct accounts *accounts, struct str sid,
		    struct err *e);

/* ---- parameters ---- */

enum {
	TWILIO_MEDIA_MAX = 32, /* of one message; Twilio sends 10 at most, the rest is carrier_data */
	TWILIO_ESCAPE_MAX = 6, /* bytes that one byte can need in JSON: \u0000 */
	TWILIO_PAIR_EXTRA = 8, /* quotes, colon, comma and brackets of a pair in JSON */
};

/* The parameters that have a place in a record, in order of length, then of bytes. */
enum twilio_param {
	PARAM_TO,
	PARAM_BODY,
	PARAM_FROM,
	PARAM_LABEL,
	PARAM_LIST_ID,
	PARAM_SMS_SID,
	PARAM_ADDRESS,
	PARAM_FLOW_DATA,
	PARAM_LATITUDE,
	PARAM_NUM_MEDIA,
	PARAM_ERROR_CODE,
	PARAM_FORWARDED,
	PARAM_LIST_TITLE,
	PARAM_LONGITUDE,
	PARAM_SMS_STATUS,
	PARAM_ACCOUNT_SID,
	PARAM_BUTTON_TEXT,
	PARAM_MESSAGE_SID,
	PARAM_OPT_OUT_TYPE,
	PARAM_MESSAGE_TYPE,
	PARAM_PROFILE_NAME,
	PARAM_ERROR_MESSAGE,
	PARAM_REFERRAL_BODY,
	PARAM_BUTTON_PAYLOAD,
	PARAM_MESSAGE_STATUS,
	PARAM_SMS_MESSAGE_SID,
	PARAM_INTERACTIVE_DATA,
	PARAM_REFERRAL_MEDIA_ID,
	PARAM_REFERRAL_CTWA_CLID,
	PARAM_REFERRAL_HEADLINE,
	PARAM_REFERRAL_MEDIA_URL,
	PARAM_REFERRAL_NUM_MEDIA,
	PARAM_REFERRAL_SOURCE_ID,
	PARAM_REFERRAL_SOURCE_URL,
	PARAM_REFERRAL_SOURCE_TYPE,
	PARAM_FREQUENTLY_FORWARDED,
	PARAM_CHANNEL_STATUS_MESSAGE,
	PARAM_REFERRAL_MEDIA_CONTENT_TYPE,
	PARAM_ORIGINAL_REPLIED_MESSAGE_SID,
	PARAM_COUNT
};

/* A request being translated.  What nobody has taken by the end goes into carrier_data. */
struct twilio_reading {
	const struct hook *hook;
	struct arena *arena;
	enum twilio_shape shape; /* TWILIO_QUERY or TWILIO_FORM */
	struct form form;
	bool *taken;                      /* of each field; those that are empty are */
	struct field *known[PARAM_COUNT]; /* the first field of each name */
	struct field *url[TWILIO_MEDIA_MAX], *mime[TWILIO_MEDIA_MAX]; /* MediaUrl0…, MediaContentType0… */
	const char *channel; /* as an address says it, or NULL */
};

/**
 * twilio_read(r, e):
 * Read the parameters of r->hook; what is not UTF-8 in them is replaced by U+FFFD.  Return 0, or -1
 * with FAULT_DATA.
 */
int twilio_read(struct twilio_reading *r, struct err *e);

/* The value of ${param}; {NULL, 0} if it is empty or not there. */
struct str twilio_peek(const struct twilio_reading *r, enum twilio_param param);

/* The same for a value that gets its place in the record. */
struct str twilio_take(struct twilio_reading *r, enum twilio_param param);
struct str twilio_take_field(struct twilio_reading *r, struct field *f);

/* Take ${param} if it only says ${value}, which the record says already. */
void twilio_take_same(struct twilio_reading *r, enum twilio_param param, struct str value);

/* The id of the message, under any of its names. */
struct str twilio_sid(const struct twilio_reading *r);

/* Fill in what messages and statuses share: ids, account and parties. */
void twilio_common(struct twilio_reading *r, struct canon *c);

/* All that nobody took, as one JSON object; {NULL, 0} if that is nothing. */
struct str twilio_rest(struct twilio_reading *r);

/* A buf of ${n} bytes that never grows, in ${a}. */
struct buf twilio_room(struct arena *a, size_t n);

/* Translate a message. */
void twilio_message(struct twilio_reading *r, struct canon_list *out);

/* ---- errors ---- */

/* The meaning of ${code}, or NULL if it is not known. */
const struct cause *twilio_error(uint64_t code);

/* ---- sending ---- */

extern const char *const twilio_send_keys[];

/* The slots. */
int twilio_request(const struct dispatch *d, struct submit *out, struct err *e);
void twilio_judge(const struct dispatch *d, const struct response *r, struct judgement *j);

/* Have the account's API key, else its auth token, prove the request.  0, or -1 "send-unconfigured". */
int twilio_auth(struct sending *s);

/* Begin a message: parties, and what goes with each.  The first part alone has what is said once. */
int twilio_begin(struct sending *s);

/* The types template and interactive. */
int twilio_template(struct sending *s);
int twilio_interactive(struct sending *s);

/* True if ${s}, whose record was read, is at the step that makes a template of what is offered. */
bool twilio_makes_content(const struct sending *s);

/* The type text: for a template that goes as its words. */
int twilio_text(struct sending *s);

/* twilio_ability.c */
extern const struct ability twilio_abilities[];

/* The slot media. */
int twilio_source(const struct media_query *q, struct submit *out, struct err *e);

#endif
