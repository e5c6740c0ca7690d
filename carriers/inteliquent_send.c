/* SPDX-License-Identifier: MIT */
#include "inteliquent.h"

#include "phone.h"

/* None of these limits is published: they are what integrations keep to. */
enum {
	GSM_MAX = 1530,  /* septets: ten short messages */
	UCS_MAX = 670,   /* units of UTF-16, likewise */
	MMS_TEXT = 1600, /* beside media */
	MEDIA_MAX = 10,
	NUMBER = 12, /* characters of "+12025550144" */
};

const char *const inteliquent_send_keys[] = { "api_key", NULL };

static bool is_short(struct str s)
{
	return str_digits(s) && s.n >= 3 && s.n <= 8;
}

/* ${address} as the broker has it: eleven digits, or a short code. */
static int number_of(struct sending *s, struct str address, struct str *out)
{
	struct arena *a = s->d->arena;
	struct str number = str_digits(address) && address.n == 10 ? arena_join(a, STR("+1"), address) :
								     phone_plus(a, address);

	*out = is_short(address) ? address : send_digits(number);
	if (is_short(address) ||
	    (phone_e164(number) && number.n == NUMBER && str_prefix(number, STR("+1"))))
		return 0;
	return err_set(s->e, SEND_BAD_ADDRESS,
		       "\"%.*s\" is no number of the United States or Canada; write it as +12025550144",
		       STR_FMT(str_utf8_cut(address, 60)));
}

static int put_from(struct sending *s)
{
	const struct inteliquent *own = s->d->account->own;
	struct str from = s->d->from;

	if (from.n == 0 && own && own->n_numbers == 1)
		from = own->numbers[0];
	if (from.n == 0)
		return send_unconfigured(s, "a from in the message, or one number in numbers");
	if (number_of(s, from, &from) < 0)
		return -1;
	json_add_str(&s->body, "from", from);
	return 0;
}

/* One recipient, or all of a group. */
static int put_to(struct sending *s)
{
	const struct canon_party one = { .address = s->d->to };
	const struct canon_party *to = s->d->to.p ? &one : s->c.to;
	size_t n = s->d->to.p ? 1 : s->c.n_to;

	json_key(&s->body, "to");
	json_open(&s->body, '[');
	for (size_t i = 0; i < n; i++) {
		struct str number;

		if (number_of(s, to[i].address, &number) < 0)
			return -1;
		json_put_str(&s->body, number);
	}
	json_close(&s->body, ']');
	return n > 0 ? 0 : err_set(s->e, SEND_BAD_ADDRESS, "there is no recipient");
}

/* The room that a text has depends on the alphabet that it needs. */
static const struct send_room *room_of(const struct sending *s)
{
	static const struct send_room gsm = { SMS_SEPTETS, GSM_MAX, 0, 0, NULL };
	static const struct send_room ucs = { SMS_UTF16, UCS_MAX, 0, 0, NULL };
	static const struct send_room mms = { SMS_UTF16, MMS_TEXT, MMS_TEXT, MEDIA_MAX, NULL };
	struct sms_plan plan;

	if (s->c.n_media > 0)
		return &mms;
	sms_plan(s->c.text, &plan);
	return plan.encoding == SMS_GSM7 ? &gsm : &ucs;
}

static int make(struct sending *s)
{
	struct send_part part;

	if (send_extra_known(s, NULL, 0) < 0 ||
	    send_auth(s, SUBMIT_BEARER, 0, inteliquent_send_keys[0]) < 0 ||
	    send_part(s, room_of(s), &part) < 0)
		return -1;
	if (!s->d->to.p && s->c.n_to > 1 && s->c.n_media == 0)
		return err_set(s->e, SEND_UNSUPPORTED,
			       "inteliquent makes a group only of a message with media");
	send_json(s, send_url(s, "https://messagebroker.inteliquent.com",
			      STR("/msgbroker/rest/publishMessages")));
	if (put_from(s) < 0 || put_to(s) < 0)
		return -1;
	if (part.text.n > 0)
		json_add_str(&s->body, "text", part.text);
	if (part.n_media > 0 && send_media_urls(s, "mediaUrls", &part) < 0)
		return -1;
	json_opt_str(&s->body, "referenceId", s->d->key);
	send_json_end(s);
	return 0;
}

/* There are none: what stands beside one goes instead. */
static int make_template(struct sending *s)
{
	if (s->c.text.n == 0)
		return err_set(s->e, SEND_UNSUPPORTED,
			       "inteliquent has no templates, and the message has no text to go instead");
	return make(s);
}

int inteliquent_request(const struct dispatch *d, struct submit *out, struct err *e)
{
	static const struct send_kind kinds[] = {
		{ "text", make },
		{ "media", make },
		{ "template", make_template },
	};

	return send_request("inteliquent", kinds, LEN(kinds), d, out, e);
}
