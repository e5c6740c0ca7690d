/* SPDX-License-Identifier: MIT */
/* What omni-push is to show, and on which devices, read from a record. */
#ifndef OMNI_PUSH_NOTE_H
#define OMNI_PUSH_NOTE_H

#include "id.h"
#include "push_device.h"
#include "rec.h"

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

/* True if ${r} is for us: a push, or a message with direction "out" that is routed to push and that nobody took yet. */
bool push_wanted(const struct rec *r);

/**
 * push_note_read(n, r, now, e):
 * Fill ${n} from ${r}; it lives in the record.  What has waited since `at` is taken off `ttl`.  Return 0, or -1 with
 * FAULT_DATA, "push-malformed", naming the member, or FAULT_DENIED, "expired".
 */
int push_note_read(struct push_note *n, const struct rec *r, int64_t now, struct err *e);

/* Who is to send ${r}: the carrier of its route, else its own. */
struct str push_carrier(const struct rec *r);

/* The devices of ${r}: `devices`, else `to`.  NULL if it names none. */
const struct json *push_devices(const struct rec *r);

/**
 * push_device_named(d, v, r, e):
 * Fill ${d} from ${v}, an element of push_devices(${r}): what push_device_read takes, or the address "apns:TOKEN",
 * "fcm:TOKEN" or "fcm:/topics/NAME".  Lives in r->arena and in ${v}.  Return 0, or -1 with FAULT_DATA,
 * "subscription-malformed".
 */
int push_device_named(struct push_device *d, const struct json *v, const struct rec *r, struct err *e);

#endif
