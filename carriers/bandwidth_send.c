/* SPDX-License-Identifier: MIT */
#include "bandwidth.h"

#include "phone.h"
#include "send.h"

enum {
	TEXT_MAX = 2048, /* characters; Bandwidth makes segments of them */
	MEDIA_MAX = 10,  /* of one message */
	RCS_TEXT_MAX = 3270,
	CARD_TEXT_MAX = 2000,
	URL_MAX = 4096,
	NAME_MAX_BYTES = 64, /* of an uploaded file */
};

static const char host[] = "https://messaging.bandwidth.com";

/* The URL of what is below the account, ${path}. */
static struct str url_of(const struct sending *s, struct str path)
{
	const char *account = send_escape(s, send_setting(s, "account_id"));

	return send_url(s, host,
			arena_fmt(s->d->arena, "/api/v2/users/%s/%.*s", account, STR_FMT(path)));
}

static bool is_rcs(const struct json *message)
{
	return str_eq(json_get_str(message, "channel"), STR("rcs"));
}

/* ---- files: they are put at Bandwidth, one a step, and are named by where they lie ---- */

/* A name that needs no escapes, with the end that the file has. */
static struct str file_name(const struct sending *s, const struct canon_media *m)
{
	struct str name = send_media_name(m);
	char *plain;

	if (!name.n)
		return STR("file");
	if (name.n > NAME_MAX_BYTES)
		name = str_sub(name, name.n - NAME_MAX_BYTES, NAME_MAX_BYTES);
	plain = arena_cstr(s->d->arena, name);
	for (size_t i = 0; i < name.n; i++) {
		char c = plain[i] | 0x20;

		if (!(c >= 'a' && c <= 'z') && !(plain[i] >= '0' && plain[i] <= '9') &&
		    plain[i] != '.' && plain[i] != '-')
			plain[i] = '_';
	}
	return (struct str){ plain, name.n };
}

/* Where the ${i}-th file of the part lies: the same place for each attempt, and for no other message. */
static struct str file_url(const struct sending *s, const struct canon_media *m, unsigned i)
{
	const struct dispatch *d = s->d;

	return url_of(s, arena_fmt(d->arena, "media/%s-%u-%.*s", send_escape(s, d->key), i,
				   STR_FMT(file_name(s, m))));
}

/* The file of ${part} that this step is about; NULL: all are there. */
static const struct canon_media *file_of_step(const struct sending *s, const struct send_part *part)
{
	unsigned n = 0;

	for (size_t i = 0; i < part->n_media; i++)
		if (part->media[i].path.n && n++ == s->d->step)
			return &part->media[i];
	return NULL;
}

static void upload(struct sending *s, const struct canon_media *m)
{
	s->out->method = "PUT";
	s->out->url = file_url(s, m, s->d->step);
	s->out->type = arena_cstr(s->d->arena, send_media_mime(m));
	s->out->path = m->path;
	s->out->prepares = true;
}

int bandwidth_media_url(struct sending *s, const struct canon_media *m, unsigned *files, struct str *url)
{
	if (m->path.n) {
		*url = file_url(s, m, (*files)++);
		return 0;
	}
	if (send_media_url(s, m, url) < 0)
		return -1;
	if (url->n > URL_MAX)
		return err_set(s->e, SEND_MALFORMED, "the URL of a medium is longer than %d bytes",
			       URL_MAX);
	return 0;
}

/* ---- messages ---- */

/* Members at the end of all requests. */
void bandwidth_common(struct sending *s)
{
	const struct json *message = s->d->message;

	json_add_str(&s->body, "tag", s->d->key);
	if (str_eq(json_get_str(message, "category"), STR("otp")))
		json_add_str(&s->body, "priority", STR("high"));
	json_opt_str(&s->body, "expiration", json_get_str(message, "expires_at"));
	send_json_end(s);
	s->out->type = "application/json; charset=utf-8"; /* another one is refused with 415 */
}

