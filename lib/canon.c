/* SPDX-License-Identifier: MIT */
#include "canon.h"

#include <stdlib.h>

#include "id.h"

struct canon *canon_new(struct canon_list *list, enum canon_kind kind)
{
	struct canon *c;

	if (list->n == list->cap) {
		size_t cap = list->cap ? list->cap * 2 : 4;

		list->items = arena_resize(list->arena, list->items, list->cap * sizeof(*c),
					   cap * sizeof(*c));
		list->cap = cap;
	}
	c = &list->items[list->n++];
	*c = (struct canon){ .kind = kind };
	return c;
}

void canon_to(struct canon *c, struct arena *a, struct canon_party party)
{
	if (!party.address.p)
		return;
	c->to = arena_alloc(a, sizeof(*c->to));
	*c->to = party;
	c->n_to = 1;
}

int canon_rank(const char *status)
{
	static const char *const ranks[][4] = {
		{ NULL },      { "accepted" }, { "queued" },
		{ "sending" }, { "sent" },     { "delivered" },
		{ "read" },    { "played" },   { "failed", "undelivered", "expired", "canceled" },
	};

	for (int rank = 1; rank < (int)(LEN(ranks)); rank++)
		for (int i = 0; i < 4 && ranks[rank][i]; i++)
			if (strcmp(status, ranks[rank][i]) == 0)
				return rank;
	return 0;
}

/*
 * The account that a record belongs to: as the carrier names it, else as the proof or the path did.
 */
static struct str account_of(const struct canon *c, const struct hook *h)
{
	struct str verified = json_get_str(h->verified, "account");

	if (c->account.n)
		return c->account;
	return verified.n ? verified : h->account;
}

/*
 * The kind stands in the name, so that a status "read" and an event "read" about one message are
 * two records.
 */
static struct id record_id(const struct canon *c, const struct hook *h, struct str account)
{
	struct str parts[9] = { h->carrier, account, c->external_id.n ? c->external_id : h->id };
	char number[24] = "part-";
	struct buf part = { number, strlen(number), sizeof(number), sizeof(number), false };
	size_t n = 3;

	if (c->kind == CANON_STATUS) {
		parts[n++] = STR("status");
		parts[n++] = str_c(c->status);
		if (c->recipient.n)
			parts[n++] = c->recipient;
		if (c->part) {
			buf_i64(&part, c->part);
			parts[n++] = buf_get(&part);
		}
	} else if (c->kind == CANON_EVENT) {
		parts[n++] = STR("event");
		parts[n++] = str_c(c->event);
	}
	if (c->id_suffix.n)
		parts[n++] = c->id_suffix;
	return id_derive(parts, n);
}

