/* SPDX-License-Identifier: MIT */
#include "livechat.h"

#include "send.h"
#include "url.h"

enum {
	TEXT_MAX = 16384, /* bytes */
	CHAT_MAX = 128,   /* bytes of the id of a chat; real ones have ten */
};

static const char host[] = "https://api.livechatinc.com";

/* ---- the way ---- */

struct str livechat_way_put(struct arena *a, const struct livechat_way *way)
{
	struct buf b = { .max = LINE_MAX_BYTES };
	struct str text;

	json_open(&b, '{');
	json_opt_str(&b, "region", way->region);
	json_opt_str(&b, "file", way->file);
	json_add_bool(&b, "join", way->join);
	json_add_bool(&b, "joined", way->joined);
	json_add_bool(&b, "resume", way->resume);
	json_close(&b, '}');
	text = arena_str(a, buf_get(&b));
	buf_free(&b);
	return text;
}

static enum livechat_method method(const struct dispatch *d, const struct livechat_way *way)
{
	struct str event = json_get_str(d->message, "event");

	if (way->join)
		return LIVECHAT_JOIN;
	if (str_eq(event, STR("typing")))
		return LIVECHAT_TYPING;
	if (str_eq(event, STR("read")))
		return LIVECHAT_SEEN;
	if (way->resume)
		return LIVECHAT_RESUME;
	return json_get_str(d->message, "conversation").n ? LIVECHAT_SEND : LIVECHAT_START;
}

void livechat_way_read(const struct dispatch *d, struct livechat_way *way)
{
	struct err not_json;
	const struct json *v = d->carry.n ? json_parse(d->carry, d->arena, &not_json) : NULL;

	*way = (struct livechat_way){
		.region = json_get_str(v, "region"),
		.file = json_get_str(v, "file"),
		.join = json_true(json_get(v, "join")),
		.joined = json_true(json_get(v, "joined")),
		.resume = json_true(json_get(v, "resume")),
	};
	way->method = method(d, way);
}

struct str livechat_self(const struct account *a)
{
	struct str bot = json_get_str(a->conf, "bot_id");

	return bot.n ? bot : json_get_str(a->conf, "agent_id");
}

/* ---- calls ---- */

/* Whoever has no account_id has a token of OAuth. */
static int prove(struct sending *s)
{
	struct str id = send_setting(s, "account_id");

	if (!id.n)
		return send_auth(s, SUBMIT_BEARER, 0, "access_token");
	s->out->auth.user = id;
	return send_auth(s, SUBMIT_BASIC, 0, "access_token");
}

/* Tokens begin with their region, where they are not of the first one. */
static struct str region(const struct sending *s, const struct livechat_way *way)
{
	if (way->region.n)
		return way->region;
	return str_prefix(s->d->account->send[0], STR("fra:")) ? STR("fra") : STR_NONE;
}

static struct str version(const struct sending *s)
{
	struct str v = send_setting(s, "api_version");

	return v.n ? v : STR("3.6");
}

/* Prove and address the call of the method ${name}. */
static int call(struct sending *s, const struct livechat_way *way, const char *name, struct str *url)
{
	struct str bot = send_setting(s, "bot_id"), v = version(s);

	if (prove(s) < 0)
		return -1;
	if (region(s, way).n)
		send_header(s, "x-region", region(s, way));
	if (bot.n && str_cmp(v, STR("3.6")) < 0) /* from then on a bot has a token of its own */
		send_header(s, "x-author-id", bot);
	*url = send_url(s, host, arena_fmt(s->d->arena, "/v%.*s/agent/action/%s", STR_FMT(v), name));
	return 0;
}

static int begin(struct sending *s, const struct livechat_way *way, const char *name)
{
	struct str url;

	if (call(s, way, name, &url) < 0)
		return -1;
	send_json(s, url);
	return 0;
}

