/* SPDX-License-Identifier: MIT */
#include "push_device.h"

#include "clock.h"
#include "url.h"

const char *const push_platforms[PUSH_PLATFORMS + 1] = { "apns", "fcm", "webpush", "push" };

enum {
	TOKEN_MAX = 4096, /* of apns some 64 to 200, of fcm some 160 */
	ENDPOINT_MAX = 2000,
	TOPIC_MAX = 900,      /* what Google takes */
	CONDITION_MAX = 5000, /* five of those */
};

#define TOPICS STR("/topics/")

static int malformed(struct err *e, const char *what)
{
	return err_set(e, FAULT_DATA, "subscription-malformed", "%s", what);
}

int push_device_platform(struct str name)
{
	for (int i = 0; i < PUSH_PLATFORMS; i++)
		if (str_eq(name, str_c(push_platforms[i])))
			return i;
	return -1;
}

/* What tokens and the names of topics are made of: nothing that means something in a path. */
static bool plain_word(struct str s, const char *marks, size_t max)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		      (c != '\0' && strchr(marks, c))))
			return false;
	}
	return s.n > 0 && s.n <= max;
}

/* Spaces and control characters have no place in a URL, and would be a way into the request. */
static bool plain_url(struct str s)
{
	struct url url;

	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= 0x20 || (unsigned char)s.p[i] >= 0x7f)
			return false;
	return s.n <= ENDPOINT_MAX && url_split(s, &url) == 0 && !url.userinfo.p &&
	       url.host.n > 0 && url_host_plain(url.host) && str_eq_nocase(url.scheme, STR("https"));
}

bool push_device_plain(enum push_platform platform, struct str token)
{
	return platform == PUSH_WEB ? plain_url(token) : plain_word(token, "-_:.=", TOKEN_MAX);
}

static int plain_token(const struct push_device *d, struct err *e)
{
	return push_device_plain(d->platform, d->token) ?
		       0 :
		       malformed(e, "the token of the device is none");
}

static int topic(struct push_device *d, struct str name, struct arena *a, struct err *e)
{
	if (str_prefix(name, TOPICS))
		name = str_sub(name, TOPICS.n, name.n);
	d->target = PUSH_TOPIC;
	d->token = arena_join(a, TOPICS, name);
	return plain_word(name, "-_.~%", TOPIC_MAX) ?
		       0 :
		       malformed(e, "a topic must be letters, digits and -_.~%, 900 at most");
}

/* 'a' in topics && …: what it means is Google's. */
static int condition(struct push_device *d, struct str text, struct err *e)
{
	bool plain = text.n > 0 && text.n <= CONDITION_MAX;

	for (size_t i = 0; i < text.n && plain; i++)
		plain = text.p[i] >= 0x20 && text.p[i] < 0x7f;
	d->target = PUSH_CONDITION;
	d->token = text;
	/* Else it could be taken for a token, or a topic, where they are told apart by their text. */
	return plain && str_search(text, STR("' in topics")) < text.n ?
		       0 :
		       malformed(e, "a condition must be like 'orders' in topics && 'de' in topics");
}

/* By Google: a token, or whoever subscribed. */
static int google(struct push_device *d, const struct json *v, struct arena *a, struct err *e)
{
	const struct json *token = json_get(v, "token"), *name = json_get(v, "topic"),
			  *rule = json_get(v, "condition");

	d->topic = STR_NONE; /* it is no application */
	if ((token != NULL) + (name != NULL) + (rule != NULL) != 1)
		return malformed(e, "a device of fcm must have one of token, topic and condition");
	if (name)
		return topic(d, json_str(name), a, e);
	if (rule)
		return condition(d, json_str(rule), e);
	d->token = json_str(token);
	return plain_token(d, e);
}

static int browser(struct push_device *d, const struct json *v, struct arena *a, struct err *e)
{
	const struct json *keys = json_get(v, "keys"); /* where browsers have them */

	if (!keys)
		keys = v;
	d->token = json_get_str(v, "endpoint");
	if (!plain_url(d->token))
		return malformed(e, "the endpoint of a browser must be an https: URL of at most 2000 bytes");
	return webpush_keys_read(json_get_str(keys, "p256dh"), json_get_str(keys, "auth"), a,
				 &d->keys, e);
}

int push_device_token(struct push_device *d, enum push_platform platform, struct str token,
		      struct arena *a, struct err *e)
{
	*d = (struct push_device){ .platform = platform, .sandbox = -1, .token = token };
	if (platform == PUSH_WEB)
		return malformed(e, "a browser has keys: it must be named in `devices`");
	if (platform == PUSH_FCM && str_prefix(token, TOPICS))
		return topic(d, token, a, e);
	return plain_token(d, e);
}

int push_device_read(struct push_device *d, const struct json *v, struct arena *a, struct err *e)
{
	int platform = PUSH_WEB;

	*d = (struct push_device){ .platform = PUSH_PLATFORMS, .sandbox = -1 };
	if (json_get(v, "platform") || !json_get(v, "endpoint"))
		platform = push_device_platform(json_get_str(v, "platform"));
	if (platform < 0)
		return malformed(e, "the platform of a device must be apns, fcm or webpush");
	d->platform = (enum push_platform)platform;
	d->account = json_get_str(v, "account");
	d->user = json_get_str(v, "user");
	d->topic = json_get_str(v, "topic");
	if (json_is(json_get(v, "sandbox"), JSON_BOOL))
		d->sandbox = json_true(json_get(v, "sandbox"));
	if (clock_parse(json_get_str(v, "created_at"), &d->registered) < 0)
		d->registered = 0;
	if (d->platform == PUSH_WEB)
		return browser(d, v, a, e);
	if (d->platform == PUSH_FCM)
		return google(d, v, a, e);
	/* The bundle id of an application becomes a header. */
	if (d->topic.p && !plain_word(d->topic, "-_.", TOPIC_MAX))
		return malformed(e, "the topic of a device must be the bundle id of an application");
	d->token = json_get_str(v, "token");
	return plain_token(d, e);
}
