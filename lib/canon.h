/* SPDX-License-Identifier: MIT */
/*
 * The canonical records that carriers are translated into: message, status, event (omni-record(5)).
 * A carrier fills a struct canon; only here is it written, so that all carriers' records look
 * alike. Texts are borrowed; {NULL, 0} and NULL mean "not there".
 */
#ifndef OMNI_CANON_H
#define OMNI_CANON_H

#include "cause.h"
#include "hook.h"
#include "leftover.h"

enum canon_kind { CANON_MESSAGE, CANON_STATUS, CANON_EVENT };

struct canon_party {
	struct str address, name;
};

struct canon_media {
	struct str url, external_id, path, mime;
	const char *kind; /* image video audio voice document sticker */
	int64_t size;     /* bytes; -1 unknown */
	struct str name, caption;
	struct str sha256; /* lower-case hex */
};

struct canon_contact {
	struct str name, organization, vcard;
	struct str *phones, *emails;
	size_t n_phones, n_emails;
};

struct canon_error {
	struct str code;   /* ours, if there is one */
	const char *class; /* CAUSE_PERMANENT and its kin */
	struct str text;
	struct str carrier_code;
};

struct canon {
	enum canon_kind kind;
	struct str at;         /* RFC 3339; {NULL, 0}: when the webhook came */
	const char *direction; /* "in", "out", or NULL */
	struct str account; /* the carrier's own id of our account; {NULL, 0}: what the webhook says */
	const char *channel; /* sms mms whatsapp rcs chat … */
	struct str external_id;
	struct str conversation; /* {NULL, 0}: derived from channel, our address and the others; chat carriers: their chat id */
	struct canon_party from;
	struct canon_party *to;
	size_t n_to;
	struct str id_suffix; /* what else tells this record from others with its external_id; {NULL, 0} for messages */

	/* message and event */
	const char *event; /* event only: its name */
	const char *type;  /* message only: text media location … */
	struct str text;
	struct canon_media *media;
	size_t n_media;
	struct {
		struct str latitude, longitude, name, address;
	} location; /* numbers as text; both or none */
	struct canon_contact *contacts;
	size_t n_contacts;
	struct str interactive; /* JSON object: what is offered */
	struct {
		const char *kind;
		struct str id, title, data;
	} reply; /* data is JSON */
	struct {
		struct str emoji, message;
	} reaction; /* emoji with a pointer: there is one, "" takes back */
	struct str reply_to;
	struct str context; /* JSON object */
	const char *visibility;

	/* status */
	const char *status;       /* a name from the list of canon_rank */
	struct canon_error error; /* class NULL: none */
	struct str recipient;
	int64_t part; /* 0: none */

	struct str carrier_data; /* JSON object: what has no canonical place, never secrets */
};

/* What a carrier's translator is given to put its records into. */
struct canon_list {
	struct canon *items;
	size_t n, cap;
	struct arena *arena;
};

/* A new cleared record of ${kind} at the end of ${list}; valid until the next one is added. */
struct canon *canon_new(struct canon_list *list, enum canon_kind kind);

/* Make ${party} the only recipient of ${c}, if its address has a pointer; it lives in ${a}. */
void canon_to(struct canon *c, struct arena *a, struct canon_party party);

/**
 * canon_rank(status):
 * accepted 1, queued 2, sending 3, sent 4, delivered 5, read 6, played 7; the ends failed,
 * undelivered, expired, canceled 8; anything else, "unknown" among it, 0.  A lower rank never
 * overwrites a higher one.
 */
int canon_rank(const char *status);

/**
 * canon_conversation(channel, ours, others, n, a):
 * The id of the conversation between our address and the ${n} ${others} on ${channel}: UUIDv5 of these, the
 * others in the order of their bytes.  ${a} is for the time of the call.
 */
struct id canon_conversation(struct str channel, struct str ours, const struct str *others,
			     size_t n, struct arena *a);

/**
 * canon_read(c, v, arena, e):
 * Fill ${c} from ${v}, a record of kind message, status or event as omni-record(5) has it; `from`
 * and each of `to` may be a plain string, its address.  Members that canon_write makes by itself
 * (id, rank, carrier, trace, lease) are passed over.  Texts live in ${v} or ${arena}. Return 0, or
 * -1 with FAULT_DATA, code "record-malformed", naming the member.
 */
int canon_read(struct canon *c, const struct json *v, struct arena *arena, struct err *e);

/**
 * canon_write(b, c, hook):
 * Write ${c} as the JSON of one record without the closing brace (so that the caller appends trace
 * and lease), taking what it leaves open from ${hook}.  The id of a message is UUIDv5 of
 * "carrier/account/external_id"; that of a status adds "status", its word and, where they exist,
 * recipient and "part-N"; that of an event "event" and its name; then comes id_suffix, if there is
 * one.  Where external_id is absent the id of the webhook stands in its place.
 */
void canon_write(struct buf *b, const struct canon *c, const struct hook *hook);

#endif
