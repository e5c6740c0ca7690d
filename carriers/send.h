/* SPDX-License-Identifier: MIT */
/*
 * What the slots `request` of the carriers share: the record read, cut into the parts that the
 * carrier takes, and a request put together.  carriers/judge.h is the same for `judge`.
 */
#ifndef OMNI_SEND_H
#define OMNI_SEND_H

#include "carrier.h"
#include "sms.h"

/* A request being made. */
struct sending {
	const struct dispatch *d;
	struct submit *out;
	struct err *e;
	const char *carrier; /* its name */
	struct canon c;      /* the record; of a message `type` is there, of an event `event` */
	const struct json *extra; /* carrier_data.CARRIER: what its API has and records have no place for; or NULL */
	struct buf body; /* of the request; what is in it at the end becomes `out->body` */
};

/* What a carrier makes of messages of one type, or of events of one name. */
struct send_kind {
	const char *name; /* "text", …; of events "typing", "read" */
	int (*make)(struct sending *s);
};

/**
 * send_request(carrier, kinds, n, d, out, e):
 * Read the record of ${d} and have it made by that of the ${n} ${kinds} which bears its type: the slot
 * `request`.  FAULT_DATA "unsupported-type" where there is none.
 */
int send_request(const char *carrier, const struct send_kind *kinds, size_t n,
		 const struct dispatch *d, struct submit *out, struct err *e);

/**
 * send_read(s):
 * Fill s->c and s->extra from the record of s->d; d, e and carrier are set.  Return 0, or -1 with
 * "message-malformed".  For judges that must know what was asked for: send_request has done it.
 */
int send_read(struct sending *s);

/* ---- errors: fault and code, for err_set(s->e, SEND_MALFORMED, "…") ---- */

#define SEND_MALFORMED   FAULT_DATA, "message-malformed"
#define SEND_UNSUPPORTED FAULT_DATA, "unsupported-type" /* another carrier could have it */
#define SEND_TOO_LONG    FAULT_DATA, "text-too-long"
#define SEND_BAD_ADDRESS FAULT_DATA, "address-malformed"

/* FAULT_DENIED "send-unconfigured": the account lacks ${what}. */
int send_unconfigured(struct sending *s, const char *what);

/* ---- the request ---- */

/*
 * The URL of ${path} ("/v1/messages") of the API: below the account's base_url, else ${host}
 * ("https://api.example.com").
 */
struct str send_url(const struct sending *s, const char *host, struct str path);

/* ${text} percent-encoded, for a path or a query. */
const char *send_escape(const struct sending *s, struct str text);

/**
 * send_auth(s, how, i, key):
 * Have the ${i}-th of the carrier's send_keys, which is ${key}, prove the request as ${how}.  Return 0, or
 * -1 with "send-unconfigured".
 */
int send_auth(struct sending *s, enum submit_auth how, unsigned i, const char *key);

/* A header; the value is borrowed.  There is room for SUBMIT_HEADERS. */
void send_header(struct sending *s, const char *name, struct str value);

/* POST of JSON: begin the object in s->body, end it. */
void send_json(struct sending *s, struct str url);
void send_json_end(struct sending *s);

/* POST of a form, application/x-www-form-urlencoded: begin it, add a field. */
void send_form(struct sending *s, struct str url);
void send_field(struct sending *s, const char *name, struct str value);

/* POST of a form with files, multipart/form-data: begin it, add a field.  There is room for SUBMIT_FIELDS. */
void send_upload(struct sending *s, struct str url);
void send_upload_field(struct sending *s, struct submit_field field);

/* ---- what the record says ---- */

/* The number in d->to, E.164, into ${to}; -1 with "address-malformed" where it is none. */
int send_phone(struct sending *s, struct str *to);

/* True for "US.1234" or "US.ENT.1234": what WhatsApp knows a person by who does not show the number. */
bool send_user_id(struct str s);

/* ${number} without the plus. */
struct str send_digits(struct str number);