/* To one person, or to all in the record at once, who then see each other. */
static int put_recipients(struct sending *s)
{
	struct str to;

	json_key(&s->body, "to");
	json_open(&s->body, '[');
	if (s->d->to.p) {
		if (send_phone(s, &to) < 0)
			return -1;
		json_put_str(&s->body, to);
	}
	for (size_t i = 0; !s->d->to.p && i < s->c.n_to; i++) {
		to = s->c.to[i].address;
		if (!phone_e164(to))
			return err_set(s->e, SEND_BAD_ADDRESS,
				       "\"%.*s\" is no number; write it as +12025550144",
				       STR_FMT(str_utf8_cut(to, 60)));
		json_put_str(&s->body, to);
	}
	if (!s->d->to.p && (s->c.n_to < 1 || s->c.n_to > BANDWIDTH_GROUP_MAX))
		return err_set(s->e, SEND_BAD_ADDRESS, "a group has 1 to %d members beside us, not %zu",
			       BANDWIDTH_GROUP_MAX, s->c.n_to);
	json_close(&s->body, ']');
	return 0;
}

static int put_media(struct sending *s, const struct send_part *part)
{
	unsigned file = 0;

	json_key(&s->body, "media");
	json_open(&s->body, '[');
	for (size_t i = 0; i < part->n_media; i++) {
		struct str url;

		if (bandwidth_media_url(s, &part->media[i], &file, &url) < 0)
			return -1;
		json_put_str(&s->body, url);
	}
	json_close(&s->body, ']');
	return 0;
}

static int make_phone_message(struct sending *s, const struct send_part *part)
{
	send_json(s, url_of(s, STR("messages")));
	json_add_str(&s->body, "applicationId", s->d->account->id);
	if (put_recipients(s) < 0)
		return -1;
	json_add_str(&s->body, "from", s->d->from);
	json_opt_str(&s->body, "text", part->text);
	if (part->n_media && put_media(s, part) < 0)
		return -1;
	bandwidth_common(s);
	return 0;
}

static int make_rcs_message(struct sending *s, const struct send_part *part)
{
	send_json(s, url_of(s, STR("messages/multiChannel")));
	return bandwidth_rcs(s, part);
}

/* ---- kinds ---- */

static int make(struct sending *s)
{
	static const struct send_room phone = {
		.measure = SMS_CHARACTERS, .text = TEXT_MAX, .caption = TEXT_MAX, .media = MEDIA_MAX
	};
	static const struct send_room rcs = {
		.measure = SMS_CHARACTERS, .text = RCS_TEXT_MAX, .caption = CARD_TEXT_MAX, .media = 1
	};
	const struct account *a = s->d->account;
	bool is = is_rcs(s->d->message);
	const struct canon_media *file;
	struct send_part part;

	if (!a->id.n)
		return send_unconfigured(s, "application_id");
	if (!send_setting(s, "account_id").n)
		return send_unconfigured(s, "account_id");
	if (!a->send[0].n)
		return send_unconfigured(s, "api_token");
	if (send_auth(s, SUBMIT_BASIC, 1, "api_secret") < 0)
		return -1;
	s->out->auth.user = a->send[0];
	if (!s->d->from.n)
		return err_set(s->e, SEND_BAD_ADDRESS,
			       "bandwidth needs a number that it is from: neither the route nor the message has one");
	if (send_part(s, is ? &rcs : &phone, &part) < 0)
		return -1;
	file = file_of_step(s, &part);
	if (file) {
		upload(s, file);
		return 0;
	}
	return is ? make_rcs_message(s, &part) : make_phone_message(s, &part);
}

static int make_template(struct sending *s)
{
	if (!s->c.text.n)
		return err_set(s->e, SEND_UNSUPPORTED,
			       "bandwidth has no templates: the record needs the words in \"text\"");
	return make(s);
}

static int make_rcs_only(struct sending *s)
{
	if (!is_rcs(s->d->message))
		return err_set(s->e, SEND_UNSUPPORTED,
			       "bandwidth sends a message of type \"%s\" on the channel rcs alone",
			       s->c.type);
	if (bandwidth_rcs_words(s) < 0)
		return -1;
	return make(s);
}

static const struct send_kind kinds[] = {
	{ "text", make },
	{ "media", make },
	{ "template", make_template },
	{ "interactive", make_rcs_only },
	{ "location", make_rcs_only },
};

int bandwidth_request(const struct dispatch *d, struct submit *out, struct err *e)
{
	return send_request("bandwidth", kinds, LEN(kinds), d, out, e);
}