static struct str visibility(const struct sending *s)
{
	return s->c.visibility ? str_c(s->c.visibility) : STR("all");
}

static int upload(struct sending *s, const struct livechat_way *way, const struct canon_media *m)
{
	struct str name = send_media_name(m), url;

	if (call(s, way, "upload_file", &url) < 0)
		return -1;
	send_upload(s, url);
	send_upload_field(s, (struct submit_field){ .name = STR("file"),
						    .path = m->path,
						    .file_name = name.n ? name : STR("file"),
						    .type = send_media_mime(m) });
	s->out->prepares = true;
	return 0;
}

static int join(struct sending *s, const struct livechat_way *way)
{
	if (begin(s, way, "add_user_to_chat") < 0)
		return -1;
	json_add_str(&s->body, "chat_id", s->c.conversation);
	json_add_str(&s->body, "user_id", livechat_self(s->d->account));
	json_add_str(&s->body, "user_type", STR("agent"));
	json_add_str(&s->body, "visibility", visibility(s));
	json_add_bool(&s->body, "ignore_requester_presence", true);
	send_json_end(s);
	s->out->prepares = true;
	return 0;
}

/* ---- events of a chat ---- */

static void begin_event(struct sending *s, const char *type)
{
	json_open(&s->body, '{');
	json_add_str(&s->body, "type", str_c(type));
	json_add_str(&s->body, "custom_id", s->d->key);
}

static int put_text(struct sending *s, struct str text)
{
	begin_event(s, "message");
	json_add_str(&s->body, "text", text);
	return 0;
}

static int put_sticker(struct sending *s, const struct canon_media *m)
{
	struct str url;

	if (send_media_url(s, m, &url) < 0)
		return -1;
	begin_event(s, "rich_message");
	json_add_str(&s->body, "template_id", STR("sticker"));
	json_add_raw(&s->body, "elements", livechat_image_element(s->d->arena, url));
	return 0;
}

/* Files are shown only from where LiveChat keeps them. */
static int put_file(struct sending *s, const struct livechat_way *way, const struct canon_media *m)
{
	struct str url = way->file.n ? way->file : m->url;
	struct url parts;

	if (!way->file.n && m->kind && strcmp(m->kind, "sticker") == 0)
		return put_sticker(s, m);
	if (!url.n || (!way->file.n && (url_split(url, &parts) < 0 ||
					!str_suffix(parts.host, STR(".livechat-files.com")))))
		return err_set(s->e, SEND_UNSUPPORTED,
			       "media/%u: livechat shows only files that were uploaded to it, so it "
			       "needs a path; omni-media(1) fetches what has a url",
			       s->d->part);
	begin_event(s, "file");
	json_add_str(&s->body, "url", url);
	return 0;
}

static int read_part(struct sending *s, struct send_part *part)
{
	static const struct send_room room = { .measure = SMS_BYTES, .text = TEXT_MAX, .media = 1 };

	return send_part(s, &room, part);
}

static int put_part(struct sending *s, const struct livechat_way *way)
{
	struct send_part part;

	if (read_part(s, &part) < 0)
		return -1;
	return part.n_media ? put_file(s, way, part.media) : put_text(s, part.text);
}

/* A place is told in words: there is no type for it. */
static int put_place(struct sending *s)
{
	struct arena *a = s->d->arena;
	struct str lines[] = { s->c.text, s->c.location.name, s->c.location.address, STR_NONE };
	struct str text;

	if (!s->c.location.latitude.p)
		return err_set(s->e, SEND_MALFORMED, "a location needs latitude and longitude");
	lines[3] = arena_fmt(a, "https://www.google.com/maps/search/?api=1&query=%.*s,%.*s",
			     STR_FMT(s->c.location.latitude), STR_FMT(s->c.location.longitude));
	text = send_lines(s, lines, LEN(lines));
	if (text.n > TEXT_MAX)
		return err_set(s->e, SEND_TOO_LONG,
			       "a location and its words are longer than %d bytes", TEXT_MAX);
	return put_text(s, text);
}

