/* SPDX-License-Identifier: MIT */
#include "send.h"

/* What one character counts, by its first byte. */
static size_t weight(unsigned char first, enum send_count count)
{
	if (count == SEND_BYTES)
		return 1;
	if ((first & 0xc0) == 0x80)
		return 0;
	return count == SEND_UTF16 && first >= 0xf0 ? 2 : 1;
}

size_t send_length(struct str text, enum send_count count)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += weight((unsigned char)text.p[i], count);
	return n;
}

static bool blank(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* The bytes of the longest start of ${text} that counts no more than ${max}, of whole characters. */
static size_t longest(struct str text, size_t max, enum send_count count)
{
	size_t used = 0, i = 0;

	while (i < text.n && used + weight((unsigned char)text.p[i], count) <= max)
		used += weight((unsigned char)text.p[i++], count);
	return str_utf8_cut(text, i).n;
}

/*
 * Cut the first piece off ${text}: at a blank, which is dropped, where one is in the last eighth of what
 * fits.
 */
static struct str cut(struct str *text, size_t max, enum send_count count)
{
	size_t n = longest(*text, max, count), at = n;
	struct str piece;

	while (n < text->n && at > n - n / 8 && !blank(text->p[at]))
		at--;
	if (n < text->n && blank(text->p[at]))
		n = at;
	piece = str_sub(*text, 0, n);
	while (n < text->n && n == at && blank(text->p[n]))
		n = ++at;
	*text = str_sub(*text, n, text->n);
	return piece;
}

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
	size_t n = send_length(text, p->room->count);

	if (n > p->room->text && !p->s->d->split)
		return err_set(p->s->e, SEND_TOO_LONG,
			       "the text has %zu %s, and %s takes %zu; make it shorter, or let it be split",
			       n, p->room->count == SEND_BYTES ? "bytes" : "characters",
			       p->s->carrier, p->room->text);
	while (text.n > 0)
		add(p, (struct send_part){ .text = cut(&text, p->room->text, p->room->count) });
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
	bool beside = send_length(said, p->room->count) <= p->room->caption;

	for (size_t i = 0; beside && p->room->captioned && i < n; i++)
		beside = p->room->captioned(&media[i]);
	if (beside)
		part.text = said;
	add(p, part);
	return beside ? 0 : add_text(p, said);
}

int send_part(struct sending *s, const struct send_room *room, struct send_part *part)
{
	struct parts p = { s, room, part, 0 };
	size_t n = s->c.n_media;

	if (n > 0 && room->media == 0)
		return err_set(s->e, SEND_UNSUPPORTED, "%s has no media", s->carrier);
	if (n == 0 && add_text(&p, s->c.text) < 0)
		return -1;
	for (size_t i = 0; i < n; i += room->media)
		if (add_media(&p, i == 0 ? s->c.text : STR_NONE, &s->c.media[i],
			      n - i < room->media ? n - i : room->media) < 0)
			return -1;
	if (p.n == 0)
		return err_set(s->e, SEND_MALFORMED, "there is nothing to send: neither text nor media");
	if (s->d->part >= p.n)
		return err_set(s->e, SEND_MALFORMED, "it has no part %u, only %u", s->d->part, p.n);
	s->out->parts = p.n;
	return 0;
}
