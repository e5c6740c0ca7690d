/* SPDX-License-Identifier: MIT */
#include "twilio.h"

enum {
	BODY_MAX = 1600, /* characters on every channel; Twilio makes segments of them */
	MEDIA_MAX = 10,  /* of an MMS */
	SID_LENGTH = 34,
	VALIDITY_MAX = 36000, /* seconds, and what counts without */
};

enum { KEY_AUTH_TOKEN, KEY_API_KEY, KEY_API_SECRET };

const char *const twilio_send_keys[] = { "auth_token", "api_key", "api_secret", NULL };

/* Parameters that records have no place for: carrier_data.twilio. */
static const struct str known[] = {
	STR("AddressRetention"), STR("ApplicationSid"),
	STR("Attempt"),          STR("ContentRetention"),
	STR("ContentSid"),       STR("ContentVariables"),
	STR("FallbackFrom"),     STR("ForceDelivery"),
	STR("MaxPrice"),         STR("MessagingServiceSid"),
	STR("PersistentAction"), STR("ProvideFeedback"),
	STR("RiskCheck"),        STR("ScheduleType"),
	STR("SendAsMms"),        STR("SendAt"),
	STR("ShortenUrls"),      STR("SmartEncoded"),
	STR("StatusCallback"),   STR("TrafficType"),
	STR("ValidityPeriod"),
};

static bool is_channel(const struct sending *s, const char *channel)
{
	return s->c.channel && strcmp(s->c.channel, channel) == 0;
}

/* Documents and sounds take no words on WhatsApp: a Body beside them would not be shown. */
static bool has_caption(const struct canon_media *m)
{
	const char *kind = send_media_kind(m);

	return strcmp(kind, "image") == 0 || strcmp(kind, "video") == 0;
}

/* How Twilio counts characters is not known: units of UTF-16 are never fewer. */
static const struct send_room *room_of(const struct sending *s)
{
	static const struct send_room mms = { SMS_UTF16, BODY_MAX, BODY_MAX, MEDIA_MAX, NULL };
	static const struct send_room whatsapp = { SMS_UTF16, BODY_MAX, BODY_MAX, 1, has_caption };
	static const struct send_room rcs = { SMS_UTF16, BODY_MAX, BODY_MAX, 1, NULL };

	if (is_channel(s, "whatsapp"))
		return &whatsapp;
	return is_channel(s, "rcs") ? &rcs : &mms;
}

/* ---- parties ---- */

int twilio_auth(struct sending *s)
{
	const struct account *a = s->d->account;

	if (a->id.n == 0)
		return send_unconfigured(s, "account_sid");
	if (a->send[KEY_API_KEY].n > 0) {
		s->out->auth.user = a->send[KEY_API_KEY];
		return send_auth(s, SUBMIT_BASIC, KEY_API_SECRET, "api_secret beside api_key");
	}
	s->out->auth.user = a->id;
	return send_auth(s, SUBMIT_BASIC, KEY_AUTH_TOKEN, "auth_token, or api_key and api_secret");
}

/* ${address} with the name of the channel before it, where it has one. */
static struct str with_channel(const struct sending *s, struct str address)
{
	struct arena *a = s->d->arena;

	if (is_channel(s, "whatsapp"))
		return arena_join(a, STR("whatsapp:"), address);
	return is_channel(s, "rcs") ? arena_join(a, STR("rcs:"), address) : address;
}

static int put_to(struct sending *s)
{
	struct str to = s->d->to;

	if (!(is_channel(s, "whatsapp") && send_user_id(to)) && send_phone(s, &to) < 0)
		return -1;
	send_field(s, "To", with_channel(s, to));
	return 0;
}

static bool is_service(struct str s)
{
	return s.n == SID_LENGTH && str_prefix(s, STR("MG"));
}

/* RCS is sent by the senders of a service; where there is none, by the one that is named. */
static int put_from(struct sending *s)
{
	struct str from = s->d->from, service = send_setting(s, "messaging_service_sid");

	if (is_service(from))
		service = from;
	else if (from.n > 0 && !(is_channel(s, "rcs") && service.n > 0))
		service = STR_NONE;
	if (json_get(s->extra, "MessagingServiceSid"))
		service = STR_NONE;
	else if (service.n == 0 && from.n == 0)
		return send_unconfigured(s, "messaging_service_sid, where the message has no from");
	if (service.n > 0)
		send_field(s, "MessagingServiceSid", service);
	else if (from.n > 0)
		send_field(s, "From", with_channel(s, from));
	return 0;
}

/* ---- what goes with a message ---- */

