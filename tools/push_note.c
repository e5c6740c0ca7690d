/* SPDX-License-Identifier: MIT */
#include "push_note.h"

#include "clock.h"
#include "url.h"

const char *const push_platforms[PUSH_PLATFORMS] = { "apns", "fcm", "webpush" };

enum {
	TOKEN_MAX = 4096, /* of apns some 64 to 200, of fcm some 160 */
	ENDPOINT_MAX = 2000,
	TOPIC_MAX = 900,      /* what Google takes */
	CONDITION_MAX = 5000, /* five of those */
};

#define TOPICS STR("/topics/")

static bool routed(const struct rec *r)
{
	struct str carrier = json_get_str(rec_get(r, "route"), "carrier");

	if (!carrier.p)
		carrier = rec_str(r, "carrier");
	for (size_t i = 0; i < PUSH_PLATFORMS; i++)
		if (str_eq(carrier, str_c(push_platforms[i])))
			return true;
	return str_eq(rec_str(r, "channel"), STR("push"));
}

bool push_wanted(const struct rec *r)
{
	if (rec_is(r, "push"))
		return true;
	return rec_is(r, "message") && str_eq(rec_str(r, "direction"), STR("out")) &&
	       !rec_get(r, "external_id") && routed(r);
}

static int bad(const char *member, const char *what, struct err *e)
{
	return err_set(e, FAULT_DATA, "push-malformed", "%s must be %s", member, what);
}

static int text_of(const struct rec *r, const char *member, struct str *out, struct err *e)
{
	const struct json *v = rec_get(r, member);

	*out = json_str(v);
	return v && !out->p && !json_is(v, JSON_NULL) ? bad(member, "a string", e) : 0;
}

static int number_of(const struct rec *r, const char *member, int64_t max, int64_t *out, struct err *e)
{
	const struct json *v = rec_get(r, member);

	*out = -1;
	if (!v || (json_i64(v, out) == 0 && *out >= 0 && *out <= max))
		return 0;
	return err_set(e, FAULT_DATA, "push-malformed", "%s must be a whole number from 0 to %lld",
		       member, (long long)max);
}

static int priority_of(struct push_note *n, const struct rec *r, struct err *e)
{
	static const char *const words[] = { [PUSH_HIGH] = "high", "normal", "low" };
	struct str s;

	if (text_of(r, "priority", &s, e) < 0)
		return -1;
	n->priority = PUSH_PRIORITY_NONE;
	if (!s.p)
		return 0;
	for (size_t i = PUSH_HIGH; i < LEN(words); i++)
		if (str_eq(s, str_c(words[i])))
			n->priority = (enum push_priority)i;
	return n->priority == PUSH_PRIORITY_NONE ? bad("priority", "high, normal or low", e) : 0;
}

/* Apart from what a push and a message have in common: objects of what only one platform has. */
static int platforms_of(struct push_note *n, const struct rec *r, struct err *e)
{
	const struct json *all = rec_get(r, "platform");

	for (size_t i = 0; i < PUSH_PLATFORMS; i++) {
		n->over[i] = json_get(all, push_platforms[i]);
		if (n->over[i] && !json_is(n->over[i], JSON_OBJECT))
			return err_set(e, FAULT_DATA, "push-malformed",
				       "platform.%s must be an object", push_platforms[i]);
	}
	n->data = rec_get(r, "data");
	return n->data && !json_is(n->data, JSON_OBJECT) ? bad("data", "an object", e) : 0;
}

/* A message has its words in `text`, and a picture among its media. */
static void of_message(struct push_note *n, const struct rec *r)
{
	const struct json *medium = json_at(rec_get(r, "media"), 0);

	if (!n->body.p)
		n->body = rec_str(r, "text");
	if (!n->title.p)
		n->title = json_get_str(rec_get(r, "from"), "name");
	if (!n->image.p && str_eq(json_get_str(medium, "kind"), STR("image")))
		n->image = json_get_str(medium, "url");
}

/* A push that waited in a queue may wait so much less for the device. */
static int age(struct push_note *n, const struct rec *r, int64_t now, struct err *e)
{
	int64_t at;

	if (n->ttl <= 0 || clock_parse(rec_str(r, "at"), &at) < 0 || now <= at)
		return 0;
	if (now - at >= n->ttl * 1000)
		return err_set(e, FAULT_DENIED, "expired",
			       "its time to live, %lld seconds, ended before it could be sent",
			       (long long)n->ttl);
	n->ttl -= (now - at) / 1000;
	return 0;
}

int push_note_read(struct push_note *n, const struct rec *r, int64_t now, struct err *e)
{
	*n = (struct push_note){ .id = rec_str(r, "id"), .conversation = rec_str(r, "conversation") };
	if (text_of(r, "title", &n->title, e) < 0 || text_of(r, "body", &n->body, e) < 0 ||
	    text_of(r, "image", &n->image, e) < 0 || text_of(r, "sound", &n->sound, e) < 0 ||
	    text_of(r, "link", &n->link, e) < 0 || text_of(r, "collapse", &n->collapse, e) < 0 ||
	    number_of(r, "badge", INT32_MAX, &n->badge, e) < 0 ||
	    number_of(r, "ttl", 2419200, &n->ttl, e) < 0 || priority_of(n, r, e) < 0 ||
	    platforms_of(n, r, e) < 0)
		return -1;
	if (!id_valid(n->id))
		return bad("id", "a UUID", e);
	if (rec_is(r, "message"))
		of_message(n, r);
	return age(n, r, now, e);
}

