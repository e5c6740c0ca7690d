/* SPDX-License-Identifier: MIT */
#include "messagebird.h"

#include "phone.h"
#include "send.h"

enum {
	PARTS_MAX = 9,           /* of an SMS; each has 153 septets or 67 units */
	PLATFORM_PARTS_MAX = 12, /* likewise on the platform */
	MMS_TEXT_MAX = 2000,
	MMS_MEDIA_MAX = 10,
	MMS_SUBJECT_MAX = 256,
	NAME_CHARACTERS = 11, /* of a sender that is no number */
	REGION_MAX = 16,
};

enum messagebird_api messagebird_api(const struct account *a)
{
	struct str profile = json_get_str(a->conf, "profile");

	if (str_eq(profile, STR("bird-hmac")))
		return MESSAGEBIRD_CHANNELS;
	if (str_eq(profile, STR("bird-std")))
		return MESSAGEBIRD_PLATFORM;
	return a->id.n ? MESSAGEBIRD_CONVERSATIONS : MESSAGEBIRD_SMS;
}

/* ---- what several generations share ---- */

int messagebird_auth(struct sending *s)
{
	if (send_auth(s, SUBMIT_HEADER, 0, "access_key") < 0)
		return -1;
	s->out->auth.header = "authorization";
	s->out->auth.prefix = "AccessKey ";
	return 0;
}

struct str messagebird_extra(const struct sending *s, const char *key)
{
	return json_get_str(s->extra, key);
}

struct str messagebird_place_words(const struct sending *s)
{
	const struct str lines[] = { s->c.text, s->c.location.name, s->c.location.address };

	return send_lines(s, lines, LEN(lines));
}

void messagebird_put_place(struct sending *s, const char *key)
{
	json_key(&s->body, key);
	json_open(&s->body, '{');
	json_add_raw(&s->body, "latitude", s->c.location.latitude);
	json_add_raw(&s->body, "longitude", s->c.location.longitude);
	json_close(&s->body, '}');
}

struct send_room messagebird_sms_room(const struct sending *s, size_t parts)
{
	struct sms_plan plan;

	sms_plan(s->c.text, &plan);
	if (plan.encoding == SMS_GSM7)
		return (struct send_room){ .measure = SMS_SEPTETS, .text = parts * 153 };
	return (struct send_room){ .measure = SMS_UTF16, .text = parts * 67 };
}

/* Numbers have no plus; what is no number is a name. */
static int put_originator(struct sending *s)
{
	struct str from = s->d->from;

	if (!from.n)
		return err_set(s->e, SEND_BAD_ADDRESS,
			       "messagebird needs a number or name that it is from: neither the route "
			       "nor the message has one");
	if (!phone_e164(from) && !str_digits(from) && sms_length(from, SMS_CHARACTERS) > NAME_CHARACTERS)
		return err_set(s->e, SEND_BAD_ADDRESS,
			       "a name that a message is from has up to %d characters, not \"%.*s\"",
			       NAME_CHARACTERS, STR_FMT(str_utf8_cut(from, 60)));
	json_add_str(&s->body, "originator", phone_e164(from) ? send_digits(from) : from);
	return 0;
}

static int put_recipient(struct sending *s)
{
	struct str to;

	if (send_phone(s, &to) < 0)
		return -1;
	json_key(&s->body, "recipients");
	json_open(&s->body, '[');
	json_put_str(&s->body, send_digits(to));
	json_close(&s->body, ']');
	return 0;
}

static int begin(struct sending *s, const char *path)
{
	if (messagebird_auth(s) < 0)
		return -1;
	send_json(s, send_url(s, "https://rest.messagebird.com", str_c(path)));
	send_header(s, "accept", STR("application/json"));
	return put_originator(s) < 0 ? -1 : put_recipient(s);
}

/* ---- SMS ---- */

static int make_sms(struct sending *s)
{
	struct send_room room = messagebird_sms_room(s, PARTS_MAX);
	int64_t left = send_expires(s);
	struct send_part part;
	struct sms_plan plan;

	if (send_part(s, &room, &part) < 0 || begin(s, "/messages") < 0)
		return -1;
	sms_plan(part.text, &plan);
	json_add_str(&s->body, "body", part.text);
	json_add_str(&s->body, "reference", s->d->key); /* without it there are no receipts */
	json_add_str(&s->body, "datacoding", plan.encoding == SMS_GSM7 ? STR("plain") : STR("unicode"));
	json_opt_str(&s->body, "reportUrl", s->d->status_url);
	if (left > 0)
		json_add_i64(&s->body, "validity", (left + 999) / 1000);
	send_json_end(s);
	return 0;
}

/* ---- MMS ---- */

static int make_mms(struct sending *s)
{
	static const struct send_room room = { .measure = SMS_CHARACTERS,
					       .text = MMS_TEXT_MAX,
					       .caption = MMS_TEXT_MAX,
					       .media = MMS_MEDIA_MAX };
	struct str subject = messagebird_extra(s, "subject");
	struct send_part part;

	if (sms_length(subject, SMS_CHARACTERS) > MMS_SUBJECT_MAX)
		return err_set(s->e, SEND_TOO_LONG, "the subject has more than %d characters",
			       MMS_SUBJECT_MAX);
	if (send_part(s, &room, &part) < 0 || begin(s, "/mms") < 0)
		return -1;
	json_opt_str(&s->body, "subject", subject);
	json_opt_str(&s->body, "body", part.text);
	if (part.n_media && send_media_urls(s, "mediaUrls", &part) < 0)
		return -1;
	json_add_str(&s->body, "reference", s->d->key);
	send_json_end(s);
	return 0;
}

