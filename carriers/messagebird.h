/* SPDX-License-Identifier: MIT */
/*
 * What the files of the carrier MessageBird share; no other file includes it.  Under its name go
 * four generations: SMS and Conversations of MessageBird, Channels and the platform of Bird.
 * messagebird.c holds the vtable, the answer, what is read from where, and what is unknown;
 * messagebird_sms.c, messagebird_conversation.c, messagebird_channel.c and messagebird_platform.c
 * translate one generation each; messagebird_verify.c has the accounts, messagebird_profile.c the
 * ways to prove webhooks, messagebird_jwt.c the tokens, messagebird_explain.c why a proof fails,
 * messagebird_error.c the words of statuses and the codes of errors.  messagebird_send.c makes requests
 * of SMS and of the platform, messagebird_send_conversation.c and messagebird_send_channel.c those of the
 * other two; messagebird_judge.c reads the answers.
 */
#ifndef OMNI_MESSAGEBIRD_H
#define OMNI_MESSAGEBIRD_H

#include "carrier.h"

/* ---- proof ---- */

struct messagebird_profile;

/* account.own: how the webhooks of an account are proved. */
struct messagebird_own {
	const struct messagebird_profile *profile;
	int64_t past, future; /* seconds that a proof may be older or newer than the webhook */
	bool check_url;       /* profile "jwt": the token must be for our URL */
	struct mac *sha384[SECRETS_PER_KEY], *sha512[SECRETS_PER_KEY]; /* profile "jwt": beside proof.mac */
};

/* What a request brings to prove itself, as read by one profile. */
struct messagebird_proof {
	const struct hook *hook;
	struct arena *arena;
	struct str body, digest; /* digest: SHA-256 of the body */
	struct str signature;    /* decoded, but for profile "bird-std": the header */
	struct str time, id;     /* as the headers have them, where there are any */
	int64_t seconds;         /* the value of `time` */
	struct str queries[3]; /* profile "legacy": the forms in which the query may have been signed */
	size_t n_queries;
	struct str token, claims; /* profile "jwt": what is signed, and the claims in it, decoded */
	enum hash hash;
};

/* One way to prove webhooks. */
struct messagebird_profile {
	const char *name, *scheme; /* in the configuration, in `verified` */
	const char *header;        /* that the signature comes in */
	int64_t past, future;      /* seconds, unless configured */
	/* Read the headers; return 0, or -1 with a proof that is missing or malformed. */
	int (*read)(struct messagebird_proof *p, struct err *e);
	/* True if ${m} signs it, called as ${url}. */
	bool (*signs)(const struct messagebird_proof *p, struct mac *m, struct str url);
	/*
	 * Whether what ${v} says was signed holds for this request, and covers all of it.  Return
	 * 0, or -1.
	 */
	int (*check)(const struct messagebird_proof *p, struct verdict *v, bool explain, struct err *e);
};

/* Accounts that may have signed a webhook. */
struct messagebird_signers {
	const struct account **list;
	size_t n;
};

/* The slots of the carrier. */
int messagebird_open(struct conf *conf, struct account *a, const char *path, struct err *e);
void messagebird_close(struct account *a);
int messagebird_verify(const struct accounts *accounts, const struct hook *h, bool explain,
		       struct verdict *v, struct err *e);

/* The profile of ${a}. */
const struct messagebird_profile *messagebird_profile(const struct account *a);

/* The first of all profiles; the last one has no name. */
const struct messagebird_profile *messagebird_profiles(void);

/* Ready a key with the text ${secret} for ${profile}; owned, or NULL if it can not be one. */
struct mac *messagebird_key(const struct messagebird_profile *profile, enum hash hash,
			    struct str secret, struct arena *a);

/* The ${k}-th key of ${a} for the hash of ${p}. */
struct mac *messagebird_mac(const struct account *a, int k, const struct messagebird_proof *p);

/* Make ${body} what ${p} is about. */
void messagebird_body(struct messagebird_proof *p, struct str body);

/*
 * The URL that MessageBird called if it calls ${a}; and without its port, where that is the
 * scheme's own, else {NULL, 0}.
 */
struct str messagebird_url(const struct account *a, const struct hook *h);
struct str messagebird_portless(struct arena *a, struct str url);

/* The parts of profile "jwt". */
int messagebird_jwt_read(struct messagebird_proof *p, struct err *e);
bool messagebird_jwt_signs(const struct messagebird_proof *p, struct mac *m, struct str url);
int messagebird_jwt_check(const struct messagebird_proof *p, struct verdict *v, bool explain,
			  struct err *e);

/**
 * messagebird_explain(p, who, all, e):
 * Look for the small difference with which one of ${who}, all of one profile, or another one of
 * ${all} would have signed ${p}, and append it to the text of ${e}; if none is found, say where to
 * look.  Costs a bounded number of MACs.
 */
void messagebird_explain(const struct messagebird_proof *p, const struct messagebird_signers *who,
			 const struct accounts *all, struct err *e);

/*
 * The difference, in words, with which ${url} would have the SHA-256 ${hex}; {NULL, 0} if it is
 * none that is looked for.
 */
struct str messagebird_explain_url(struct arena *a, const struct hook *h, struct str url, struct str hex);

/* ---- reading ---- */

enum {
	MESSAGEBIRD_MEDIA_MAX = 32, /* of one message; the rest is carrier_data */
};

