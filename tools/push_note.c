/* SPDX-License-Identifier: MIT */
#include "push_note.h"

#include "clock.h"

struct str push_carrier(const struct rec *r)
{
	struct str carrier = json_get_str(rec_get(r, "route"), "carrier");

	return carrier.p ? carrier : rec_str(r, "carrier");
}

static bool routed(const struct rec *r)
{
	return push_device_platform(push_carrier(r)) >= 0 || str_eq(rec_str(r, "channel"), STR("push"));
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

/* The address of a message: "apns:TOKEN", or a token alone where its carrier says whose. */
static int of_address(struct push_device *d, const struct json *v, const struct rec *r, struct err *e)
{
	struct str address = json_is(v, JSON_OBJECT) ? json_get_str(v, "address") : json_str(v);
	size_t colon = str_find(address, ':');
	int platform = push_device_platform(str_sub(address, 0, colon));

	if (platform >= 0)
		address = str_sub(address, colon + 1, address.n);
	else
		platform = push_device_platform(push_carrier(r));
	if (platform < 0) {
		*d = (struct push_device){ .platform = PUSH_PLATFORMS, .token = address };
		return err_set(e, FAULT_DATA, "subscription-malformed",
			       "an address must be apns: or fcm: and the token of a device");
	}
	return push_device_token(d, (enum push_platform)platform, address, r->arena, e);
}

int push_device_named(struct push_device *d, const struct json *v, const struct rec *r, struct err *e)
{
	int rc = json_get(v, "endpoint") || json_get(v, "platform") ?
			 push_device_read(d, v, r->arena, e) :
			 of_address(d, v, r, e);

	d->text = json_compact(r->arena, v);
	return rc;
}