static int by_text(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* So that a message and its answer, in either direction, have the same one. */
struct id canon_conversation(struct str channel, struct str ours, const struct str *others,
			     size_t n, struct arena *a)
{
	struct str *parts = arena_alloc(a, (n + 2) * sizeof(*parts));

	parts[0] = channel;
	parts[1] = ours;
	if (n > 0)
		memcpy(parts + 2, others, n * sizeof(*parts));
	qsort(parts + 2, n, sizeof(*parts), by_text);
	return id_derive(parts, n + 2);
}

static bool conversation_of(const struct canon *c, struct arena *a, struct id *id)
{
	bool out = c->direction && strcmp(c->direction, "out") == 0;
	struct str ours = out ? c->from.address : c->n_to ? c->to[0].address : STR_NONE;
	size_t n = 0;
	struct str *others;

	if (!c->channel || !ours.n || !c->from.address.n || c->n_to == 0)
		return false;
	others = arena_alloc(a, (c->n_to + 1) * sizeof(*others));
	if (!out)
		others[n++] = c->from.address;
	for (size_t i = out ? 0 : 1; i < c->n_to; i++)
		others[n++] = c->to[i].address;
	*id = canon_conversation(str_c(c->channel), ours, others, n, a);
	return true;
}

static void write_party(struct buf *b, const struct canon_party *p)
{
	json_open(b, '{');
	json_add_str(b, "address", p->address);
	json_opt_str(b, "name", p->name);
	json_close(b, '}');
}

static void write_media(struct buf *b, const struct canon *c)
{
	json_key(b, "media");
	json_open(b, '[');
	for (size_t i = 0; i < c->n_media; i++) {
		const struct canon_media *m = &c->media[i];

		json_open(b, '{');
		json_opt_str(b, "url", m->url);
		json_opt_str(b, "external_id", m->external_id);
		json_opt_str(b, "path", m->path);
		json_opt_str(b, "mime", m->mime);
		json_opt_str(b, "kind", str_c(m->kind));
		if (m->size >= 0)
			json_add_i64(b, "size", m->size);
		json_opt_str(b, "name", m->name);
		json_opt_str(b, "caption", m->caption);
		json_opt_str(b, "sha256", m->sha256);
		json_close(b, '}');
	}
	json_close(b, ']');
}

static void write_contacts(struct buf *b, const struct canon *c)
{
	json_key(b, "contacts");
	json_open(b, '[');
	for (size_t i = 0; i < c->n_contacts; i++) {
		const struct canon_contact *p = &c->contacts[i];

		json_open(b, '{');
		json_opt_str(b, "name", p->name);
		json_add_strs(b, "phones", p->phones, p->n_phones);
		json_add_strs(b, "emails", p->emails, p->n_emails);
		json_opt_str(b, "organization", p->organization);
		json_opt_str(b, "vcard", p->vcard);
		json_close(b, '}');
	}
	json_close(b, ']');
}

static void write_location(struct buf *b, const struct canon *c)
{
	json_key(b, "location");
	json_open(b, '{');
	json_add_raw(b, "latitude", c->location.latitude);
	json_add_raw(b, "longitude", c->location.longitude);
	json_opt_str(b, "name", c->location.name);
	json_opt_str(b, "address", c->location.address);
	json_close(b, '}');
}

static void write_reply(struct buf *b, const struct canon *c)
{
	json_key(b, "reply");
	json_open(b, '{');
	json_add_str(b, "kind", str_c(c->reply.kind));
	json_opt_str(b, "id", c->reply.id);
	json_opt_str(b, "title", c->reply.title);
	if (c->reply.data.p)
		json_add_raw(b, "data", c->reply.data);
	json_close(b, '}');
}

/* What a message and an event have in common. */
static void write_content(struct buf *b, const struct canon *c)
{
	json_opt_str(b, "type", str_c(c->type));
	json_opt_str(b, "text", c->text);
	if (c->n_media)
		write_media(b, c);
	if (c->location.latitude.p)
		write_location(b, c);
	if (c->n_contacts)
		write_contacts(b, c);
	if (c->interactive.p)
		json_add_raw(b, "interactive", c->interactive);
	if (c->reply.kind)
		write_reply(b, c);
	if (c->reaction.emoji.p) {
		json_key(b, "reaction");
		json_open(b, '{');
		json_add_str(b, "emoji", c->reaction.emoji);
		json_opt_str(b, "message", c->reaction.message);
		json_close(b, '}');
	}
	json_opt_str(b, "reply_to", c->reply_to);
	if (c->context.p)
		json_add_raw(b, "context", c->context);
	json_opt_str(b, "visibility", str_c(c->visibility));
}

static void write_status(struct buf *b, const struct canon *c)
{
	json_add_str(b, "status", str_c(c->status));
	json_add_i64(b, "rank", canon_rank(c->status));
	if (c->error.class) {
		json_key(b, "error");
		json_open(b, '{');
		json_opt_str(b, "code", c->error.code);
		json_add_str(b, "class", str_c(c->error.class));
		json_opt_str(b, "text", c->error.text);
		json_opt_str(b, "carrier_code", c->error.carrier_code);
		json_close(b, '}');
	}
	json_opt_str(b, "recipient", c->recipient);
	if (c->part)
		json_add_i64(b, "part", c->part);
}

void canon_write(struct buf *b, const struct canon *c, const struct hook *h)
{
	static const char *const kinds[] = { "message", "status", "event" };
	struct str account = account_of(c, h);
	struct id id = record_id(c, h, account), conversation;

	json_open(b, '{');
	json_add_str(b, "id", id_str(&id));
	json_add_str(b, "kind", str_c(kinds[c->kind]));
	json_add_str(b, "at", c->at.n ? c->at : h->at);
	if (c->kind == CANON_EVENT)
		json_add_str(b, "event", str_c(c->event));
	json_opt_str(b, "direction", str_c(c->direction));
	json_add_str(b, "carrier", h->carrier);
	json_opt_str(b, "account", account);
	json_opt_str(b, "channel", str_c(c->channel));
	json_opt_str(b, "external_id", c->external_id);
	if (c->conversation.n)
		json_add_str(b, "conversation", c->conversation);
	else if (conversation_of(c, h->arena, &conversation))
		json_add_str(b, "conversation", id_str(&conversation));
	if (c->from.address.p) {
		json_key(b, "from");
		write_party(b, &c->from);
	}
	if (c->n_to) {
		json_key(b, "to");
		json_open(b, '[');
		for (size_t i = 0; i < c->n_to; i++)
			write_party(b, &c->to[i]);
		json_close(b, ']');
	}
	if (c->kind == CANON_STATUS)
		write_status(b, c);
	else
		write_content(b, c);
	if (c->carrier_data.p)
		json_add_raw(b, "carrier_data", c->carrier_data);
}