static int put_note(struct sending *s)
{
	if (!s->c.text.n || s->c.text.n > TEXT_MAX)
		return err_set(s->e, SEND_MALFORMED,
			       "a message of type \"system\" has 1 to %d bytes of text", TEXT_MAX);
	begin_event(s, "system_message");
	json_add_str(&s->body, "system_message_type", STR("omni.note"));
	json_add_str(&s->body, "text", s->c.text);
	return 0;
}

static int put_offer(struct sending *s, const struct livechat_way *way)
{
	begin_event(s, "rich_message");
	return livechat_offer(s, way->file);
}

static bool is_offer(const struct sending *s)
{
	return strcmp(s->c.type, "interactive") == 0;
}

static int put_event(struct sending *s, const struct livechat_way *way)
{
	const char *type = s->c.type;
	int rc;

	if (is_offer(s))
		rc = put_offer(s, way);
	else if (strcmp(type, "location") == 0)
		rc = put_place(s);
	else if (strcmp(type, "system") == 0)
		rc = put_note(s);
	else
		rc = put_part(s, way);
	if (rc < 0)
		return -1;
	json_add_str(&s->body, "visibility", visibility(s));
	json_close(&s->body, '}');
	return 0;
}

static int send_event(struct sending *s, const struct livechat_way *way)
{
	if (begin(s, way, "send_event") < 0)
		return -1;
	json_add_str(&s->body, "chat_id", s->c.conversation);
	json_key(&s->body, "event");
	if (put_event(s, way) < 0)
		return -1;
	send_json_end(s);
	return 0;
}

/* The thread that a chat is begun, or taken up again, with. */
static int put_thread(struct sending *s, const struct livechat_way *way)
{
	json_key(&s->body, "thread");
	json_open(&s->body, '{');
	json_key(&s->body, "events");
	json_open(&s->body, '[');
	if (put_event(s, way) < 0)
		return -1;
	json_close(&s->body, ']');
	json_close(&s->body, '}');
	json_close(&s->body, '}');
	json_add_bool(&s->body, "active", true);
	return 0;
}

static int resume(struct sending *s, const struct livechat_way *way)
{
	if (begin(s, way, "resume_chat") < 0)
		return -1;
	json_key(&s->body, "chat");
	json_open(&s->body, '{');
	json_add_str(&s->body, "id", s->c.conversation);
	if (put_thread(s, way) < 0)
		return -1;
	json_add_bool(&s->body, "continuous", false);
	send_json_end(s);
	return 0;
}

/* Continuous, so that it stays open until the person comes back. */
static int start(struct sending *s, const struct livechat_way *way)
{
	int64_t group;

	if (!s->d->to.n)
		return err_set(s->e, SEND_BAD_ADDRESS,
			       "neither the chat is named, in \"conversation\", nor the customer, in \"to\"");
	if (begin(s, way, "start_chat") < 0)
		return -1;
	json_key(&s->body, "chat");
	json_open(&s->body, '{');
	json_key(&s->body, "users");
	json_open(&s->body, '[');
	json_open(&s->body, '{');
	json_add_str(&s->body, "id", s->d->to);
	json_add_str(&s->body, "type", STR("customer"));
	json_close(&s->body, '}');
	json_close(&s->body, ']');
	if (json_i64(json_get(s->d->account->conf, "group_id"), &group) == 0)
		json_add_raw(&s->body, "access",
			     arena_fmt(s->d->arena, "{\"group_ids\":[%lld]}", (long long)group));
	if (put_thread(s, way) < 0)
		return -1;
	if (s->out->parts > 1) /* each of them would begin one */
		return err_set(s->e, SEND_MALFORMED,
			       "livechat begins a chat with one message, and this becomes %u: name the "
			       "chat in \"conversation\"",
			       s->out->parts);
	json_add_bool(&s->body, "continuous", true);
	send_json_end(s);
	return 0;
}

