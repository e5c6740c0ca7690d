/* SPDX-License-Identifier: MIT */
#include "send.h"

#include "clock.h"
#include "form.h"
#include "mime.h"
#include "phone.h"
#include "uri.h"

/* Each byte of a record can become three in a form; what is added around it is short. */
#define BODY_MAX (3 * (LINE_MAX_BYTES + LINE_GROWTH))

enum { USER_ID_MAX = 128 }; /* characters of a user id behind its country */

/* ---- the record ---- */

int send_read(struct sending *s)
{
	const struct json *record = s->d->message;

	if (canon_read(&s->c, record, s->d->arena, s->e) < 0) {
		s->e->code = "message-malformed";
		return -1;
	}
	if (s->c.kind == CANON_STATUS || (s->c.kind == CANON_MESSAGE && !s->c.type))
		return err_set(s->e, SEND_MALFORMED, "a message to be sent needs a \"type\"");
	s->extra = json_get(json_get(record, "carrier_data"), s->carrier);
	if (s->extra && !json_is(s->extra, JSON_OBJECT))
		return err_set(s->e, SEND_MALFORMED, "carrier_data/%s must be an object", s->carrier);
	return 0;
}

/* True if ${name} is one of an event that can be sent: no type of message has it, and no other event is. */
static bool of_event(const char *name)
{
	return strcmp(name, "typing") == 0 || strcmp(name, "read") == 0;
}

static int make(struct sending *s, const struct send_kind *kinds, size_t n)
{
	bool event = s->c.kind == CANON_EVENT;
	const char *name = event ? s->c.event : s->c.type;

	for (size_t i = 0; i < n; i++)
		if (strcmp(kinds[i].name, name) == 0 && of_event(name) == event)
			return kinds[i].make(s);
	return err_set(s->e, SEND_UNSUPPORTED, "%s can not send %s \"%.*s\"", s->carrier,
		       event ? "an event" : "a message of type",
		       STR_FMT(str_utf8_cut(str_c(name), 40)));
}

int send_request(const char *carrier, const struct send_kind *kinds, size_t n,
		 const struct dispatch *d, struct submit *out, struct err *e)
{
	struct sending s = { .d = d, .out = out, .e = e, .carrier = carrier, .body = { .max = BODY_MAX } };
	int rc = send_read(&s) < 0 ? -1 : make(&s, kinds, n);

	if (rc == 0 && s.body.over)
		rc = err_set(e, SEND_MALFORMED, "the request would be larger than any carrier takes");
	if (rc == 0 && s.body.n > 0)
		out->body = arena_str(d->arena, buf_get(&s.body));
	buf_free(&s.body);
	return rc;
}

int send_unconfigured(struct sending *s, const char *what)
{
	return err_set(s->e, FAULT_DENIED, "send-unconfigured",
		       "account \"%.*s\" of %s can not send: it needs %s (omni-config(5))",
		       STR_FMT(s->d->account->name), s->carrier, what);
}

int send_phone(struct sending *s, struct str *to)
{
	*to = phone_plus(s->d->arena, s->d->to);
	if (phone_e164(*to))
		return 0;
	return err_set(s->e, SEND_BAD_ADDRESS, "\"%.*s\" is no number; write it as +12025550144",
		       STR_FMT(str_utf8_cut(s->d->to, 60)));
}

bool send_user_id(struct str s)
{
	struct str rest = str_sub(s, 3, s.n);

	if (s.n < 4 || s.p[0] < 'A' || s.p[0] > 'Z' || s.p[1] < 'A' || s.p[1] > 'Z' || s.p[2] != '.')
		return false;
	if (str_prefix(rest, STR("ENT.")))
		rest = str_sub(rest, 4, rest.n);
	for (size_t i = 0; i < rest.n; i++)
		if (!((rest.p[i] | 0x20) >= 'a' && (rest.p[i] | 0x20) <= 'z') &&
		    !(rest.p[i] >= '0' && rest.p[i] <= '9'))
			return false;
	return rest.n > 0 && rest.n <= USER_ID_MAX;
}

