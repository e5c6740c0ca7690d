/* SPDX-License-Identifier: MIT */
/*
 * A carrier is a translator: bytes in, values out.  No sockets, no stdio, no clock.  The vtable is
 * filled with designated initialisers, so that a new slot touches no carrier that does not have it.
 */
#ifndef OMNI_CARRIER_H
#define OMNI_CARRIER_H

#include "ability.h"
#include "canon.h"
#include "conf.h"
#include "crypto.h"
#include "http.h"

/*
 * One secret of an account under one key of the configuration, several while it is being rotated.
 */
struct secrets {
	struct str text[SECRETS_PER_KEY];
	struct mac *mac[SECRETS_PER_KEY]; /* keyed, where the carrier named a hash */
	int n;
};

/* One account of a carrier as the configuration has it. */
struct account {
	struct str name;         /* `name`, else the carrier's own id; in `verified` */
	struct str id;           /* the carrier's own id; {NULL, 0} if not configured */
	struct str public_url;   /* of the account, else of the file; {NULL, 0} if not configured */
	const struct json *conf; /* its object */
	struct secrets proof;    /* under the carrier's proof_key */
	struct secrets handshake; /* under its handshake_key */
	const char *secret_header; /* the header that holds a credential of this account itself, or NULL */
	struct str send[SEND_KEYS]; /* under the carrier's send_keys, in their order; {NULL, 0}: not configured */
	struct str base_url; /* without a slash at the end; {NULL, 0}: the carrier's own hosts */
	unsigned secrets; /* those that its program asked for: CARRIER_PROOF, CARRIER_HANDSHAKE, CARRIER_SEND */
	void *own; /* what the carrier's open_account made */
};

/* The accounts of one carrier. */
struct accounts {
	struct account *list;
	size_t n;
};

/* What a carrier is answered. */
struct answer {
	bool hand_over;   /* a webhook: the answer goes out when it is durable; else at once */
	int status;       /* HTTP */
	const char *type; /* Content-Type, or NULL */
	struct str body;
	const char *header, *value; /* one more header, or NULL */
	struct arena *arena;        /* where a body that is made can live */
};

/* Refuse the method of the request with 405; ${allow} says which ones there are. */
void answer_refuse(struct answer *a, const char *allow);

/*
 * One request to the API of a carrier, as `request` makes it: all that it points to lives in the
 * arena of its dispatch, or for ever.
 */
enum submit_auth {
	SUBMIT_OPEN,   /* no credentials */
	SUBMIT_BASIC,  /* RFC 7617: ${user} and the secret */
	SUBMIT_BEARER, /* RFC 6750: `authorization: Bearer` and the secret */
	SUBMIT_HEADER, /* the header ${header}: ${prefix}, then the secret */
};

/* A field of a form of type multipart/form-data (RFC 7578): a text, or a file. */
struct submit_field {
	struct str name, value;
	struct str path; /* the file whose bytes are sent; {NULL, 0}: ${value} is */
	struct str file_name, type;
};

struct submit {
	const char *method;
	struct str url;
	struct header headers[SUBMIT_HEADERS]; /* names in lower case; never a secret */
	size_t n_headers;
	const char *type; /* the Content-Type of the body; NULL: it has none */
	struct str body;
	struct str path; /* a file that is the body, instead; {NULL, 0}: none */
	struct submit_field fields[SUBMIT_FIELDS]; /* the body is a form of these, instead */
	size_t n_fields;
	struct {
		enum submit_auth how;
		struct str user;
		const char *header, *prefix;
		unsigned key; /* the secret: an index into the account's `send` */
	} auth;
	bool prepares;   /* it reaches nobody (an upload), and may be made again at will */
	bool idempotent; /* it carries a key by which the carrier drops the second of two */
	unsigned parts;  /* how many parts the dispatch takes in all; at least 1 */
};

/*
 * What is to be sent: one part of a record to one recipient.  ${message} is a message with direction
 * "out", or an event ("typing", "read") with direction "out".  Part 0 is asked for first, and its
 * request says how many there are.
 */
