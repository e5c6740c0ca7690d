/* SPDX-License-Identifier: MIT */
/*
 * omni-sandbox: stands in for the APIs of the carriers; omni-sandbox(1).
 *
 * A player plays one carrier: it says who may call, what a request lacks, how it is answered, and what
 * its callbacks look like.  It is written from the carrier's own description and shares nothing with
 * carriers/, whose check it is.  The box does the rest: the scenario, time, what is kept, callbacks
 * and the record.  All of it runs in one thread, the one of lib/serve.
 */
#ifndef OMNI_SANDBOX_H
#define OMNI_SANDBOX_H

#include "conf.h"
#include "crypto.h"
#include "form.h"
#include "http.h"
#include "limit.h"

enum {
	BOX_KEYS = 8,      /* credentials of one account */
	BOX_SEGMENTS = 16, /* of a path */
	BOX_TO = 64,       /* recipients of one request */
	BOX_MEDIA = 16,    /* files of one message */
	BOX_HEADERS = 8,   /* of one callback */
};

struct box;

/* One account, as the configuration has it. */
struct box_account {
	struct str name; /* `name`, else the carrier's own id, else the carrier's name */
	struct str id;   /* the carrier's own id, or {NULL, 0} */
	bool named;      /* `name` is given */
	const struct json *conf;
	struct str key[BOX_KEYS][SECRETS_PER_KEY]; /* what stands under the player's keys, in their order */
	int n_key[BOX_KEYS];
	struct str api; /* where clients find it: base_url, else our own address and the carrier's name */
	struct str base; /* what carriers know as the start of our URLs: public_url, else --callback */
	struct str hook; /* the URL that its callbacks are for, as the account's console would have it */
};

/* A file that somebody uploaded, or that came with an inbound message. */
struct box_media {
	struct box_media *next;
	const struct player *player;
	const struct box_account *account;
	struct str id, mime, name, bytes;
	int64_t at;
};

/* A message, either direction.  What is kept is one piece of memory. */
struct box_message {
	struct box_message *newer;
	unsigned refs; /* callbacks about it that are to come, and the list of those kept */
	const struct player *player;
	const struct box_account *account;
	bool inbound;
	int64_t at;
	uint64_t roll; /* what chance makes of it: of seed and content */
	unsigned parts;
	struct str id, from, type, channel, text;
	struct str tag;      /* what the client wants back: tag, reference, custom_id */
	struct str url;      /* where the client wants receipts, or {NULL, 0} */
	struct str chat;     /* the conversation, where the carrier has such a thing */
	struct str reply_to; /* the id of the message that is answered */
	struct str status;   /* the last one */
	struct str extra;    /* the player's own */
	struct str to[BOX_TO];
	unsigned n_to;
	struct str media[BOX_MEDIA], mime[BOX_MEDIA]; /* URLs or ids of files, and their types */
	unsigned n_media;
};

/* One request to the API of a carrier, while it is dealt with. */
struct visit {
	struct box *box;
	const struct player *player;
	const struct request *req;
	struct arena *arena;
	struct str path;              /* behind "/CARRIER", as it came, without the query */
	struct str seg[BOX_SEGMENTS]; /* its parts, decoded */
	unsigned n_seg;
	struct form query, form; /* form: of the body, if box_form was called */
	const struct json *json; /* of the body, if box_json was called */
	uint64_t roll;           /* of seed and content: what chance makes of it */
	unsigned attempt;        /* how often the same came, from 1 */
	int64_t now;

	/* what the player says */
	const struct box_account *account; /* who it is; NULL: nobody we know */
	const char *model; /* that the body must be of, JSON, when all else is well: "whatsapp/send"; NULL: none */
	const char *const *looked_at; /* members of it, NULL-terminated, that may be otherwise than there; or NULL */
	const char *kind;            /* "message", "media", "mark", "template", "token", "query" */
	struct box_message *message; /* what is taken, or NULL */
	int status;
	struct buf *body;
	const char *type;           /* of the body */
	const char *header, *value; /* one more header, or NULL */
	unsigned retry_after;       /* seconds */
};