const struct json *push_devices(const struct rec *r)
{
	const struct json *v = rec_get(r, "devices");

	if (!v)
		v = rec_get(r, "to");
	return json_len(v) > 0 && !json_is(v, JSON_OBJECT) ? v : NULL;
}

static int malformed(struct err *e, const char *what)
{
	return err_set(e, FAULT_DATA, "subscription-malformed", "%s", what);
}

static int platform_of(struct push_device *d, struct str name)
{
	for (size_t i = 0; i < PUSH_PLATFORMS; i++)
		if (str_eq(name, str_c(push_platforms[i]))) {
			d->platform = (enum push_platform)i;
			return 0;
		}
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

static int plain_token(const struct push_device *d, struct err *e)
{
	return plain_word(d->token, "-_:.=", TOKEN_MAX) ?
		       0 :
		       malformed(e, "the token of the device is none");
}

static int topic(struct push_device *d, struct str name, struct arena *arena, struct err *e)
{
	if (str_prefix(name, TOPICS))
		name = str_sub(name, TOPICS.n, name.n);
	d->target = PUSH_TOPIC;
	d->token = arena_join(arena, TOPICS, name);
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
static int google(struct push_device *d, const struct json *v, struct arena *arena, struct err *e)
{
	const struct json *token = json_get(v, "token"), *name = json_get(v, "topic"),
			  *rule = json_get(v, "condition");

	d->topic = STR_NONE; /* it is no application */
	if ((token != NULL) + (name != NULL) + (rule != NULL) != 1)
		return malformed(e, "a device of fcm must have one of token, topic and condition");
	if (name)
		return topic(d, json_str(name), arena, e);
	if (rule)
		return condition(d, json_str(rule), e);
	d->token = json_str(token);
	return plain_token(d, e);
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

static int browser(struct push_device *d, const struct json *v, const struct rec *r, struct err *e)
{
	const struct json *keys = json_get(v, "keys"); /* where browsers have them */

	if (!keys)
		keys = v;
	d->token = json_get_str(v, "endpoint");
	if (!plain_url(d->token))
		return malformed(e, "the endpoint of a browser must be an https: URL of at most 2000 bytes");
	return webpush_keys_read(json_get_str(keys, "p256dh"), json_get_str(keys, "auth"), r->arena,
				 &d->keys, e);
}

/* The address of a message: "apns:TOKEN", or a token alone where its carrier says whose. */
static int of_address(struct push_device *d, const struct json *v, const struct rec *r, struct err *e)
{
	struct str address = json_is(v, JSON_OBJECT) ? json_get_str(v, "address") : json_str(v);
	size_t colon = str_find(address, ':');
	struct str carrier = json_get_str(rec_get(r, "route"), "carrier");

	if (!carrier.p)
		carrier = rec_str(r, "carrier");
	d->token = address;
	if (platform_of(d, str_sub(address, 0, colon)) == 0)
		d->token = str_sub(address, colon + 1, address.n);
	else if (platform_of(d, carrier) < 0)
		return malformed(e, "an address must be apns: or fcm: and the token of a device");
	if (d->platform == PUSH_WEB)
		return malformed(e, "a browser has keys: it must be named in `devices`");
	if (d->platform == PUSH_FCM && str_prefix(d->token, TOPICS))
		return topic(d, d->token, r->arena, e);
	return plain_token(d, e);
}

int push_device_read(struct push_device *d, const struct json *v, const struct rec *r, struct err *e)
{
	*d = (struct push_device){ .sandbox = -1, .text = json_compact(r->arena, v) };
	if (json_get(v, "endpoint") && !json_get(v, "platform"))
		d->platform = PUSH_WEB;
	else if (!json_get(v, "platform"))
		return of_address(d, v, r, e);
	else if (platform_of(d, json_get_str(v, "platform")) < 0)
		return malformed(e, "the platform of a device must be apns, fcm or webpush");
	d->account = json_get_str(v, "account");
	d->user = json_get_str(v, "user");
	d->topic = json_get_str(v, "topic");
	if (json_is(json_get(v, "sandbox"), JSON_BOOL))
		d->sandbox = json_true(json_get(v, "sandbox"));
	if (clock_parse(json_get_str(v, "created_at"), &d->registered) < 0)
		d->registered = 0;
	if (d->platform == PUSH_WEB)
		return browser(d, v, r, e);
	if (d->platform == PUSH_FCM)
		return google(d, v, r->arena, e);
	/* The bundle id of an application becomes a header. */
	if (d->topic.p && !plain_word(d->topic, "-_.", TOPIC_MAX))
		return malformed(e, "the topic of a device must be the bundle id of an application");
	d->token = json_get_str(v, "token");
	return plain_token(d, e);
}
