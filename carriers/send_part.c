/* SPDX-License-Identifier: MIT */
#include "send.h"

/* Parts as they are made: all are counted, the one that was asked for is kept. */
struct parts {
	struct sending *s;
	const struct send_room *room;
	struct send_part *wanted;
	unsigned n;
};

static void add(struct parts *p, struct send_part part)
{
	if (p->n++ == p->s->d->part)
		*p->wanted = part;
}

static int add_text(struct parts *p, struct str text)
{
	size_t n = sms_length(text, p->room->measure);

	if (n > p->room->text && !p->s->d->split)
		return err_set(p->s->e, SEND_TOO_LONG,
			       "the text has %zu %s, and %s takes %zu; make it shorter, or let it be split",
			       n, p->room->measure == SMS_BYTES ? "bytes" : "characters",
			       p->s->carrier, p->room->text);
	while (text.n > 0) {
		struct str piece =
			n <= p->room->text ? text : sms_cut(text, p->room->text, p->room->measure);

		add(p, (struct send_part){ .text = piece });
		text = str_sub(text, piece.n, text.n);
	}
	return 0;
}

/* The words of ${n} media that go together: ${text}, and the captions that say something else. */
static struct str words(struct arena *a, struct str text, const struct canon_media *media, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct str caption = media[i].caption;

		if (caption.n == 0 || str_eq(caption, text))
			continue;
		text = text.n > 0 ? arena_join(a, arena_join(a, text, STR("\n")), caption) : caption;
	}
	return text.n > 0 ? text : STR_NONE;
}

static int add_media(struct parts *p, struct str text, const struct canon_media *media, size_t n)
{
	struct str said = words(p->s->d->arena, text, media, n);
	struct send_part part = { .media = media, .n_media = n };
	bool beside = sms_length(said, p->room->measure) <= p->room->caption;

	for (size_t i = 0; beside && p->room->captioned && i < n; i++)
		beside = p->room->captioned(&media[i]);
	if (beside)
		part.text = said;
	add(p, part);
	return beside ? 0 : add_text(p, said);
}

/* What remains to be said once all parts are counted. */
static int counted(const struct parts *p)
{
	struct sending *s = p->s;

	if (p->n == 0)
		return err_set(s->e, SEND_MALFORMED, "there is nothing to send: neither text nor media");
	if (s->d->part >= p->n)
		return err_set(s->e, SEND_MALFORMED, "it has no part %u, only %u", s->d->part, p->n);
	if (p->n > MESSAGE_PARTS_MAX)
		return err_set(s->e, SEND_TOO_LONG,
			       "%s would get it in %u parts, and more than %d are no message",
			       s->carrier, p->n, MESSAGE_PARTS_MAX);
	s->out->parts = p->n;
	return 0;
}

int send_part(struct sending *s, const struct send_room *room, struct send_part *part)
{
	struct parts p = { .s = s, .room = room };
	size_t n = s->c.n_media;

	*part = (struct send_part){ 0 };
	p.wanted = part;
	if (n > 0 && room->media == 0)
		return err_set(s->e, SEND_UNSUPPORTED, "%s has no media", s->carrier);
	if (n == 0 && add_text(&p, s->c.text) < 0)
		return -1;
	for (size_t i = 0; i < n; i += room->media)
		if (add_media(&p, i == 0 ? s->c.text : STR_NONE, &s->c.media[i],
			      n - i < room->media ? n - i : room->media) < 0)
			return -1;
	return counted(&p);
}

int send_after(struct sending *s, const struct send_room *room, unsigned own, struct send_part *part)
{
	struct parts p = { .s = s, .room = room, .n = own };

	*part = (struct send_part){ 0 };
	p.wanted = part;
	return add_text(&p, s->c.text) < 0 ? -1 : counted(&p);
}
