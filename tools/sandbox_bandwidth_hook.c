/* SPDX-License-Identifier: MIT */
/* The callbacks of Bandwidth as the sandbox plays it. */
#include "sandbox_bandwidth.h"

#include "clock.h"

static void put_body(struct callback *c, const struct box_message *m, bool in)
{
	struct buf *b = &c->body;

	json_key(b, "message");
	json_open(b, '{');
	json_add_str(b, "id", m->id);
	json_add_str(b, "owner", in ? m->to[0] : m->from);
	json_add_str(b, "applicationId", c->account->id);
	json_add_str(b, "time", clock_text(c->arena, m->at));
	json_add_i64(b, "segmentCount", m->parts);
	json_add_str(b, "direction", in ? STR("in") : STR("out"));
	json_add_strs(b, "to", m->to, m->n_to);
	json_add_str(b, "from", m->from);
	json_add_str(b, "text", in && m->text.p ? m->text : STR(""));
	if (m->n_media > 0) {
		struct str path = arena_fmt(c->arena, "/api/v2/users/%.*s/media/",
					    STR_FMT(box_key(c->account, BW_ACCOUNT)));

		json_key(b, "media");
		json_open(b, '[');
		for (unsigned i = 0; i < m->n_media; i++)
			json_put_str(b, box_media_url(c, m->media[i], path));
		json_close(b, ']');
	}
	if (m->tag.n)
		json_add_str(b, "tag", m->tag);
	json_close(b, '}');
}

static void open_event(struct callback *c, const char *type, int64_t at)
{
	json_open(&c->body, '[');
	json_open(&c->body, '{');
	json_add_str(&c->body, "type", str_c(type));
	json_add_str(&c->body, "time", clock_text(c->arena, at));
}

static void close_event(struct callback *c)
{
	json_close(&c->body, '}');
	json_close(&c->body, ']');
	box_header(c, "Content-Type", STR("application/json; charset=utf-8"));
	box_header(c, "User-Agent", STR("BandwidthAPI/v2"));
	c->user = box_key(c->account, BW_HOOK_USER);
	c->password = box_key(c->account, BW_HOOK_PASSWORD);
}

static const char *text_of(int64_t code)
{
	for (const struct trouble *t = box_bandwidth_troubles; t->class; t++)
		if (t->code == code)
			return t->text;
	return "unknown-error";
}

bool box_bandwidth_receipt(struct callback *c, const struct box_message *m, const struct receipt *r)
{
	static const struct {
		const char *ours, *type, *text;
	} types[] = { { "sending", "message-sending", "Message is sending to carrier." },
		      { "sent", "message-sent", "Message sent to carrier." },
		      { "delivered", "message-delivered", "Message delivered to carrier." },
		      { "read", "message-read", "Message read" },
		      { "failed", "message-failed", NULL },
		      { "undelivered", "message-failed", NULL },
		      { "expired", "message-failed", NULL } };
	int64_t code = r->code ? r->code : str_eq(r->status, STR("expired")) ? 4360 : 4720;
	size_t i = 0;

	while (i < LEN(types) && !str_eq(r->status, str_c(types[i].ours)))
		i++;
	if (i == LEN(types))
		return false;
	open_event(c, types[i].type, r->at);
	if (!types[i].text)
		json_add_i64(&c->body, "errorCode", code);
	if (str_eq(r->status, STR("read")))
		json_add_str(&c->body, "eventTime", clock_text(c->arena, r->at));
	json_add_str(&c->body, "description", str_c(types[i].text ? types[i].text : text_of(code)));
	json_add_str(&c->body, "to", m->to[r->to]);
	put_body(c, m, false);
	close_event(c);
	return true;
}

bool box_bandwidth_inbound(struct callback *c, const struct box_message *m)
{
	open_event(c, "message-received", c->now);
	json_add_str(&c->body, "description", STR("Incoming message received"));
	json_add_str(&c->body, "to", m->to[0]);
	put_body(c, m, true);
	close_event(c);
	return true;
}

void box_bandwidth_arrive(struct visit *v, struct box_message *m)
{
	m->id = box_bandwidth_new_id(v, 2);
	m->channel = m->n_media > 0 ? STR("mms") : STR("sms");
	m->parts = m->n_media > 0 ? 1 : box_segments(m->text);
}
