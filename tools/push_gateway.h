/* SPDX-License-Identifier: MIT */
/*
 * A push gateway is a translator: a notification for one device becomes a request, an answer a verdict.  No sockets,
 * no clock.
 */
#ifndef OMNI_PUSH_GATEWAY_H
#define OMNI_PUSH_GATEWAY_H

#include "carrier.h"
#include "push_account.h"

enum { PUSH_HEADERS = 12 };

/* One request.  All that it points to lives in the arena that it was made in. */
struct push_post {
	struct str url;
	struct header headers[PUSH_HEADERS]; /* names in lower case; without Authorization */
	size_t n_headers;
	struct str payload; /* what the application gets, JSON; FCM: the body */
	struct str body;    /* the bytes that are sent; {NULL, 0}: the payload */
	size_t cut;         /* so many bytes of the notification's body were left out */
	bool idempotent;    /* sent twice, it is shown once */
};

enum push_verdict {
	PUSH_SENT,        /* the gateway took it */
	PUSH_GONE,        /* the device can never be reached again under this token */
	PUSH_PERMANENT,   /* this notification will never go; the device is fine */
	PUSH_RETRY,       /* trouble there: it could go later */
	PUSH_LIMITED,     /* too fast: later, and slower */
	PUSH_CREDENTIALS, /* nothing goes until somebody repairs the account; the device is fine */
};

struct push_judgement {
	enum push_verdict verdict;
	struct str external_id; /* PUSH_SENT */
	struct str code;        /* the gateway's own word for what went wrong, or {NULL, 0} */
	struct str text;        /* for people, or {NULL, 0} */
	int64_t gone_at; /* PUSH_GONE: milliseconds since 1970, as the gateway says; -1: it does not */
	int64_t retry_at; /* the instant that the gateway asks for, or -1 */
	bool whole;       /* PUSH_LIMITED: all of the account, not this device alone */
	bool doubtful;    /* PUSH_GONE: a wrong configuration gives the same answer */
	struct str moved; /* PUSH_RETRY: the URL where the device is now, or {NULL, 0} */
	bool for_ever;    /* and will be from now on */
	bool renew;       /* a new bearer token may help */
};

struct push_gateway {
	/*
	 * Write the JSON for ${d} with ${body} in the place of ${n}->body.  Return 0, or -1 with FAULT_DATA.
	 */
	int (*render)(struct buf *b, const struct push_note *n, const struct push_device *d,
		      struct str body, struct err *e);
	/* What the gateway counts of the payload, and how much it takes. */
	size_t (*size)(struct str payload, struct arena *arena);
	size_t (*most)(const struct push_note *n, const struct push_device *d);
	/* Fill ${x}, whose payload is there, for ${a} at ${now}.  Return 0, or -1 with FAULT_DATA. */
	int (*request)(struct push_post *x, const struct push_note *n, const struct push_device *d,
		       struct push_account *a, int64_t now, struct arena *arena, struct err *e);
	/* Say what ${r} means: fill ${j}, which arrives as PUSH_PERMANENT, its times -1. */
	void (*judge)(const struct response *r, int64_t now, struct arena *arena,
		      struct push_judgement *j);
};

extern const struct push_gateway push_apns, push_fcm, push_web;

/* Those of all platforms. */
extern const struct push_gateway *const push_gateways[PUSH_PLATFORMS];

struct push_make {
	const struct push_note *note;
	const struct push_device *device;
	struct push_account *account;
	bool truncate;
	int64_t now;
	struct arena *arena;
};

/**
 * push_make(x, m, e):
 * Make ${x}, the request that shows the note on the device: rendered, with what the record says of the platform merged in, its
 * body cut (at a character, with an ellipsis) if it is too long and it may be.  Return 0, or -1 with FAULT_DATA:
 * "payload-too-large", naming both sizes, or what the gateway's own request says.
 */
int push_make(struct push_post *x, const struct push_make *m, struct err *e);

/* Append a header; one that is there already is replaced.  ${value} {NULL, 0} is passed over. */
void push_header(struct push_post *x, const char *name, struct str value);

/* Headers that the record has for the platform (`platform.NAME.headers`) take the place of ours. */
int push_header_overrides(struct push_post *x, const struct push_note *n, const struct push_device *d,
			  const char *const *allowed, struct arena *arena, struct err *e);

/* A word of at most ${max} bytes for ${s}: itself where it fits and has only what is allowed, else its hash. */
struct str push_word(struct str s, size_t max, bool base64url, struct arena *arena);

/* The header ${name} of ${r}, or {NULL, 0}. */
struct str push_answer_header(const struct response *r, const char *name);

/* The instant at which ${r} asks to be asked again, at most a week away; -1 if it does not. */
int64_t push_retry_at(const struct response *r, int64_t now);

/* The body of ${r} as JSON, or NULL: it may be anything. */
const struct json *push_answer_json(const struct response *r, struct arena *arena);

#endif
