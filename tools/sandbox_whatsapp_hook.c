/* SPDX-License-Identifier: MIT */
/* The callbacks of WhatsApp as the sandbox plays it. */
#include "sandbox_whatsapp.h"

static void open_value(struct callback *c)
{
	struct buf *b = &c->body;

	json_open(b, '{');
	json_add_str(b, "object", STR("whatsapp_business_account"));
	json_key(b, "entry");
	json_open(b, '[');
	json_open(b, '{');
	json_add_str(b, "id", STR("100000000000001"));
	json_key(b, "changes");
	json_open(b, '[');
	json_open(b, '{');
	json_key(b, "value");
	json_open(b, '{');
	json_add_str(b, "messaging_product", STR("whatsapp"));
	json_key(b, "metadata");
	json_open(b, '{');
	json_add_str(b, "display_phone_number", STR("15550100"));
	json_add_str(b, "phone_number_id", c->account->id.n ? c->account->id : STR("200000000000002"));
	json_close(b, '}');
}

/* The code point that begins at ${p}, which is UTF-8; ${n} becomes its length. */
static unsigned point_of(const char *p, size_t *n)
{
	const unsigned char *u = (const unsigned char *)p;

	*n = u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;
	if (*n == 2)
		return (u[0] & 0x1fu) << 6 | (u[1] & 0x3fu);
	if (*n == 3)
		return (u[0] & 0xfu) << 12 | (u[1] & 0x3fu) << 6 | (u[2] & 0x3fu);
	return (u[0] & 7u) << 18 | (u[1] & 0x3fu) << 12 | (u[2] & 0x3fu) << 6 | (u[3] & 0x3fu);
}

/* As Meta writes JSON: all but ASCII is \uXXXX, and slashes have a backslash. */
static void escape(struct callback *c)
{
	struct str s = arena_str(c->arena, buf_get(&c->body));
	size_t n;

	buf_reset(&c->body);
	for (size_t i = 0; i < s.n; i += n) {
		unsigned u;

		n = 1;
		if ((unsigned char)s.p[i] < 0x80) {
			if (s.p[i] == '/')
				buf_char(&c->body, '\\');
			buf_char(&c->body, s.p[i]);
			continue;
		}
		u = point_of(s.p + i, &n);
		if (u >= 0x10000)
			buf_fmt(&c->body, "\\u%04x\\u%04x", 0xd800 + ((u - 0x10000) >> 10),
				0xdc00 + ((u - 0x10000) & 0x3ff));
		else
			buf_fmt(&c->body, "\\u%04x", u);
	}
}

/* Close what open_value opened, and sign the bytes. */
static void close_value(struct callback *c)
{
	struct mac *key = mac_new(HASH_SHA256, box_key(c->account, WA_SECRET));
	unsigned char digest[HASH_MAX];
	struct str body;
	size_t n;

	json_close(&c->body, '}');
	json_add_str(&c->body, "field", STR("messages"));
	json_close(&c->body, '}');
	json_close(&c->body, ']');
	json_close(&c->body, '}');
	json_close(&c->body, ']');
	json_close(&c->body, '}');
	escape(c);
	body = buf_get(&c->body);
	n = mac_of(key, &body, 1, digest);
	box_header(c, "X-Hub-Signature-256",
		   arena_join(c->arena, STR("sha256="),
			      hex_of(c->arena, (struct str){ (char *)digest, n })));
	box_header(c, "Content-Type", STR("application/json"));
	box_header(c, "User-Agent", STR("facebookexternalua"));
	mac_free(key);
}

static const char *title_of(int64_t code)
{
	for (const struct trouble *t = box_whatsapp_troubles; t->class; t++)
		if (t->code == code)
			return t->text;
	return "Message failed";
}

static void put_error(struct buf *b, int64_t code)
{
	json_key(b, "errors");
	json_open(b, '[');
	json_open(b, '{');
	json_add_i64(b, "code", code);
	json_add_str(b, "title", str_c(title_of(code)));
	json_add_str(b, "message", str_c(title_of(code)));
	json_key(b, "error_data");
	json_open(b, '{');
	json_add_str(b, "details", STR("The sandbox was told to let it fail."));
	json_close(b, '}');
	json_close(b, '}');
	json_close(b, ']');
}

