/* SPDX-License-Identifier: MIT */
/* Bird, as MessageBird calls itself now: Channels, where files are put, and the platform. */
#include "clock.h"
#include "sandbox_messagebird.h"

enum { TO_MAX = 50, SEGMENTS_MAX = 12 };

/* ---- Channels ---- */

static bool read_receiver(struct visit *v, struct box_message *m)
{
	const struct json *list = json_get(json_get(v->json, "receiver"), "contacts");

	for (struct json_iter it = json_iter(list); json_next(&it);) {
		struct str value = json_get_str(it.value, "identifierValue");

		if (!value.n)
			value = json_get_str(it.value, "id");
		if (!value.n || m->n_to == TO_MAX)
			break;
		m->to[m->n_to++] = value;
	}
	return m->n_to > 0 || mb_fail(v, 422, 0, "receiver.contacts must name somebody", "receiver");
}

void bird_channels(struct visit *v)
{
	const struct json *body = json_get(v->json, "body"), *template = json_get(v->json, "template");
	struct str type = json_get_str(body, "type"),
		   workspace = json_get_str(v->account->conf, "workspace_id");
	struct box_message *m = box_take(v, "text");
	struct buf *b = v->body;

	if ((v->account->id.n && !str_eq(v->account->id, mb_seg(v, 3))) ||
	    (workspace.n && !str_eq(workspace, mb_seg(v, 1)))) {
		(void)mb_fail(v, 404, 0, "channel not found", NULL);
		return;
	}
	m->extra = STR(MB_CHANNELS);
	m->from = mb_seg(v, 3);
	m->channel = STR("sms");
	m->tag = json_get_str(v->json, "reference");
	if (!read_receiver(v, m))
		return;
	if (!template && (!type.n || !json_getn(body, type))) {
		(void)mb_fail(v, 422, 0, "body or template is required", "body");
		return;
	}
	m->type = template ? STR("template") : type;
	m->text = json_get_str(json_get(body, "text"), "text");
	if (str_eq(type, STR("text")) && !m->text.n) {
		(void)mb_fail(v, 422, 0, "body.text.text is required", "body");
		return;
	}
	m->id = box_uuid(v, 1);
	v->status = 202;
	json_open(b, '{');
	json_add_str(b, "id", m->id);
	json_add_str(b, "channelId", m->from);
	json_add_value(b, "receiver", json_get(v->json, "receiver"));
	json_opt_str(b, "reference", m->tag);
	json_add_str(b, "status", STR("accepted"));
	json_add_str(b, "direction", STR("outgoing"));
	json_add_str(b, "createdAt", clock_text(v->arena, m->at));
	json_add_str(b, "updatedAt", clock_text(v->arena, m->at));
	json_close(b, '}');
}

/* ---- the platform ---- */

static void say_platform(struct visit *v, const struct box_message *m)
{
	struct buf *b = v->body;

	v->status = 202;
	json_open(b, '{');
	json_add_str(b, "id", m->id);
	json_add_str(b, "status", STR("accepted"));
	json_opt_str(b, "from", m->from);
	json_add_str(b, "to", m->to[0]);
	json_close(b, '}');
}

/*
 * The key of an earlier request: the same again is answered as it was and sent once, something else is a
 * mistake.
 */
static bool is_repeated(struct visit *v, struct str key, struct str id)
{
	const struct box_message *before = key.n ? box_find(v->box, v->account, id) : NULL;

	if (!before)
		return false;
	v->message = NULL;
	if (str_eq(before->reply_to, hash_hex(v->arena, HASH_SHA256, v->req->body)))
		say_platform(v, before);
	else
		(void)mb_fail(v, 409, 1005, "The idempotency key was used for another request",
			      "Idempotency-Key");
	return true;
}

void bird_platform(struct visit *v)
{
	struct str key = http_header(v->req, "idempotency-key"), metadata;
	const struct json *j = v->json, *template = json_get(j, "template");
	struct box_message *m = box_take(v, "text");

	m->extra = STR(MB_PLATFORM);
	m->from = json_get_str(j, "from");
	m->text = json_get_str(j, "text");
	m->channel = mb_seg(v, 1);
	metadata = json_compact(v->arena, json_get(j, "metadata"));
	m->tag = json_get(j, "metadata") ? metadata : STR_NONE;
	/* So that the same key leads to the same message, whenever it comes. */
	m->id = key.n ? arena_fmt(v->arena, "sms_%.*s",
				  STR_FMT(str_sub(hash_hex(v->arena, HASH_SHA256, key), 0, 24))) :
			arena_join(v->arena, STR("sms_"), box_id(v, 1, BOX_HEX, 24));
	if (is_repeated(v, key, m->id))
		return;
	if (!box_e164(json_get_str(j, "to")))
		(void)mb_fail(v, 422, 1001, "to must be an E.164 number", "to");
	else if (json_get(j, "media_urls"))
		(void)mb_fail(v, 422, 1001, "media_urls is not supported", "media_urls");
	else if (!m->text.n && !template)
		(void)mb_fail(v, 422, 1001, "text or template is required", "text");
	else if (m->text.n && !json_get_str(j, "category").n)
		(void)mb_fail(v, 422, 1001, "category is required", "category");
	else if (box_segments(m->text) > SEGMENTS_MAX)
		(void)mb_fail(v, 422, 1001, "text is longer than 12 segments", "text");
	else {
		m->to[m->n_to++] = json_get_str(j, "to");
		m->parts = box_segments(m->text);
		m->reply_to = hash_hex(v->arena, HASH_SHA256, v->req->body);
		say_platform(v, m);
	}
}

/* ---- files ---- */

/* A place for a file, and how it is put there: without any key. */
void bird_presign(struct visit *v)
{
	struct str id = box_uuid(v, 1), mime = json_get_str(v->json, "contentType");
	struct buf *b = v->body;

	v->kind = "media";
	if (!mime.n || !box_media_put(v, id, mime, STR(""), STR(""))) {
		(void)mb_fail(v, 422, 0, "contentType is required", "contentType");
		return;
	}
	v->status = 201;
	json_open(b, '{');
	json_add_str(b, "mediaUrl",
		     arena_fmt(v->arena, "%.*s/v1/media/%.*s", STR_FMT(v->account->api), STR_FMT(id)));
	json_add_str(b, "uploadUrl",
		     arena_fmt(v->arena, "%.*s/_upload/%.*s", STR_FMT(v->account->api), STR_FMT(id)));
	json_add_str(b, "uploadMethod", STR("POST"));
	json_key(b, "uploadFormData");
	json_open(b, '{');
	json_add_str(b, "key", id);
	json_add_str(b, "policy", box_id(v, 2, BOX_HEX, 16));
	json_close(b, '}');
	json_close(b, '}');
}

/* Where such a file is put: the storage takes no credentials, and the fields that it was promised. */
void bird_put_file(struct visit *v)
{
	const struct box_media *m = box_media_get(v->box, v->player, mb_seg(v, 1));
	struct str type = STR_NONE, name = STR_NONE, bytes = box_part(v, "file", &type, &name), ignore;

	v->kind = "media";
	v->status = 403;
	if (!m || !bytes.p || http_header(v->req, "authorization").p ||
	    !str_eq(box_part(v, "key", &ignore, &ignore), m->id))
		return;
	v->account = m->account;
	v->status = 204;
	if (!box_media_put(v, arena_str(v->arena, m->id), arena_str(v->arena, m->mime), name, bytes))
		v->status = 413;
}