struct dispatch {
	const struct account *account;
	const struct json *message;
	struct str from; /* our address: chosen by the route, else the message's, else {NULL, 0} */
	struct str to; /* the recipient's address; {NULL, 0} where the record names a chat alone */
	unsigned part; /* from 0 */
	unsigned step; /* from 0: one more for each judgement OUTCOME_NEXT of this part */
	struct str carry; /* what that judgement kept, or {NULL, 0} */
	struct str key; /* the same for each attempt of this part, and for no other: an idempotency key */
	struct str status_url; /* where receipts are to go, from the account's public_url; or {NULL, 0} */
	bool split;            /* a text that is too long becomes parts; else it is refused */
	int64_t now;           /* milliseconds since 1970: for periods that end at `expires_at` */
	struct arena *arena;
};

/* What came back. */
struct response {
	int status;                   /* HTTP */
	const struct header *headers; /* names in lower case */
	size_t n_headers;
	struct str body; /* whole, or as much as fitted below SUBMIT_ANSWER_MAX */
	bool cut;        /* the body is longer than that, or the connection broke inside it */
};

enum outcome {
	OUTCOME_SENT,    /* the carrier took it */
	OUTCOME_NEXT,    /* a step on the way: `request` is to be asked for the next */
	OUTCOME_FAILED,  /* it will not go over this account, however often it is tried */
	OUTCOME_RETRY,   /* it did not go, and could later */
	OUTCOME_UNKNOWN, /* it may have gone: the answer does not tell */
};

struct judgement {
	enum outcome outcome;   /* arrives as OUTCOME_UNKNOWN */
	struct str external_id; /* OUTCOME_SENT: what the carrier calls the message, if it says so */
	struct str conversation;  /* OUTCOME_SENT: the chat that it opened, where it opened one */
	struct str carry;         /* OUTCOME_NEXT */
	struct canon_error error; /* unless OUTCOME_SENT, OUTCOME_NEXT: class, text, carrier_code */
	int64_t retry_ms;    /* the body asks for so long a wait; -1, as it arrives: it does not */
	bool failover;       /* another account or carrier could do what this one could not */
	struct arena *arena; /* where texts that are made can live */
};

/* How the file of one of the media of a message that came over an account is to be had. */
struct media_query {
	const struct account *account;
	const struct json *media;      /* as the record has it: url, external_id */
	unsigned step;                 /* from 0 */
	const struct response *answer; /* to the request of the step before; NULL in the first */
	struct arena *arena;
};

/* A proof that held. */
struct verdict {
	const char *scheme;            /* "twilio-hmac-sha1", in `verified` */
	const struct account *account; /* whose secret it was */
};

struct carrier {
	const char *name;   /* "twilio": file name, configuration key, member of records */
	const char *id_key; /* the key that holds the carrier's own id of the account, or NULL */
	const char *proof_key; /* the key that holds the secret that proves webhooks; NULL: open_account reads what does */
	enum hash proof_hash; /* what its MACs are made with */
	const char *handshake_key; /* the key of the token for its handshake, or NULL: all that omni-recv may hold */

	/*
	 * Where the carrier sends the credential itself instead of a proof: taken out of all that
	 * omni-validate writes, rejects included.  Header names (lower case), NULL-terminated, a
	 * member at the top of a JSON body, and a parameter in the query of the URL; or NULL.
	 */
	const char *const *secret_headers;
	const char *secret_member;
	const char *secret_query;

	/*
	 * Make ready an account, whose secrets have been read, beyond what the members above say:
	 * its MACs, secret_header, own.  Both may be NULL.  Return 0, or -1 with FAULT_CONFIG;
	 * ${path} stands for the account in messages.
	 */
	int (*open_account)(struct conf *conf, struct account *a, const char *path, struct err *e);
	void (*close_account)(struct account *a);

	/*
	 * Say what ${req} is to be answered with: fill ${a}, which arrives as "hand over, then 200
	 * with no body".  ${accounts} hold handshake tokens only.  NULL: POST is handed over,
	 * anything else is refused with 405.
	 */
	void (*receive)(const struct accounts *accounts, const struct request *req, struct answer *a);