bool box_whatsapp_receipt(struct callback *c, const struct box_message *m, const struct receipt *r)
{
	struct str status = r->status;
	struct buf *b = &c->body;

	if (str_eq(status, STR("undelivered")) || str_eq(status, STR("expired")))
		status = STR("failed");
	if (str_eq(m->type, STR("reaction")) ||
	    (!str_eq(status, STR("sent")) && !str_eq(status, STR("delivered")) &&
	     !str_eq(status, STR("read")) && !str_eq(status, STR("failed"))))
		return false;
	open_value(c);
	json_key(b, "statuses");
	json_open(b, '[');
	json_open(b, '{');
	json_add_str(b, "id", m->id);
	json_add_str(b, "status", status);
	json_add_str(b, "timestamp", box_seconds(c->arena, r->at));
	json_add_str(b, "recipient_id", m->to[r->to]);
	if (m->tag.n)
		json_add_str(b, "biz_opaque_callback_data", m->tag);
	if (str_eq(status, STR("failed")))
		put_error(b, r->code ? r->code : 131026);
	json_close(b, '}');
	json_close(b, ']');
	close_value(c);
	return true;
}

static const char *kind_of(struct str mime)
{
	static const char *const kinds[] = { "image", "video", "audio" };

	if (str_eq(mime, STR("image/webp")))
		return "sticker";
	for (size_t i = 0; i < LEN(kinds); i++)
		if (str_prefix(mime, str_c(kinds[i])))
			return kinds[i];
	return "document";
}

static void put_content(struct callback *c, const struct box_message *m)
{
	const char *kind = m->n_media > 0 ? kind_of(m->mime[0]) : "text";
	struct buf *b = &c->body;

	json_add_str(b, "type", str_c(kind));
	json_key(b, kind);
	json_open(b, '{');
	if (m->n_media == 0) {
		json_add_str(b, "body", m->text);
	} else {
		if (m->text.n)
			json_add_str(b, "caption", m->text);
		json_add_str(b, "mime_type", m->mime[0]);
		json_add_str(b, "sha256", m->extra);
		json_add_str(b, "id", m->media[0]);
	}
	json_close(b, '}');
}

bool box_whatsapp_inbound(struct callback *c, const struct box_message *m)
{
	struct buf *b = &c->body;
	struct str from = box_whatsapp_digits(c->arena, m->from);

	open_value(c);
	json_key(b, "contacts");
	json_open(b, '[');
	json_open(b, '{');
	json_key(b, "profile");
	json_open(b, '{');
	json_add_str(b, "name", STR("Sandbox"));
	json_close(b, '}');
	json_add_str(b, "wa_id", from);
	json_close(b, '}');
	json_close(b, ']');
	json_key(b, "messages");
	json_open(b, '[');
	json_open(b, '{');
	if (m->reply_to.n) {
		json_key(b, "context");
		json_open(b, '{');
		json_add_str(b, "from", STR("15550100"));
		json_add_str(b, "id", m->reply_to);
		json_close(b, '}');
	}
	json_add_str(b, "from", from);
	json_add_str(b, "id", m->id);
	json_add_str(b, "timestamp", box_seconds(c->arena, m->at));
	put_content(c, m);
	json_close(b, '}');
	json_close(b, ']');
	close_value(c);
	return true;
}

void box_whatsapp_arrive(struct visit *v, struct box_message *m)
{
	const struct box_media *file =
		m->n_media > 0 ? box_media_get(v->box, v->player, m->media[0]) : NULL;
	unsigned char digest[HASH_MAX];

	m->id = box_whatsapp_new_id(v, 2);
	m->channel = STR("whatsapp");
	m->extra = STR("");
	if (!file)
		return;
	hash_of(HASH_SHA256, &file->bytes, 1, digest);
	m->extra = base64_of(v->arena, (struct str){ (char *)digest, hash_size(HASH_SHA256) });
}