/* The member ${key} of the account in the configuration, a string; {NULL, 0} if it is not set. */
struct str send_setting(const struct sending *s, const char *key);

/* -1 with "message-malformed" if carrier_data.CARRIER has a member that is not one of the ${n} ${known}. */
int send_extra_known(struct sending *s, const struct str *known, size_t n);

/* The external id that the record is about: `reply_to`; -1 with "message-malformed" without one. */
int send_about(struct sending *s, struct str *id);

/* Milliseconds until the record's `expires_at`; -1: it has none. */
int64_t send_expires(const struct sending *s);

/* image video audio voice document sticker: what the record says, else what type or name show. */
const char *send_media_kind(const struct canon_media *m);

/* Its media type: what the record says, else what its name shows, else application/octet-stream. */
struct str send_media_mime(const struct canon_media *m);

/* A name for its file: what the record says, else the end of path or URL; {NULL, 0} if that is nothing. */
struct str send_media_name(const struct canon_media *m);

/**
 * send_media_url(s, m, url):
 * Where the carrier can fetch ${m} by itself, into ${url}.  Return 0, or -1: "unsupported-type" where there
 * is only a file or the id of another carrier, "message-malformed" where it is no http: or https: URL.
 */
int send_media_url(struct sending *s, const struct canon_media *m, struct str *url);

/* The ${n} ${lines} that are not empty, one below the other; {NULL, 0} if all are. */
struct str send_lines(const struct sending *s, const struct str *lines, size_t n);

/* What is offered in words alone: the header of ${offer}, the text of the record, the footer. */
struct str send_offer_words(const struct sending *s, const struct json *offer);

/* A button, or a row of a list: its `id` is the title where it has none. */
struct send_choice {
	struct str title, id, description;
};

struct send_choice send_choice(const struct json *v);

/* The title of the button that opens the list ${offer}: the first of its `buttons`, else "Menu". */
struct str send_offer_opens(const struct json *offer);

/* The language tag ${tag}, "pt-BR", as Meta writes it: "pt_BR". */
struct str send_locale(const struct sending *s, struct str tag);

/**
 * send_short(s, key, what, text, max):
 * Append the member ${key} of what is offered: ${text}, which the record has as ${what}, of 1 to ${max} units
 * of UTF-16.  Return 0, or -1 with "message-malformed" or "text-too-long".
 */
int send_short(struct sending *s, const char *key, const char *what, struct str text, size_t max);

/* ---- parts ---- */

/* What one message of a carrier can hold. */
struct send_room {
	enum sms_measure measure; /* what lengths are counted in */
	size_t text;              /* the longest text by itself */
	size_t caption;           /* the longest text beside media; 0: none can stand there */
	size_t media;             /* how many media; 0: none */
	bool (*captioned)(const struct canon_media *m); /* words can stand beside this; NULL: beside all */
};

struct send_part {
	struct str text; /* {NULL, 0}: none */
	const struct canon_media *media;
	size_t n_media;
};

/**
 * send_part(s, room, part):
 * Fill ${part} with the part d->part of the record's text and media, and say in s->out how many there are.
 * Media come first, as many in a part as there is room for, with the text beside the first and captions
 * beside theirs; words for which there is no room there become parts of their own behind them.  A text that
 * is too long is cut as sms_cut does, if d->split.  Return 0, or -1: "text-too-long", also for more than
 * MESSAGE_PARTS_MAX parts, or "message-malformed" where there is nothing to send.
 */
int send_part(struct sending *s, const struct send_room *room, struct send_part *part);

/**
 * send_after(s, room, own, part):
 * The same for a record of which ${own} parts are no text: they come first, and ${part} is empty where one of
 * them is asked for.
 */
int send_after(struct sending *s, const struct send_room *room, unsigned own, struct send_part *part);

/* Append the member ${key}, an array of the URLs of the media of ${part}.  Return 0, or -1 as send_media_url. */
int send_media_urls(struct sending *s, const char *key, const struct send_part *part);

#endif
