/* SPDX-License-Identifier: MIT */
#include "push_gateway.h"

enum { APNS_MAX = 4096, APNS_VOIP_MAX = 5120, COLLAPSE_MAX = 64 };

/* Nothing to show, to play or to count: it only wakes the application. */
static bool silent(const struct push_note *n)
{
	return !n->title.p && !n->body.p && n->badge < 0 && !n->sound.p;
}

static void alert(struct buf *b, const struct push_note *n, struct str body)
{
	if (!n->title.p && !body.p)
		return;
	json_key(b, "alert");
	json_open(b, '{');
	json_opt_str(b, "title", n->title);
	json_opt_str(b, "body", body);
	json_close(b, '}');
}

static int render(struct buf *b, const struct push_note *n, const struct push_device *d,
		  struct str body, struct err *e)
{
	(void)d;
	(void)e;
	json_open(b, '{');
	json_key(b, "aps");
	json_open(b, '{');
	alert(b, n, body);
	if (n->badge >= 0)
		json_add_i64(b, "badge", n->badge);
	json_opt_str(b, "sound", n->sound);
	if (n->image.p) /* an extension of the application fetches it */
		json_add_i64(b, "mutable-content", 1);
	if (silent(n))
		json_add_i64(b, "content-available", 1);
	json_close(b, '}');
	if (!json_get(n->data, "link"))
		json_opt_str(b, "link", n->link);
	if (!json_get(n->data, "image"))
		json_opt_str(b, "image", n->image);
	for (struct json_iter it = json_iter(n->data); json_next(&it);) {
		if (str_eq(it.key, STR("aps"))) /* Apple's own */
			continue;
		json_key_str(b, it.key);
		json_put_value(b, it.value);
	}
	json_close(b, '}');
	return 0;
}

static size_t size(struct str payload, struct arena *arena)
{
	(void)arena;
	return payload.n;
}

static struct str push_type(const struct push_note *n)
{
	struct str s = json_get_str(json_get(n->over[PUSH_APNS], "headers"), "apns-push-type");

	if (s.p)
		return s;
	return silent(n) ? STR("background") : STR("alert");
}

static size_t most(const struct push_note *n, const struct push_device *d)
{
	(void)d;
	return str_eq(push_type(n), STR("voip")) ? APNS_VOIP_MAX : APNS_MAX;
}

/* A kind of push has a topic of its own, below that of the application. */
static struct str topic_of(struct str topic, struct str type, struct arena *arena)
{
	static const struct {
		struct str type, suffix;
	} kinds[] = {
		{ STR("voip"), STR(".voip") },
		{ STR("complication"), STR(".complication") },
		{ STR("fileprovider"), STR(".pushkit.fileprovider") },
		{ STR("location"), STR(".location-query") },
		{ STR("liveactivity"), STR(".push-type.liveactivity") },
		{ STR("pushtotalk"), STR(".voip-ptt") },
	};

	for (size_t i = 0; i < LEN(kinds); i++)
		if (str_eq(type, kinds[i].type) && topic.n > 0 && !str_suffix(topic, kinds[i].suffix))
			return arena_join(arena, topic, kinds[i].suffix);
	return topic;
}

static struct str priority(const struct push_note *n, struct str type)
{
	if (n->priority == PUSH_LOW)
		return STR("1");
	/* What wakes the application alone is refused with 10. */
	if (n->priority == PUSH_NORMAL || str_eq(type, STR("background")))
		return STR("5");
	return STR("10");
}

static int request(struct push_post *x, const struct push_note *n, const struct push_device *d,
		   struct push_account *a, int64_t now, struct arena *arena, struct err *e)
{
	static const char *const allowed[] = { "apns-push-type",  "apns-priority",
					       "apns-expiration", "apns-collapse-id",
					       "apns-topic",      NULL };
	struct str type = push_type(n), base = a->base_url;
	struct id id = id_derive((struct str[]){ n->id, STR("push"), d->token }, 3);
	bool sandbox = d->sandbox < 0 ? a->sandbox : d->sandbox;

	if (!base.p)
		base = sandbox ? STR("https://api.sandbox.push.apple.com") :
				 STR("https://api.push.apple.com");
	x->url = arena_fmt(arena, "%.*s/3/device/%.*s", STR_FMT(base), STR_FMT(d->token));
	x->idempotent = true; /* one apns-id is shown once */
	push_header(x, "apns-id", arena_str(arena, id_str(&id)));
	push_header(x, "apns-push-type", type);
	push_header(x, "apns-topic", topic_of(d->topic.p ? d->topic : a->topic, type, arena));
	push_header(x, "apns-priority", priority(n, type));
	if (n->ttl >= 0)
		push_header(x, "apns-expiration",
			    n->ttl == 0 ? STR("0") :
					  arena_fmt(arena, "%lld", (long long)(now / 1000 + n->ttl)));
	push_header(x, "apns-collapse-id", push_word(n->collapse, COLLAPSE_MAX, false, arena));
	push_header(x, "content-type", STR("application/json"));
	return push_header_overrides(x, n, d, allowed, arena, e);
}

/* What Apple's reasons mean; any other is judged by its status. */
static const struct {
	const char *reason;
	enum push_verdict verdict;
	bool doubtful, renew;
} reasons[] = {
	{ "BadDeviceToken", PUSH_GONE, true, false }, /* or a token of the other environment */
	{ "DeviceTokenNotForTopic", PUSH_GONE, true, false },
	{ "Unregistered", PUSH_GONE, false, false },
	{ "ExpiredToken", PUSH_GONE, false, false },
	{ "TopicDisallowed", PUSH_CREDENTIALS, false, false },
	{ "IdleTimeout", PUSH_RETRY, false, false },
	{ "ExpiredProviderToken", PUSH_CREDENTIALS, false, true },
	{ "TooManyProviderTokenUpdates", PUSH_CREDENTIALS, false, false },
	{ "TooManyRequests", PUSH_LIMITED, false, false }, /* of this device */
};

static void by_status(int status, struct push_judgement *j)
{
	if (status == 401 || status == 403)
		j->verdict = PUSH_CREDENTIALS;
	else if (status == 410)
		j->verdict = PUSH_GONE;
	else if (status == 429)
		j->verdict = PUSH_LIMITED;
	else if (status >= 500)
		j->verdict = PUSH_RETRY;
}

static void judge(const struct response *r, int64_t now, struct arena *arena, struct push_judgement *j)
{
	const struct json *body;
	struct str reason;

	if (r->status == 200) {
		j->verdict = PUSH_SENT;
		j->external_id = push_answer_header(r, "apns-id");
		return;
	}
	body = push_answer_json(r, arena);
	reason = json_get_str(body, "reason");
	j->code = reason;
	j->retry_at = push_retry_at(r, now);
	by_status(r->status, j);
	for (size_t i = 0; i < LEN(reasons); i++)
		if (str_eq(reason, str_c(reasons[i].reason))) {
			j->verdict = reasons[i].verdict;
			j->doubtful = reasons[i].doubtful;
			j->renew = reasons[i].renew;
		}
	if (json_i64(json_get(body, "timestamp"), &j->gone_at) < 0)
		j->gone_at = -1;
}

const struct push_gateway push_apns = { render, size, most, request, judge };
