/* SPDX-License-Identifier: MIT */
/* What omni-push is to show, and on which devices, read from a record. */
#ifndef OMNI_PUSH_NOTE_H
#define OMNI_PUSH_NOTE_H

#include "id.h"
#include "rec.h"
#include "webpush.h"

enum push_platform { PUSH_APNS, PUSH_FCM, PUSH_WEB, PUSH_PLATFORMS };

/* "apns", "fcm", "webpush": in `platform` of a device, `carrier` of a delivery, the configuration. */
extern const char *const push_platforms[PUSH_PLATFORMS];

enum push_priority { PUSH_PRIORITY_NONE, PUSH_HIGH, PUSH_NORMAL, PUSH_LOW };

/* One notification; {NULL, 0}, NULL and -1 mean "not said". */
struct push_note {
	struct str id, conversation;
	struct str title, body, image, sound, link, collapse;
	int64_t badge, ttl; /* seconds that it may still wait */
	enum push_priority priority;
	const struct json *data;                 /* an object */
	const struct json *over[PUSH_PLATFORMS]; /* what only one platform has: an object */
};

/* fcm: what stands in the place of a token reaches whoever subscribed. */
enum push_target { PUSH_TOKEN, PUSH_TOPIC, PUSH_CONDITION };

struct push_device {
	enum push_platform platform;
	enum push_target target;
	struct str token; /* webpush: the endpoint; of a topic "/topics/NAME"; a condition as it is */
	struct str account; /* the credential that it was registered under */
	struct str user;    /* whose it is */
	struct str topic;   /* apns */
	int sandbox;        /* apns: 1, 0, or -1 as the account says */
	int64_t registered; /* milliseconds since 1970, 0: not said */
	struct webpush_keys keys;
	struct str text; /* as it stands in the record, JSON */
};

/* True if ${r} is for us: a push, or a message with direction "out" that is routed to push and that nobody took yet. */
bool push_wanted(const struct rec *r);

/**
 * push_note_read(n, r, now, e):
 * Fill ${n} from ${r}; it lives in the record.  What has waited since `at` is taken off `ttl`.  Return 0, or -1 with
 * FAULT_DATA, "push-malformed", naming the member, or FAULT_DENIED, "expired".
 */
int push_note_read(struct push_note *n, const struct rec *r, int64_t now, struct err *e);

/* The devices of ${r}: `devices`, else `to`.  NULL if it names none. */
const struct json *push_devices(const struct rec *r);

/**
 * push_device_read(d, v, r, e):
 * Fill ${d} from ${v}, an element of push_devices(${r}): a subscription (omni-record(5)), what a browser gave
 * (endpoint and keys), or the address "apns:TOKEN", "fcm:TOKEN" or "fcm:/topics/NAME".  Lives in r->arena and in ${v}.  Return 0, or
 * -1 with FAULT_DATA, "subscription-malformed".
 */
int push_device_read(struct push_device *d, const struct json *v, const struct rec *r, struct err *e);

#endif
