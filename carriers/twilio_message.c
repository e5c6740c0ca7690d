/* SPDX-License-Identifier: MIT */
#include "twilio.h"

enum { NUMBER_MAX = 32 }; /* characters of a coordinate */

static bool type_is(const struct twilio_reading *r, const char *word)
{
	return str_eq_nocase(twilio_peek(r, PARAM_MESSAGE_TYPE), str_c(word));
}

static const char *media_kind(const struct twilio_reading *r, struct str mime)
{
	static const char *const kinds[] = { "image", "video", "audio", "document" };

	if (type_is(r, "sticker"))
		return "sticker";
	if (str_prefix(mime, STR("image/")))
		return "image";
	if (str_prefix(mime, STR("video/")))
		return "video";
	if (str_prefix(mime, STR("audio/ogg")) && strcmp(r->channel, "whatsapp") == 0)
		return "voice"; /* what is recorded in the app; a file that is sent has other formats */
	if (str_prefix(mime, STR("audio/")))
		return "audio";
	if (mime.p)
		return "document";
	for (size_t i = 0; i < LEN(kinds); i++)
		if (type_is(r, kinds[i]))
			return kinds[i];
	return NULL;
}

static void read_media(struct twilio_reading *r, struct canon *c)
{
	uint64_t count;

	for (size_t i = 0; i < TWILIO_MEDIA_MAX; i++) {
		struct canon_media *m;

		if (!r->url[i])
			continue;
		if (!c->media)
			c->media = arena_calloc(r->arena, TWILIO_MEDIA_MAX, sizeof(*c->media));
		m = &c->media[c->n_media++];
		m->url = twilio_take_field(r, r->url[i]);
		m->mime = twilio_take_field(r, r->mime[i]);
		m->kind = media_kind(r, m->mime);
		m->size = -1;
	}
	if (str_u64(twilio_peek(r, PARAM_NUM_MEDIA), &count) == 0 && count == c->n_media)
		twilio_take(r, PARAM_NUM_MEDIA);
}

/* True if ${s} is a number as JSON writes one, without exponent. */
static bool number(struct str s)
{
	struct str whole;
	size_t dot;

	if (s.n > NUMBER_MAX)
		return false;
	if (s.n > 0 && s.p[0] == '-')
		s = str_sub(s, 1, s.n);
	dot = str_find(s, '.');
	whole = str_sub(s, 0, dot);
	if (!str_digits(whole) || (whole.n > 1 && whole.p[0] == '0'))
		return false;
	return dot == s.n || str_digits(str_sub(s, dot + 1, s.n));
}

static bool read_location(struct twilio_reading *r, struct canon *c)
{
	if (!number(twilio_peek(r, PARAM_LATITUDE)) || !number(twilio_peek(r, PARAM_LONGITUDE)))
		return false;
	c->location.latitude = twilio_take(r, PARAM_LATITUDE);
	c->location.longitude = twilio_take(r, PARAM_LONGITUDE);
	c->location.name = twilio_take(r, PARAM_LABEL);
	c->location.address = twilio_take(r, PARAM_ADDRESS);
	return true;
}

/* The JSON in ${param} on one line; {NULL, 0} if it is none, and then it stays where it is. */
static struct str read_json(struct twilio_reading *r, enum twilio_param param)
{
	struct str text = twilio_peek(r, param);
	struct buf b = { .max = LINE_MAX_BYTES };
	const struct json *v;
	struct err e;

	v = text.p ? json_parse(text, r->arena, &e) : NULL;
	if (!v)
		return STR_NONE;
	json_put_value(&b, v);
	text = b.over ? STR_NONE : arena_str(r->arena, buf_get(&b));
	buf_free(&b);
	if (text.p)
		twilio_take(r, param);
	return text;
}

static bool read_reply(struct twilio_reading *r, struct canon *c)
{
	if (twilio_peek(r, PARAM_BUTTON_PAYLOAD).p || twilio_peek(r, PARAM_BUTTON_TEXT).p) {
		c->reply.kind = "button";
		c->reply.id = twilio_take(r, PARAM_BUTTON_PAYLOAD);
		c->reply.title = twilio_take(r, PARAM_BUTTON_TEXT);
	} else if (twilio_peek(r, PARAM_LIST_ID).p || twilio_peek(r, PARAM_LIST_TITLE).p) {
		c->reply.kind = "list";
		c->reply.id = twilio_take(r, PARAM_LIST_ID);
		c->reply.title = twilio_take(r, PARAM_LIST_TITLE);
	} else if (twilio_peek(r, PARAM_FLOW_DATA).p || twilio_peek(r, PARAM_INTERACTIVE_DATA).p) {
		c->reply.kind = "flow";
		c->reply.data = read_json(r, twilio_peek(r, PARAM_FLOW_DATA).p ? PARAM_FLOW_DATA :
										 PARAM_INTERACTIVE_DATA);
	} else {
		return false;
	}
	return true;
}

/* The words of MessageType that the record says in its own way. */
static bool type_known(const struct twilio_reading *r)
{
	static const char *const words[] = { "text",        "image",   "video",    "audio",
					     "document",    "sticker", "location", "button",
					     "interactive", "order",   "reaction" };

	for (size_t i = 0; twilio_peek(r, PARAM_MESSAGE_TYPE).p && i < LEN(words); i++)
		if (type_is(r, words[i]))
			return true;
	return false;
}