/* What the scenario lets a carrier say. */
struct refusal {
	const char *class; /* CAUSE_…: what kind of failure it is to be */
	int64_t code;      /* the carrier's own, or 0: what it says for the class */
	struct str word;   /* the same where its codes are words; {NULL, 0} */
	int status;        /* HTTP, or 0: what it says for the class */
};

/* A status that a message comes to. */
struct receipt {
	struct str status; /* in our words: "sent", "delivered", "read", "failed", "undelivered", "expired" */
	unsigned to;     /* index of the recipient */
	int64_t code;    /* of a failure; 0: what the carrier says most often */
	struct str word; /* the same as a word; {NULL, 0} */
	int64_t at;
};

/* A callback as a player writes it. */
struct callback {
	struct arena *arena;
	const struct box_account *account;
	int64_t now;
	const char *method;
	struct str url; /* what is signed; comes as the account's own or the one of the message */
	struct header headers[BOX_HEADERS];
	size_t n_headers;
	struct buf body;
	struct str user, password; /* sent when the other end asks for them with 401; {NULL, 0}: none */
};

/* An own answer to the class or the code of a failure. */
struct trouble {
	const char *class;
	int64_t code;
	int status;
	const char *text;
};

struct reason {
	const char *class, *word;
	int status;
	const char *text;
};

struct player {
	const char *name;
	const char *group;  /* where its accounts stand in the configuration; NULL: "carriers" */
	bool anybody;       /* who has no account may call */
	const char *id_key; /* of the carrier's own id of an account, or NULL */
	const char *const *keys; /* of its credentials, NULL-terminated */

	/* Answer ${v}: account, kind, message, status, body. */
	void (*call)(struct visit *v);

	/* The same for what the scenario wants: status and body. */
	void (*refuse)(struct visit *v, const struct refusal *why);

	/* The same for a body whose ${member}, "a.0.b", is not of its model: ${text}.  NULL: it names no models. */
	void (*misshapen)(struct visit *v, struct str member, struct str text);

	/*
	 * Write the receipt ${r} of ${m}, or the inbound message ${m}, into ${c}.  Return false if the
	 * carrier has no such callback.  NULL, with all that follows, where it never calls back.
	 */
	bool (*receipt)(struct callback *c, const struct box_message *m, const struct receipt *r);
	bool (*inbound)(struct callback *c, const struct box_message *m);

	/* Give ${m}, which somebody sends us, the ids that it would have. */
	void (*arrive)(struct visit *v, struct box_message *m);

	const char *const *course; /* the statuses that a message goes through if nobody says otherwise */
	const int64_t *again; /* milliseconds before each further try of a callback, 0 at the end */
};

extern const struct player player_bandwidth, player_inteliquent, player_livechat,
	player_messagebird, player_twilio, player_whatsapp;
extern const struct player player_apns, player_fcm, player_webpush;

/* ---- what players build with: sandbox_visit.c ---- */

/* The value of HTTP Basic.  Return false if it is not there or malformed. */
bool box_basic(struct visit *v, struct str *user, struct str *password);

/* What stands behind ${scheme} and a space in the header Authorization, or {NULL, 0}. */
struct str box_authorization(const struct visit *v, const char *scheme);

/* True if ${text} is one of those that the account has under its ${key}-th key. */
bool box_knows(const struct box_account *a, unsigned key, struct str text);

/* The first of those, or {NULL, 0}. */
struct str box_key(const struct box_account *a, unsigned key);

/* The first account of the player whose ${key}-th key is ${text}, or NULL. */
const struct box_account *box_who(const struct visit *v, unsigned key, struct str text);

/* The first account whose keys are user and password of HTTP Basic, or NULL. */
const struct box_account *box_who_basic(struct visit *v, unsigned user, unsigned password);

/* The ${i}-th account of the player, or NULL behind the last. */
const struct box_account *box_account(const struct visit *v, size_t i);

/* The part ${i} of the path; empty behind its end. */
struct str box_seg(const struct visit *v, unsigned i);

