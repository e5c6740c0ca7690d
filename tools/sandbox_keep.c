/* SPDX-License-Identifier: MIT */
/* What the sandbox keeps: messages, files, and how often it was asked for the same. */
#include "sandbox_box.h"

#include <stdlib.h>

#include "diag.h"
#include "hash.h"

/* ---- messages ---- */

enum { TEXTS = 11 + BOX_TO + 2 * BOX_MEDIA };

/* Where the texts of ${m} are. */
static unsigned texts_of(struct box_message *m, struct str *list[TEXTS])
{
	struct str *fixed[] = { &m->id,  &m->from, &m->type,     &m->channel, &m->text, &m->tag,
				&m->url, &m->chat, &m->reply_to, &m->status,  &m->extra };
	unsigned n = 0;

	for (; n < LEN(fixed); n++)
		list[n] = fixed[n];
	for (unsigned i = 0; i < m->n_to; i++)
		list[n++] = &m->to[i];
	for (unsigned i = 0; i < m->n_media; i++) {
		list[n++] = &m->media[i];
		list[n++] = &m->mime[i];
	}
	return n;
}

static uint64_t id_key(const struct box_account *a, struct str id)
{
	return hash_64(id, (uint64_t)(uintptr_t)a);
}

void keep_release(struct box_message *m)
{
	if (m && --m->refs == 0)
		free(m);
}

static void forget_oldest(struct box *b)
{
	struct box_message *m = b->oldest;

	b->oldest = m->newer;
	if (!b->oldest)
		b->newest = NULL;
	if (map_get(b->by_id, id_key(m->account, m->id)) == m)
		map_set(b->by_id, id_key(m->account, m->id), NULL);
	b->n_messages--;
	keep_release(m);
}

struct box_message *keep_message(struct box *b, const struct box_message *draft)
{
	struct box_message copy = *draft, *m;
	struct str *list[TEXTS];
	unsigned n = texts_of(&copy, list);
	size_t size = sizeof(*m);
	char *p;

	for (unsigned i = 0; i < n; i++)
		size += list[i]->n;
	m = malloc(size);
	if (!m)
		diag_oom();
	*m = *draft;
	n = texts_of(m, list);
	p = (char *)(m + 1);
	for (unsigned i = 0; i < n; i++) {
		if (!list[i]->p)
			continue;
		memcpy(p, list[i]->p, list[i]->n);
		list[i]->p = p;
		p += list[i]->n;
	}
	m->newer = NULL;
	m->refs = 2; /* the list and the caller */
	*(b->newest ? &b->newest->newer : &b->oldest) = m;
	b->newest = m;
	b->n_messages++;
	map_set(b->by_id, id_key(m->account, m->id), m);
	while (b->n_messages > SANDBOX_KEPT)
		forget_oldest(b);
	return m;
}

const struct box_message *box_find(struct box *b, const struct box_account *a, struct str id)
{
	const struct box_message *m = map_get(b->by_id, id_key(a, id));

	return m && m->account == a && str_eq(m->id, id) ? m : NULL;
}

unsigned keep_seen(struct box *b, uint64_t content)
{
	uintptr_t n = (uintptr_t)map_get(b->seen, content) + 1;

	if (map_count(b->seen) >= SANDBOX_SEEN) {
		map_free(b->seen);
		b->seen = map_new();
	}
	map_set(b->seen, content, (void *)n);
	return (unsigned)n;
}

/* ---- files ---- */

static struct box_media **media_place(struct box *b, const struct player *p, struct str id)
{
	struct box_media **m = &b->media;

	while (*m && !((*m)->player == p && str_eq((*m)->id, id)))
		m = &(*m)->next;
	return m;
}

const struct box_media *box_media_get(struct box *b, const struct player *p, struct str id)
{
	return *media_place(b, p, id);
}

void box_media_say(struct visit *v, const struct box_media *m)
{
	v->status = 200;
	v->type = arena_cstr(v->arena, m->mime);
	buf_str(v->body, m->bytes);
}

void box_media_hand(struct visit *v, struct str id)
{
	const struct box_media *m = box_media_get(v->box, v->player, id);

	v->kind = "media";
	if (!m)
		return;
	v->account = m->account;
	box_media_say(v, m);
}

struct str box_media_url(const struct callback *c, struct str media, struct str path)
{
	return box_url(media) ? media :
				arena_fmt(c->arena, "%.*s%.*s%.*s", STR_FMT(c->account->api),
					  STR_FMT(path), STR_FMT(media));
}

bool box_media_drop(struct box *b, const struct player *p, struct str id)
{
	struct box_media **place = media_place(b, p, id), *m = *place;

	if (!m)
		return false;
	*place = m->next;
	b->media_bytes -= m->bytes.n;
	free(m);
	return true;
}

static char *put(char *p, struct str s, struct str *out)
{
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	*out = (struct str){ p, s.n };
	return p + s.n;
}

bool box_media_put(struct visit *v, struct str id, struct str mime, struct str name, struct str bytes)
{
	struct box *b = v->box;
	struct box_media *m;
	char *p;

	(void)box_media_drop(b, v->player, id);
	if (bytes.n > SANDBOX_MEDIA - b->media_bytes)
		return false;
	m = calloc(1, sizeof(*m) + id.n + mime.n + name.n + bytes.n);
	if (!m)
		diag_oom();
	p = put((char *)(m + 1), id, &m->id);
	p = put(p, mime, &m->mime);
	p = put(p, name, &m->name);
	(void)put(p, bytes, &m->bytes);
	m->player = v->player;
	m->account = v->account;
	m->at = v->now;
	m->next = b->media;
	b->media = m;
	b->media_bytes += bytes.n;
	return true;
}

/* ---- all of it ---- */

void keep_reset(struct box *b)
{
	while (b->oldest)
		forget_oldest(b);
	while (b->media)
		(void)box_media_drop(b, b->media->player, b->media->id);
	map_free(b->seen);
	b->seen = map_new();
}