/* The file that is to be uploaded before anything else of the part, into ${m}; NULL: there is none. */
static int file_first(struct sending *s, const struct livechat_way *way, const struct canon_media **m)
{
	struct send_part part = { .media = s->c.media, .n_media = s->c.n_media };

	*m = NULL;
	if (s->c.n_media == 0 || way->file.n || way->method == LIVECHAT_JOIN)
		return 0;
	if (!is_offer(s) && read_part(s, &part) < 0)
		return -1;
	if (part.n_media > 0 && part.media->path.n)
		*m = part.media;
	return 0;
}

static int make(struct sending *s)
{
	const struct canon_media *file;
	struct livechat_way way;

	livechat_way_read(s->d, &way);
	if (file_first(s, &way, &file) < 0)
		return -1;
	if (file)
		return upload(s, &way, file);
	if (s->c.conversation.n > CHAT_MAX)
		return err_set(s->e, SEND_BAD_ADDRESS, "the id of the chat is longer than %d bytes",
			       CHAT_MAX);
	switch (way.method) {
	case LIVECHAT_JOIN:
		return join(s, &way);
	case LIVECHAT_RESUME:
		return resume(s, &way);
	case LIVECHAT_START:
		return start(s, &way);
	default:
		return send_event(s, &way);
	}
}

static int make_template(struct sending *s)
{
	if (!s->c.text.n)
		return err_set(s->e, SEND_UNSUPPORTED,
			       "livechat has no templates: the record needs the words in \"text\"");
	return make(s);
}

/* ---- typing, read ---- */

static int need_chat(struct sending *s)
{
	if (s->c.conversation.n > 0 && s->c.conversation.n <= CHAT_MAX)
		return 0;
	return err_set(s->e, SEND_BAD_ADDRESS, "\"conversation\" must name the chat");
}

/* Call ${name} of the chat, with what ${put} appends; who is not in it joins it first. */
static int tell(struct sending *s, const char *name, void (*put)(struct sending *s))
{
	struct livechat_way way;

	livechat_way_read(s->d, &way);
	if (need_chat(s) < 0)
		return -1;
	if (way.method == LIVECHAT_JOIN)
		return join(s, &way);
	if (begin(s, &way, name) < 0)
		return -1;
	json_add_str(&s->body, "chat_id", s->c.conversation);
	put(s);
	send_json_end(s);
	return 0;
}

static void put_typing(struct sending *s)
{
	json_add_bool(&s->body, "is_typing", true);
	json_add_str(&s->body, "visibility", visibility(s));
}

static int make_typing(struct sending *s)
{
	return tell(s, "send_typing_indicator", put_typing);
}

/* All up to the time of the record was seen. */
static void put_seen(struct sending *s)
{
	struct str at = s->c.at;

	if (str_suffix(at, STR("Z")) && at.n == 24) /* they are told apart by microseconds */
		at = arena_fmt(s->d->arena, "%.*s999Z", 23, at.p);
	json_add_str(&s->body, "seen_up_to", at);
}

static int make_seen(struct sending *s)
{
	return tell(s, "mark_events_as_seen", put_seen);
}

static const struct send_kind kinds[] = {
	{ "text", make },          { "media", make },     { "interactive", make },
	{ "location", make },      { "system", make },    { "template", make_template },
	{ "typing", make_typing }, { "read", make_seen },
};

bool livechat_uploads(const struct dispatch *d)
{
	struct submit made = { .parts = 1 };
	struct err e;

	return json_get(d->message, "media") && livechat_request(d, &made, &e) == 0 && made.n_fields > 0;
}

int livechat_request(const struct dispatch *d, struct submit *out, struct err *e)
{
	return send_request("livechat", kinds, LEN(kinds), d, out, e);
}