/* A webhook being translated.  What nobody has taken by the end goes into carrier_data. */
struct messagebird_reading {
	const struct hook *hook;
	struct arena *arena;
	struct canon_list *out;
	struct canon *c;
	const struct json *root; /* an object */
	struct leftover left;
};

/* The object or array in the member ${key} of ${o}, opened; NULL if it is neither. */
const struct json *messagebird_part(struct messagebird_reading *r, const struct json *o, const char *key);

/* The text or number in the member ${key} of ${o}, taken if it says something; else {NULL, 0}. */
struct str messagebird_take(struct messagebird_reading *r, const struct json *o, const char *key);

/* Take that member if it only says ${value}, which the record says already. */
void messagebird_take_same(struct messagebird_reading *r, const struct json *o, const char *key,
			   struct str value);

/* The time in that member, taken if it is one; else {NULL, 0}. */
struct str messagebird_time(struct messagebird_reading *r, const struct json *o, const char *key);

/* A new record of ${kind}. */
struct canon *messagebird_new(struct messagebird_reading *r, enum canon_kind kind);

/* ${address} on ${channel}: a number gets its plus, an id stays as it is. */
struct str messagebird_address(struct arena *a, const char *channel, struct str address);

/* The name of the channel ${word}; what is a sandbox there is none here. */
const char *messagebird_channel(struct arena *a, struct str word);

/* Add a medium to the record, in which there is room. */
struct canon_media *messagebird_media(struct messagebird_reading *r, const char *kind);
bool messagebird_media_full(const struct messagebird_reading *r);

/* A coordinate, written as a number or as text that is one, as JSON; {NULL, 0} if it is neither. */
struct str messagebird_coordinate(struct arena *a, const struct json *v);

/* Put what nobody took into the record. */
void messagebird_rest(struct messagebird_reading *r);

/* The whole of the webhook as an event of the carrier's own, about ${id}, if that has a pointer. */
void messagebird_unsupported(struct messagebird_reading *r, struct str id, struct str suffix);

/*
 * The id of our account that the webhook ${root} names: its channel, its workspace; {NULL, 0} if it
 * names none.
 */
struct str messagebird_account(const struct json *root);

/*
 * Translate a webhook of one generation.  Return false, with nothing done, if it is none;
 * messagebird_sms may fail with ${e} filled, which returns true as well.
 */
bool messagebird_sms(struct messagebird_reading *r, struct err *e);
bool messagebird_conversation(struct messagebird_reading *r);
bool messagebird_channels(struct messagebird_reading *r);
bool messagebird_platform(struct messagebird_reading *r);

/* ---- statuses and errors ---- */

/**
 * messagebird_become(r, word, v):
 * Give the record the status, or the event, that ${word} in the member ${v} means, and error.class
 * where it says that; ${v} is taken if the record says as much.  The record, which is the last one,
 * has its other members already.
 */
void messagebird_become(struct messagebird_reading *r, struct str word, const struct json *v);

/* Whose errors a code is one of. */
enum messagebird_codes {
	MESSAGEBIRD_DELIVERY,     /* statusErrorCode of SMS */
	MESSAGEBIRD_CONVERSATION, /* message.error.code of channels other than SMS */
	MESSAGEBIRD_FAILURE,      /* failure.code of Channels */
};

/* The meaning of ${code}, or NULL if it is not known. */
const struct cause *messagebird_error(enum messagebird_codes codes, int64_t code);

/* The class of an error of the platform, whose codes are words; "unknown" if it is not known. */
const char *messagebird_word_class(struct str code);

/*
 * Add the event that the person in ${address} wants no more messages, as the status that is the
 * last record said.
 */
void messagebird_opt_out(struct messagebird_reading *r, struct str address);

/* ---- sending ---- */

struct send_room;
struct sending;

/* What an account sends over: it follows from its profile, and whether it has a channel. */
enum messagebird_api {
	MESSAGEBIRD_SMS,
	MESSAGEBIRD_CONVERSATIONS,
	MESSAGEBIRD_CHANNELS,
	MESSAGEBIRD_PLATFORM,
};

enum messagebird_api messagebird_api(const struct account *a);

/* The slots of the carrier, and the first one of two of the generations. */
int messagebird_request(const struct dispatch *d, struct submit *out, struct err *e);
int messagebird_conversation_request(const struct dispatch *d, struct submit *out, struct err *e);
int messagebird_channels_request(const struct dispatch *d, struct submit *out, struct err *e);
void messagebird_judge(const struct dispatch *d, const struct response *r, struct judgement *j);

/* Prove the request with the access key.  Return 0, or -1. */
int messagebird_auth(struct sending *s);

/* The text ${key} in carrier_data.messagebird; {NULL, 0} without one. */
struct str messagebird_extra(const struct sending *s, const char *key);

/* The text of the record, and what the place is called, in lines; {NULL, 0} if there is neither. */
struct str messagebird_place_words(const struct sending *s);

/* Append the member ${key}: where the place is. */
void messagebird_put_place(struct sending *s, const char *key);

/* As many characters as ${parts} messages of SMS have, in the encoding that the text needs. */
struct send_room messagebird_sms_room(const struct sending *s, size_t parts);

/* messagebird_ability.c */
extern const struct ability messagebird_abilities[];

/* The slot media. */
int messagebird_source(const struct media_query *q, struct submit *out, struct err *e);

#endif