static const char *read_type(struct twilio_reading *r, struct canon *c)
{
	if (type_is(r, "reaction")) {
		c->reaction.emoji = c->text.p ? c->text : STR("");
		c->reaction.message = c->reply_to;
		c->text = c->reply_to = STR_NONE;
		return "reaction";
	}
	if (read_reply(r, c))
		return "reply";
	if (read_location(r, c))
		return "location";
	if (type_is(r, "order"))
		return "order";
	if (c->n_media > 0)
		return "media";
	if (!twilio_peek(r, PARAM_MESSAGE_TYPE).p || type_is(r, "text"))
		return "text";
	return "unsupported";
}

static const struct {
	const char *key;
	enum twilio_param param;
} referral[] = {
	{ "source_type", PARAM_REFERRAL_SOURCE_TYPE },
	{ "source_id", PARAM_REFERRAL_SOURCE_ID },
	{ "source_url", PARAM_REFERRAL_SOURCE_URL },
	{ "headline", PARAM_REFERRAL_HEADLINE },
	{ "body", PARAM_REFERRAL_BODY },
	{ "media_id", PARAM_REFERRAL_MEDIA_ID },
	{ "media_mime", PARAM_REFERRAL_MEDIA_CONTENT_TYPE },
	{ "media_url", PARAM_REFERRAL_MEDIA_URL },
	{ "ctwa_clid", PARAM_REFERRAL_CTWA_CLID },
};

static void put_referral(struct buf *b, struct twilio_reading *r)
{
	bool any = false;

	twilio_take_same(r, PARAM_REFERRAL_NUM_MEDIA,
			 twilio_peek(r, PARAM_REFERRAL_MEDIA_URL).p ? STR("1") : STR("0"));
	for (size_t i = 0; i < LEN(referral); i++)
		any |= twilio_peek(r, referral[i].param).p != NULL;
	if (!any)
		return;
	json_key(b, "referral");
	json_open(b, '{');
	for (size_t i = 0; i < LEN(referral); i++)
		json_opt_str(b, referral[i].key, twilio_take(r, referral[i].param));
	json_close(b, '}');
}

/* A flag counts if it is "true"; "false" is the same as not there. */
static void put_flag(struct buf *b, struct twilio_reading *r, const char *key, enum twilio_param param)
{
	twilio_take_same(r, param, STR("false"));
	if (!str_eq(twilio_peek(r, param), STR("true")))
		return;
	twilio_take(r, param);
	json_add_bool(b, key, true);
}

static void put_keyword(struct buf *b, struct twilio_reading *r)
{
	static const char *const words[][2] = { { "STOP", "opt-out" },
						{ "START", "opt-in" },
						{ "HELP", "help" } };

	for (size_t i = 0; i < LEN(words); i++) {
		if (!str_eq_nocase(twilio_peek(r, PARAM_OPT_OUT_TYPE), str_c(words[i][0])))
			continue;
		twilio_take(r, PARAM_OPT_OUT_TYPE);
		json_add_str(b, "keyword", str_c(words[i][1]));
	}
}

static struct str read_context(struct twilio_reading *r)
{
	size_t n = 512; /* all keys and fixed values together */
	struct buf b;

	for (size_t i = 0; i < LEN(referral); i++)
		n += TWILIO_ESCAPE_MAX * twilio_peek(r, referral[i].param).n;
	b = twilio_room(r->arena, n);
	json_open(&b, '{');
	put_flag(&b, r, "forwarded", PARAM_FORWARDED);
	put_flag(&b, r, "frequently_forwarded", PARAM_FREQUENTLY_FORWARDED);
	put_keyword(&b, r);
	put_referral(&b, r);
	json_close(&b, '}');
	return b.n > 2 ? buf_get(&b) : STR_NONE;
}

static const char *channel_of(const struct twilio_reading *r)
{
	struct str count = twilio_peek(r, PARAM_NUM_MEDIA);

	if (r->channel)
		return r->channel;
	return count.p && !str_eq(count, STR("0")) ? "mms" : "sms";
}

void twilio_message(struct twilio_reading *r, struct canon_list *out)
{
	struct canon *c = canon_new(out, CANON_MESSAGE);

	c->direction = "in";
	twilio_common(r, c);
	c->from.name = twilio_take(r, PARAM_PROFILE_NAME);
	c->channel = r->channel = channel_of(r);
	c->text = twilio_take(r, PARAM_BODY);
	c->reply_to = twilio_take(r, PARAM_ORIGINAL_REPLIED_MESSAGE_SID);
	read_media(r, c);
	c->type = read_type(r, c);
	if (strcmp(c->type, "unsupported") != 0 && type_known(r))
		twilio_take(r, PARAM_MESSAGE_TYPE);
	if (!c->text.p)
		c->text = strcmp(c->type, "text") == 0 ? STR("") : c->reply.title;
	c->context = read_context(r);
	twilio_take_same(r, PARAM_SMS_STATUS, STR("received"));
	twilio_take_same(r, PARAM_SMS_STATUS, STR("receiving"));
	twilio_take_same(r, PARAM_MESSAGE_STATUS, STR("received"));
	twilio_take_same(r, PARAM_MESSAGE_STATUS, STR("receiving"));
	c->carrier_data = twilio_rest(r);
}
