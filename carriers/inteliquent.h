/* SPDX-License-Identifier: MIT */
/*
 * What the files of the carrier Inteliquent share; no other file includes it.  inteliquent.c holds
 * the vtable, the accounts and what is neither receipt nor message, inteliquent_read.c the members
 * that both are read from, inteliquent_message.c the messages, inteliquent_status.c the receipts,
 * inteliquent_verify.c the proofs, inteliquent_explain.c why one fails, inteliquent_error.c the
 * classes of errors, inteliquent_send.c what is sent, inteliquent_judge.c what the answers mean.
 */
#ifndef OMNI_INTELIQUENT_H
#define OMNI_INTELIQUENT_H

#include "carrier.h"
#include "cidr.h"
#include "send.h"

/* The parameter in the query of the URL that holds url_token. */
#define INTELIQUENT_TOKEN "token"

/* ---- accounts ---- */

/* How Inteliquent makes verificationToken of the key and messageID. */
enum inteliquent_mode {
	INTELIQUENT_SHA256 = 1, /* SHA-256 of both, one after the other: what it does */
	INTELIQUENT_HMAC = 2,   /* HMAC-SHA256: what it says it does */
};

/* What an account has of its own (`own`).  Of the proofs all that are configured must hold. */
struct inteliquent {
	struct str *numbers; /* ours, as records have them, in order */
	size_t n_numbers;
	bool presumed;         /* delivered is what a receipt means that says nothing */
	bool keyed;            /* webhooks are proved by the account's `proof`, the key */
	const char *key;       /* where that is configured: webhook_key, api_key; NULL: nowhere */
	unsigned modes;        /* the hashes that are good */
	struct secrets header; /* values of the account's secret_header */
	bool tokened;          /* the query of the URL holds one of `token` */
	struct secrets token;
	struct cidr *networks; /* where webhooks may come from; none: anywhere */
	size_t n_networks;
};

static inline const struct inteliquent *inteliquent_own(const struct account *a)
{
	return a->own;
}

/* True if ${number} is one of those that the configuration says ${a} has. */
bool inteliquent_has(const struct account *a, struct str number);

/* ---- proofs ---- */

/* The proofs, in the order in which they are looked at. */
enum inteliquent_proof { PROOF_ADDRESS, PROOF_TOKEN, PROOF_HEADER, PROOF_KEY };

/* What a webhook shows to prove itself. */
struct inteliquent_claim {
	const struct hook *hook;
	struct address peer;
	struct str token;  /* of the query, as written; {NULL, 0} if there is none */
	struct str id;     /* messageID */
	struct str digest; /* verificationToken decoded; {NULL, 0} if it can not be one */
	bool digest_in_base64;
};

/* Why an account does not admit a webhook. */
struct inteliquent_refusal {
	const struct account *account;
	enum inteliquent_proof proof;
	const char *code; /* NULL: it does */
};

/* The slot `verify` of the carrier. */
int inteliquent_verify(const struct accounts *accounts, const struct hook *h, bool explain,
		       struct verdict *v, struct err *e);

/* True if ${claim} has the hash of ${key}, made in one of ${modes}; ${mac} is keyed with it. */
bool inteliquent_hashed(const struct inteliquent_claim *claim, unsigned modes, struct str key,
			struct mac *mac);

/*
 * True if ${s} is the ${same} as one of ${texts}; all are compared, so that the time tells nothing.
 */
bool inteliquent_among(const struct secrets *texts, struct str s, bool (*same)(struct str, struct str));

/**
 * inteliquent_explain(accounts, claim, why, e):
 * Append to the text of ${e} the likely cause of ${why}, else where to look.  Costs a bounded
 * number of hashes.
 */
void inteliquent_explain(const struct accounts *accounts, const struct inteliquent_claim *claim,
			 const struct inteliquent_refusal *why, struct err *e);

/* ---- reading ---- */

/* What has a place in records, under any of its names. */
enum inteliquent_member {
	MEMBER_ID,
	MEMBER_FROM,
	MEMBER_TO,
	MEMBER_TEXT,
	MEMBER_MEDIA,
	MEMBER_STATUS,
	MEMBER_REASON,
	MEMBER_COUNT
};

/* A webhook being translated.  What nobody has taken by the end goes into carrier_data. */
struct inteliquent_reading {
	const struct hook *hook;
	const struct accounts *accounts;
	struct arena *arena;
	const struct json *root; /* an object */
	struct canon *c;
	struct leftover left;
};

/* The value of ${member} in ${root} that says something (neither null nor empty), or NULL. */
const struct json *inteliquent_get(const struct json *root, enum inteliquent_member member);

/* The text or number in ${member}, taken; {NULL, 0} if it is neither. */
struct str inteliquent_take(struct inteliquent_reading *r, enum inteliquent_member member);

/* True if ${root} is a receipt and no message. */
bool inteliquent_receipt(const struct json *root);

/* False if ${root} says of itself, in `type`, something that nobody knows. */
bool inteliquent_type_known(const struct json *root);

/* Take what told receipt and message apart. */
void inteliquent_take_kind(struct inteliquent_reading *r);

/**
 * inteliquent_address(a, v, sure):
 * The address in ${v} as records have it: ten digits are a number of the North American plan.
 * Return {NULL, 0} if ${v} is none; set ${sure}, if not NULL, to false where it may be something
 * else than what was made of it.
 */
struct str inteliquent_address(struct arena *a, const struct json *v, bool *sure);

/* Values of an array, or one that stands alone. */
struct inteliquent_values {
	const struct json **list;
	size_t n;
};

struct inteliquent_values inteliquent_values(struct arena *a, const struct json *v);

/*
 * ${s} as it was before it was percent-encoded, "+" being a space; {NULL, 0} if it can not be read.
 */
struct str inteliquent_decode(struct arena *a, struct str s);

/* True if the webhook is for ${a}, or nothing says which account it is for. */
bool inteliquent_may_be_for(const struct inteliquent_reading *r, const struct account *a);

/* True if ${number} is one of an account that the webhook may be for. */
bool inteliquent_ours(const struct inteliquent_reading *r, struct str number);

/* All that nobody took, as one JSON object; {NULL, 0} if that is nothing. */
struct str inteliquent_rest(struct inteliquent_reading *r);

/* ---- records ---- */

/* Translate a message; return false, with nothing done, if it does not say from whom or to whom. */
bool inteliquent_message(struct inteliquent_reading *r, struct canon_list *out);

/* Translate a receipt; return false, with nothing done, if it does not say of what. */
bool inteliquent_status(struct inteliquent_reading *r, struct canon_list *out);

/* ---- errors ---- */

/* The class of the error ${code} of a receipt, or NULL if it is not known. */
const char *inteliquent_code_class(struct str code);

/* The class that the words of an error's ${text} hint at, or NULL. */
const char *inteliquent_text_class(struct str text);

/* ---- sending ---- */

extern const char *const inteliquent_send_keys[];

/* The slots. */
int inteliquent_request(const struct dispatch *d, struct submit *out, struct err *e);
void inteliquent_judge(const struct dispatch *d, const struct response *r, struct judgement *j);

/* inteliquent_ability.c */
extern const struct ability inteliquent_abilities[];

#endif