static int make_message(struct sending *s)
{
	static const struct str known[] = { STR("subject") };
	const char *channel = s->c.channel ? s->c.channel : "sms";

	if (send_extra_known(s, known, LEN(known)) < 0)
		return -1;
	if (strcmp(channel, "sms") != 0 && strcmp(channel, "mms") != 0)
		return err_set(s->e, SEND_UNSUPPORTED,
			       "messagebird reaches the channel \"%.*s\" over Conversations or Channels: "
			       "an account with channel_id",
			       STR_FMT(str_utf8_cut(str_c(channel), 40)));
	return s->c.n_media > 0 || strcmp(channel, "mms") == 0 ? make_mms(s) : make_sms(s);
}

static int make_template(struct sending *s)
{
	if (!s->c.text.n)
		return err_set(s->e, SEND_UNSUPPORTED,
			       "SMS has no templates: the record needs the words in \"text\"");
	return make_message(s);
}

static const struct send_kind sms_kinds[] = {
	{ "text", make_message },
	{ "media", make_message },
	{ "template", make_template },
};

/* ---- the platform ---- */

/* The region that an access key begins with: "eu1" of bk_eu1_…; {NULL, 0} if it names none. */
static struct str region_of(struct str key)
{
	struct str region = str_sub(key, 3, key.n);

	region = str_sub(region, 0, str_find(region, '_'));
	if (!str_prefix(key, STR("bk_")) || region.n == 0 || region.n > REGION_MAX)
		return STR_NONE;
	for (size_t i = 0; i < region.n; i++)
		if (!(region.p[i] >= 'a' && region.p[i] <= 'z') &&
		    !(region.p[i] >= '0' && region.p[i] <= '9'))
			return STR_NONE;
	return region;
}

static int begin_platform(struct sending *s)
{
	struct str region = region_of(s->d->account->send[0]), to;
	const char *host = arena_fmt(s->d->arena, "https://%.*s.platform.bird.com", STR_FMT(region)).p;

	if (send_auth(s, SUBMIT_BEARER, 0, "access_key") < 0)
		return -1;
	if (!region.n && !s->d->account->base_url.n)
		return send_unconfigured(
			s, "an access_key that names its region, as bk_eu1_ does, or base_url");
	send_json(s, send_url(s, host, STR("/v1/sms/messages")));
	send_header(s, "idempotency-key", s->d->key);
	s->out->idempotent = true;
	if (send_phone(s, &to) < 0)
		return -1;
	json_add_str(&s->body, "to", to);
	if (!s->d->from.n)
		return err_set(s->e, SEND_BAD_ADDRESS, "messagebird needs a number that it is from");
	json_add_str(&s->body, "from", s->d->from);
	return 0;
}

static int end_platform(struct sending *s)
{
	json_key(&s->body, "metadata");
	json_open(&s->body, '{');
	json_add_str(&s->body, "omni_id", s->d->key);
	json_close(&s->body, '}');
	send_json_end(s);
	return 0;
}

static struct str category(const struct sending *s)
{
	struct str word = json_get_str(s->d->message, "category");

	if (str_eq(word, STR("otp")))
		return STR("authentication");
	return word.n ? word : STR("transactional");
}

static int make_platform_text(struct sending *s)
{
	struct send_room room = messagebird_sms_room(s, PLATFORM_PARTS_MAX);
	struct send_part part;

	if (send_part(s, &room, &part) < 0 || begin_platform(s) < 0)
		return -1;
	json_add_str(&s->body, "text", part.text);
	json_add_str(&s->body, "category", category(s));
	return end_platform(s);
}

static int make_platform_template(struct sending *s)
{
	const struct json *template = json_get(s->d->message, "template");
	const struct json *parameters = json_get(template, "parameters");

	if (!json_get_str(template, "name").n)
		return err_set(s->e, SEND_MALFORMED, "a template needs a name");
	if (begin_platform(s) < 0)
		return -1;
	json_key(&s->body, "template");
	json_open(&s->body, '{');
	json_add_str(&s->body, "name", json_get_str(template, "name"));
	json_opt_str(&s->body, "language", json_get_str(template, "language"));
	if (parameters)
		json_add_value(&s->body, "parameters", parameters);
	json_close(&s->body, '}');
	return end_platform(s);
}

static const struct send_kind platform_kinds[] = {
	{ "text", make_platform_text },
	{ "template", make_platform_template },
};

int messagebird_request(const struct dispatch *d, struct submit *out, struct err *e)
{
	switch (messagebird_api(d->account)) {
	case MESSAGEBIRD_SMS:
		return send_request("messagebird", sms_kinds, LEN(sms_kinds), d, out, e);
	case MESSAGEBIRD_PLATFORM:
		return send_request("messagebird", platform_kinds, LEN(platform_kinds), d, out, e);
	case MESSAGEBIRD_CONVERSATIONS:
		return messagebird_conversation_request(d, out, e);
	default:
		return messagebird_channels_request(d, out, e);
	}
}
