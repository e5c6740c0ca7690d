/* SPDX-License-Identifier: MIT */
/* A device or a browser that can be notified, as it is registered: a subscription (omni-record(5)). */
#ifndef OMNI_PUSH_DEVICE_H
#define OMNI_PUSH_DEVICE_H

#include "json.h"
#include "webpush_keys.h"

enum push_platform { PUSH_APNS, PUSH_FCM, PUSH_WEB, PUSH_PLATFORMS };

/*
 * "apns", "fcm", "webpush": in `platform` of a device, `carrier` of a delivery, the configuration.  The last, "push", stands
 * for none of them: it is not known.
 */
extern const char *const push_platforms[PUSH_PLATFORMS + 1];

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
	struct str text; /* as it stands in its record, JSON: for who keeps that */
};

/**
 * push_device_read(d, v, a, e):
 * Fill ${d} from ${v}, a subscription, or what a browser gave (endpoint and keys).  Lives in ${a} and in ${v}.  Return 0,
 * or -1 with FAULT_DATA, "subscription-malformed".
 */
int push_device_read(struct push_device *d, const struct json *v, struct arena *a, struct err *e);

/**
 * push_device_token(d, platform, token, a, e):
 * Fill ${d} from ${token} alone, of fcm or apns; "/topics/NAME" is a topic of fcm.  Return as push_device_read.
 */
int push_device_token(struct push_device *d, enum push_platform platform, struct str token,
		      struct arena *a, struct err *e);

/* The platform ${name}, or -1. */
int push_device_platform(struct str name);

/* Whether ${token} can be the token, or the endpoint, of a device of ${platform}. */
bool push_device_plain(enum push_platform platform, struct str token);

#endif