struct str send_digits(struct str number)
{
	return str_prefix(number, STR("+")) ? str_sub(number, 1, number.n) : number;
}

struct str send_setting(const struct sending *s, const char *key)
{
	return json_get_str(s->d->account->conf, key);
}

int send_extra_known(struct sending *s, const struct str *known, size_t n)
{
	for (struct json_iter it = json_iter(s->extra); json_next(&it);)
		if (!str_among(it.key, known, n))
			return err_set(s->e, SEND_MALFORMED,
				       "carrier_data/%s has no member \"%.*s\" (omni-carriers(7))",
				       s->carrier, STR_FMT(str_utf8_cut(it.key, 40)));
	return 0;
}

int send_about(struct sending *s, struct str *id)
{
	*id = s->c.reply_to;
	if (id->n > 0)
		return 0;
	return err_set(s->e, SEND_MALFORMED,
		       "reply_to must hold the external id of the message that it is about");
}

int64_t send_expires(const struct sending *s)
{
	int64_t at;

	if (clock_parse(json_get_str(s->d->message, "expires_at"), &at) < 0)
		return -1;
	return at > s->d->now ? at - s->d->now : 0;
}

/* ---- words ---- */

struct str send_lines(const struct sending *s, const struct str *lines, size_t n)
{
	struct arena *a = s->d->arena;
	struct str text = STR_NONE;

	for (size_t i = 0; i < n; i++)
		if (lines[i].n > 0)
			text = text.n > 0 ? arena_join(a, arena_join(a, text, STR("\n")), lines[i]) :
					    lines[i];
	return text;
}

struct str send_offer_words(const struct sending *s, const struct json *offer)
{
	const struct str lines[] = { json_get_str(offer, "header"), s->c.text,
				     json_get_str(offer, "footer") };

	return send_lines(s, lines, LEN(lines));
}

struct send_choice send_choice(const struct json *v)
{
	struct send_choice c = { json_get_str(v, "title"), json_get_str(v, "id"),
				 json_get_str(v, "description") };

	if (!c.id.n)
		c.id = c.title;
	return c;
}

struct str send_offer_opens(const struct json *offer)
{
	struct send_choice c = send_choice(json_at(json_get(offer, "buttons"), 0));

	return c.title.n ? c.title : STR("Menu");
}

struct str send_locale(const struct sending *s, struct str tag)
{
	char *code = arena_cstr(s->d->arena, tag);

	for (size_t i = 0; i < tag.n; i++)
		if (code[i] == '-')
			code[i] = '_';
	return (struct str){ code, tag.n };
}

int send_short(struct sending *s, const char *key, const char *what, struct str text, size_t max)
{
	size_t n = sms_length(text, SMS_UTF16);

	if (n == 0)
		return err_set(s->e, SEND_MALFORMED, "interactive: %s is missing", what);
	if (n > max)
		return err_set(s->e, SEND_TOO_LONG, "interactive: %s has %zu characters, %s takes %zu",
			       what, n, s->carrier, max);
	json_add_str(&s->body, key, text);
	return 0;
}

/* ---- the request ---- */

struct str send_url(const struct sending *s, const char *host, struct str path)
{
	struct str base = s->d->account->base_url;

	return arena_join(s->d->arena, base.n > 0 ? base : str_c(host), path);
}

const char *send_escape(const struct sending *s, struct str text)
{
	struct buf b = { .max = BODY_MAX };
	const char *escaped;

	form_escape(&b, text);
	escaped = arena_cstr(s->d->arena, buf_get(&b));
	buf_free(&b);
	return escaped;
}

int send_auth(struct sending *s, enum submit_auth how, unsigned i, const char *key)
{
	if (s->d->account->send[i].n == 0)
		return send_unconfigured(s, key);
	s->out->auth.how = how;
	s->out->auth.key = i;
	return 0;
}