/*
 * True if the path is like ${pattern}: "v1/messages/{}": parts between slashes, "{}" stands for any one, "**" at the end
 * for the rest.
 */
bool box_path(const struct visit *v, const char *pattern);
bool box_method(const struct visit *v, const char *method);

/* Read the body.  Return false if it is none of that kind. */
bool box_json(struct visit *v);
bool box_form(struct visit *v);

/*
 * The bytes of the field ${name} of a body of type multipart/form-data, with its own type and file name;
 * {NULL, 0} if it has none.
 */
struct str box_part(const struct visit *v, const char *name, struct str *type, struct str *file);

/* A parameter of the query, or {NULL, 0}. */
struct str box_query(const struct visit *v, const char *name);

/* True if ${s} is "+" and 7 to 15 digits; the same without "+". */
bool box_e164(struct str s);
bool box_msisdn(struct str s);

/* ${s} without "+" in front. */
struct str box_plain(struct str s);

/* True if all characters of ${s} are in ${alphabet}. */
bool box_made_of(struct str s, const char *alphabet);

/* True if ${s} can be told as who sends: a word of at most 11 characters, one of them a letter. */
bool box_sender_name(struct str s);

/* True if ${s} is an http or https URL. */
bool box_url(struct str s);

/* How many UTF-16 units ${s}, UTF-8, has. */
size_t box_units(struct str s);

/* How many SMS it takes to send ${s}. */
unsigned box_segments(struct str s);

/*
 * ${n} characters out of ${alphabet}, the ${which}-th id of this visit: the same for the same seed and
 * content.  Lives in the arena of the visit.
 */
struct str box_id(const struct visit *v, unsigned which, const char *alphabet, size_t n);

/* "8-4-4-4-12". */
struct str box_uuid(const struct visit *v, unsigned which);

#define BOX_HEX    "0123456789abcdef"
#define BOX_BASE36 "0123456789abcdefghijklmnopqrstuvwxyz"
#define BOX_UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* A message that is taken: begin to fill ${v}->message. */
struct box_message *box_take(struct visit *v, const char *type);

/* Answer ${status}, to a message that is not taken: what was said is forgotten, and an object begun. */
void box_fail(struct visit *v, int status);

/* The entry for ${why} in ${table}, which ends with class NULL: by code, else the first of the class. */
struct trouble box_trouble(const struct trouble *table, const struct refusal *why);

/* The same where the carrier's codes are words; NULL if there is none. */
const struct reason *box_reason(const struct reason *table, const struct refusal *why);

/* ---- what is kept: sandbox_keep.c ---- */

/* The message ${id} of the account, or NULL. */
const struct box_message *box_find(struct box *b, const struct box_account *a, struct str id);

/* Keep ${bytes} as ${id}.  Return false if there is no room. */
bool box_media_put(struct visit *v, struct str id, struct str mime, struct str name, struct str bytes);
const struct box_media *box_media_get(struct box *b, const struct player *p, struct str id);
bool box_media_drop(struct box *b, const struct player *p, struct str id);

/* Answer with the bytes of ${m}. */
void box_media_say(struct visit *v, const struct box_media *m);

/* Answer whoever asks with the file ${id}, if there is one. */
void box_media_hand(struct visit *v, struct str id);

/* Where ${media} of a message lies: a URL as it is, the id of a file below ${path} of our API. */
struct str box_media_url(const struct callback *c, struct str media, struct str path);

/* ---- callbacks: sandbox_hook.c ---- */

/* A header of ${c}; borrows both. */
void box_header(struct callback *c, const char *name, struct str value);

/* Times as carriers have them; live in ${a}. */
struct str box_rfc2822(struct arena *a, int64_t ms); /* "Thu, 15 Jan 2026 10:00:00 +0000" */
struct str box_seconds(struct arena *a, int64_t ms); /* "1767225600" */
struct str box_micros(struct arena *a, int64_t ms);  /* "2026-01-15T10:00:00.000000Z" */
struct str box_offset(struct arena *a, int64_t ms);  /* "2026-01-15T10:00:00+00:00" */

#endif