	/*
	 * Check the proof in ${h} against ${accounts} (never empty; already narrowed to the one
	 * that the path named). Return 0 with ${v} filled, or -1 with FAULT_DENIED and one of the
	 * codes "signature-missing", "signature-malformed", "signature-mismatch",
	 * "signature-expired", "account-unknown".  Where the likely cause can be computed, the text
	 * names it; with ${explain} false no time is spent on that.
	 */
	int (*verify)(const struct accounts *accounts, const struct hook *h, bool explain,
		      struct verdict *v, struct err *e);

	/*
	 * Translate ${h} into records; ${accounts} are the carrier's, without their secrets.  What
	 * is unknown becomes an event, what is malformed inside a batch too; nothing is dropped.
	 * Return 0, or -1 with FAULT_DATA when the body as a whole can not be read.
	 */
	int (*normalize)(const struct accounts *accounts, const struct hook *h,
			 struct canon_list *out, struct err *e);

	/* The keys that hold what its API asks for, NULL-terminated; NULL: nothing is sent over it. */
	const char *const *send_keys;

	/*
	 * A message on the channel "mms" to several recipients is one message, in which they see each other:
	 * one dispatch, without `to`.  False: each gets one by itself.
	 */
	bool groups;

	/*
	 * Make ${out}, which arrives cleared with one part, of ${d}.  Return 0, or -1: FAULT_DATA with
	 * "unsupported-type" (the carrier has no such kind), "message-malformed", "text-too-long" or
	 * "address-malformed"; FAULT_DENIED with "send-unconfigured" where the account lacks a key.
	 */
	int (*request)(const struct dispatch *d, struct submit *out, struct err *e);

	/* What can be sent over its channels, ended by one without a name; NULL: nothing. */
	const struct ability *abilities;

	/* Say what ${r}, the answer to the request that ${d} became, means. */
	void (*judge)(const struct dispatch *d, const struct response *r, struct judgement *j);

	/*
	 * Make ${out}, which arrives cleared, of ${q}: what is to be asked for the file.  Where it `prepares`
	 * the answer only leads to the file, and the next step is asked for.  NULL: anybody can have it at its
	 * URL.  Return 0, or -1: FAULT_DATA "media-malformed", FAULT_DENIED "media-refused", FAULT_TEMP
	 * "media-unavailable".
	 */
	int (*media)(const struct media_query *q, struct submit *out, struct err *e);
};

/* A carrier with its accounts, as the configuration has it. */
struct carrier_conf {
	const struct carrier *carrier;
	struct str name;
	struct accounts accounts;
};

struct carriers;

/* The secrets that a program needs: what it does not ask for is never resolved. */
enum { CARRIER_PROOF = 1, CARRIER_HANDSHAKE = 2, CARRIER_SEND = 4 };

/**
 * carriers_open(conf, secrets, custom, e):
 * Read the accounts of all carriers from ${conf}, which is borrowed, with the ${secrets} of them.
 * ${custom} serves the carriers that the user has described in the file: carrier_custom, or where
 * records are made carrier_custom_jq.  Return owned, or NULL with FAULT_CONFIG.
 */
struct carriers *carriers_open(struct conf *conf, unsigned secrets, const struct carrier *custom,
			       struct err *e);
void carriers_close(struct carriers *c);

/* The carrier ${name}, configured (accounts.n > 0) or not, or NULL. */
const struct carrier_conf *carriers_find(const struct carriers *c, struct str name);

/* The ${i}-th carrier, or NULL behind the last. */
const struct carrier_conf *carriers_at(const struct carriers *c, size_t i);

/**
 * carrier_account(c, name):
 * The account of ${c} that goes by ${name}, its own or the carrier's id, or NULL.
 */
struct account *carrier_account(const struct carrier_conf *c, struct str name);

extern const struct carrier carrier_bandwidth;
/*
 * Carriers that are described by data alone (omni-config(5)).  The second has `normalize`, and with
 * it libjq.
 */
extern const struct carrier carrier_custom;
extern const struct carrier carrier_custom_jq;

extern const struct carrier carrier_inteliquent;
extern const struct carrier carrier_livechat;
extern const struct carrier carrier_messagebird;
extern const struct carrier carrier_twilio;
extern const struct carrier carrier_whatsapp;

#endif