void send_header(struct sending *s, const char *name, struct str value)
{
	if (s->out->n_headers < SUBMIT_HEADERS)
		s->out->headers[s->out->n_headers++] = (struct header){ str_c(name), value };
}

static void post(struct sending *s, struct str url, const char *type)
{
	s->out->method = "POST";
	s->out->url = url;
	s->out->type = type;
}

void send_json(struct sending *s, struct str url)
{
	post(s, url, "application/json");
	json_open(&s->body, '{');
}

void send_json_end(struct sending *s)
{
	json_close(&s->body, '}');
}

void send_form(struct sending *s, struct str url)
{
	post(s, url, "application/x-www-form-urlencoded");
}

void send_field(struct sending *s, const char *name, struct str value)
{
	if (s->body.n > 0)
		buf_char(&s->body, '&');
	form_escape(&s->body, str_c(name));
	buf_char(&s->body, '=');
	form_escape(&s->body, value);
}

void send_upload(struct sending *s, struct str url)
{
	post(s, url, NULL); /* the boundary is made where the bytes are written */
}

void send_upload_field(struct sending *s, struct submit_field field)
{
	if (s->out->n_fields < SUBMIT_FIELDS)
		s->out->fields[s->out->n_fields++] = field;
}

/* ---- media ---- */

/* What stands behind the last slash of a path or a URL. */
static struct str last_part(struct str s)
{
	size_t from = s.n;

	while (from > 0 && s.p[from - 1] != '/')
		from--;
	return str_sub(s, from, s.n);
}

struct str send_media_name(const struct canon_media *m)
{
	struct str name = m->name;

	if (name.n == 0 && m->url.n > 0)
		name = last_part(uri_split(m->url).path);
	if (name.n == 0 && m->path.n > 0)
		name = last_part(m->path);
	return name.n > 0 ? name : STR_NONE;
}

static const struct mime *known_mime(const struct canon_media *m)
{
	const struct mime *known = mime_of(send_media_name(m));

	if (!known && m->path.n > 0)
		known = mime_of(m->path);
	return known;
}

struct str send_media_mime(const struct canon_media *m)
{
	const struct mime *known = m->mime.n > 0 ? NULL : known_mime(m);

	if (m->mime.n > 0)
		return m->mime;
	return known ? str_c(known->type) : STR("application/octet-stream");
}

const char *send_media_kind(const struct canon_media *m)
{
	static const struct {
		struct str prefix;
		const char *kind;
	} kinds[] = {
		{ STR("image/"), "image" },
		{ STR("video/"), "video" },
		{ STR("audio/"), "audio" },
	};
	struct str mime = send_media_mime(m);

	if (m->kind)
		return m->kind;
	for (size_t i = 0; i < LEN(kinds); i++)
		if (str_prefix(mime, kinds[i].prefix))
			return kinds[i].kind;
	return "document";
}

int send_media_url(struct sending *s, const struct canon_media *m, struct str *url)
{
	size_t i = (size_t)(m - s->c.media);

	if (m->url.n == 0)
		return err_set(s->e, SEND_UNSUPPORTED,
			       "media/%zu: %s fetches media by itself, so it needs a url, and there is only %s",
			       i, s->carrier,
			       m->path.n > 0 ? "a file; media.public_url says where those are served" :
					       "an id of a carrier");
	if (!str_prefix(m->url, STR("https://")) && !str_prefix(m->url, STR("http://")))
		return err_set(s->e, SEND_MALFORMED, "media/%zu: the url must be http: or https:", i);
	*url = m->url;
	return 0;
}

int send_media_urls(struct sending *s, const char *key, const struct send_part *part)
{
	json_key(&s->body, key);
	json_open(&s->body, '[');
	for (size_t i = 0; i < part->n_media; i++) {
		struct str url;

		if (send_media_url(s, &part->media[i], &url) < 0)
			return -1;
		json_put_str(&s->body, url);
	}
	json_close(&s->body, ']');
	return 0;
}