static void put_value(struct sending *s, const char *name, const struct json *v)
{
	if (json_is(v, JSON_BOOL))
		send_field(s, name, json_true(v) ? STR("true") : STR("false"));
	else if (json_is(v, JSON_OBJECT))
		send_field(s, name, json_compact(s->d->arena, v));
	else
		send_field(s, name, json_text(v));
}

static void put_extra(struct sending *s)
{
	for (struct json_iter it = json_iter(s->extra); json_next(&it);) {
		const char *name = arena_cstr(s->d->arena, it.key);

		if (!json_is(it.value, JSON_ARRAY)) {
			put_value(s, name, it.value);
			continue;
		}
		for (struct json_iter each = json_iter(it.value); json_next(&each);)
			put_value(s, name, each.value);
	}
}

int twilio_begin(struct sending *s)
{
	int64_t left = send_expires(s);

	if (send_extra_known(s, known, LEN(known)) < 0 || twilio_auth(s) < 0)
		return -1;
	send_form(s, send_url(s, "https://api.twilio.com",
			      arena_fmt(s->d->arena, "/2010-04-01/Accounts/%s/Messages.json",
					send_escape(s, s->d->account->id))));
	send_header(s, "accept", STR("application/json"));
	if (put_to(s) < 0 || put_from(s) < 0)
		return -1;
	if (s->d->status_url.n > 0 && !json_get(s->extra, "StatusCallback"))
		send_field(s, "StatusCallback", s->d->status_url);
	if (left >= 0 && left < VALIDITY_MAX * INT64_C(1000) && !json_get(s->extra, "ValidityPeriod"))
		send_field(s, "ValidityPeriod",
			   arena_fmt(s->d->arena, "%lld", left < 1000 ? 1LL : (long long)left / 1000));
	put_extra(s);
	return 0;
}

/* ---- kinds ---- */

static int put_part(struct sending *s, const struct send_part *part)
{
	if (twilio_begin(s) < 0)
		return -1;
	if (part->text.n > 0)
		send_field(s, "Body", part->text);
	for (size_t i = 0; i < part->n_media; i++) {
		struct str url;

		if (send_media_url(s, &part->media[i], &url) < 0)
			return -1;
		send_field(s, "MediaUrl", url);
	}
	return 0;
}

int twilio_text(struct sending *s)
{
	struct send_part part;

	if (send_part(s, room_of(s), &part) < 0)
		return -1;
	return put_part(s, &part);
}

/* A place has a name in the Body; what else is said follows it. */
static int make_location(struct sending *s)
{
	struct str name = s->c.location.name, address = s->c.location.address, at;
	struct arena *a = s->d->arena;
	struct send_part part;

	if (!is_channel(s, "whatsapp"))
		return err_set(s->e, SEND_UNSUPPORTED,
			       "twilio sends places on the channel whatsapp alone");
	if (!s->c.location.latitude.p)
		return err_set(s->e, SEND_MALFORMED,
			       "a location needs the numbers latitude and longitude");
	if (send_after(s, room_of(s), 1, &part) < 0)
		return -1;
	if (part.text.n > 0)
		return put_part(s, &part);
	at = arena_join(a, arena_join(a, s->c.location.latitude, STR(",")), s->c.location.longitude);
	if (twilio_begin(s) < 0)
		return -1;
	send_field(s, "Body", name.n > 0 ? name : address.n > 0 ? address : at);
	at = arena_join(a, STR("geo:"), at);
	if (address.n > 0)
		at = arena_join(a, arena_join(a, at, STR("|")), address);
	send_field(s, "PersistentAction", at);
	return 0;
}

/* It shows that the message was read, too. */
static int make_typing(struct sending *s)
{
	struct str id;

	if (!is_channel(s, "whatsapp"))
		return err_set(s->e, SEND_UNSUPPORTED,
			       "twilio shows that one is typing on the channel whatsapp alone");
	if (send_about(s, &id) < 0 || twilio_auth(s) < 0)
		return -1;
	send_form(s, send_url(s, "https://messaging.twilio.com", STR("/v2/Indicators/Typing.json")));
	send_header(s, "accept", STR("application/json"));
	send_field(s, "channel", STR("whatsapp"));
	send_field(s, "messageId", id);
	s->out->idempotent = true;
	return 0;
}

int twilio_request(const struct dispatch *d, struct submit *out, struct err *e)
{
	static const struct send_kind kinds[] = {
		{ "text", twilio_text },         { "media", twilio_text },
		{ "template", twilio_template }, { "interactive", twilio_interactive },
		{ "location", make_location },   { "typing", make_typing },
	};

	return send_request("twilio", kinds, LEN(kinds), d, out, e);
}
