/* SPDX-License-Identifier: MIT */
#include "media_set.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void media_part_clear(struct media_part *p)
{
	if (!p->made)
		return;
	unlink(p->made);
	free(p->made);
	p->made = NULL;
}

void media_part_fail(struct media_part *p, const struct err *e)
{
	p->failed = true;
	p->err = *e;
	p->set->failed++;
	media_part_clear(p);
}

const struct media_limit *media_part_limit(const struct media_part *p)
{
	const struct media_limit *kinds = p->set->channel->kinds;

	if (kinds[p->as].mimes[0])
		return &kinds[p->as];
	if (p->as == MEDIA_STICKER)
		return &kinds[MEDIA_IMAGE];
	return p->as == MEDIA_VOICE ? &kinds[MEDIA_AUDIO] : &kinds[p->as];
}

bool media_part_is_film(const struct media_part *p)
{
	enum media_kind k = p->had.type->kind;

	/* Notes are no sound, whatever they are called. */
	if (str_eq(p->had.mime, STR("audio/midi")))
		return false;
	return k == MEDIA_AUDIO || k == MEDIA_VIDEO || str_prefix(p->had.mime, STR("audio/"));
}

/* True if ${p} can become something else. */
static bool convertible(const struct media_part *p)
{
	return p->had.head.format != IMAGE_NONE || media_part_is_film(p);
}

/* What was said to be a picture, sound or film is none: not to be passed on as the text that it may be. */
static int compare(const struct media_part *p, struct err *e)
{
	const struct media_type *said = media_type_named(p->declared);

	if (!said || said->kind == MEDIA_DOCUMENT || p->kind == MEDIA_DOCUMENT ||
	    p->had.type->kind != MEDIA_DOCUMENT || str_eq(str_c(said->mime), p->had.mime))
		return 0;
	return err_set(e, FAULT_DATA, "media-mismatch", "%s by its bytes; it was said to be %.*s",
		       p->had.type->mime, STR_FMT(p->declared));
}

/* Of what came in it is the carrier's word that it is a picture. */
static int doubt(const struct media_part *p, struct err *e)
{
	if ((p->kind != MEDIA_IMAGE && p->kind != MEDIA_STICKER) || p->had.type->kind != MEDIA_DOCUMENT)
		return 0;
	return err_set(e, FAULT_DATA, "media-mismatch", "%s by its bytes; it was said to be %s",
		       p->had.type->mime, p->kind == MEDIA_IMAGE ? "an image" : "a sticker");
}

int media_part_refuse(const struct media_part *p, struct err *e)
{
	const char *channel = p->set->channel->name, *kind = media_kind_name(p->as);
	const struct media_limit *l = media_part_limit(p);

	if (!l->mimes[0])
		return err_set(e, FAULT_DATA, "media-unsupported", "%s takes no %s", channel, kind);
	if (!convertible(p) && !media_limit_takes(l, p->had.mime))
		return err_set(e, FAULT_DATA, "media-unsupported", "%s takes no %.*s as %s",
			       channel, STR_FMT(p->had.mime), kind);
	if (!convertible(p) && p->had.size > l->size)
		return err_set(e, FAULT_DATA, "media-too-large",
			       "%" PRIu64 " bytes of %.*s; %s takes %" PRIu64, p->had.size,
			       STR_FMT(p->had.mime), channel, l->size);
	return 0;
}

/* Look at the file, and decide whether it can go at all. */
static int judge(struct media_part *p, struct err *e)
{
	int rc = media_look(p->set->sniff, p->path, p->declared, &p->had, e);

	p->as = p->kind < MEDIA_KINDS ? p->kind : p->had.type->kind;
	if (rc == 0 && p->had.head.format != IMAGE_NONE && !p->had.head.whole)
		rc = err_set(e, FAULT_DATA, "image-malformed", "%s whose end is missing",
			     p->had.type->mime);
	if (!p->set->channel)
		return rc < 0 ? -1 : doubt(p, e);
	/* A picture that was sent as a document stays one where it is taken so. */
	if (p->as == MEDIA_DOCUMENT && p->had.head.format != IMAGE_NONE &&
	    !media_limit_takes(media_part_limit(p), p->had.mime))
		p->as = MEDIA_IMAGE;
	return rc < 0 || compare(p, e) < 0 ? -1 : media_part_refuse(p, e);
}

/* What goes as it is has its place first. */
static void measure(struct media_set *s)
{
	uint64_t room = s->channel ? s->channel->total : 0;
	uint64_t taken = s->channel ? s->channel->around + s->text : 0;
	struct err e;

	s->to_come = 0;
	for (unsigned i = 0; i < s->n; i++) {
		struct media_part *p = &s->parts[i];

		if (p->failed)
			continue;
		if (convertible(p)) {
			s->to_come++;
			continue;
		}
		p->has = p->had;
		if (room && taken + p->had.size > room) {
			err_set(&e, FAULT_DATA, "media-too-large",
				"%" PRIu64 " bytes, where %" PRIu64 " of %" PRIu64
				" are left for it in one message over %s",
				p->had.size, room > taken ? room - taken : 0, room, s->channel->name);
			media_part_fail(p, &e);
			continue;
		}
		taken += p->had.size;
	}
	s->left = !room ? UINT64_MAX : room > taken ? room - taken : 0;
}

void media_part_plan(struct media_part *p)
{
	const struct media_limit *l = media_part_limit(p);
	uint64_t bytes;
	size_t n = 0;

	p->share = p->set->left / p->set->to_come;
	bytes = p->share < l->size ? p->share : l->size;
	n += (size_t)snprintf(p->recipe, sizeof(p->recipe),
			      "%s %s bytes=%" PRIu64 " moving=%" PRIu64 " %" PRIu32 "x%" PRIu32
			      "%s duration=%" PRIu32 " %s,%s",
			      OMNI_VERSION, media_kind_name(p->as), bytes,
			      l->moving_size < p->share ? l->moving_size : p->share, l->width,
			      l->height, l->square ? " square" : "", l->duration,
			      l->moving[0] ? l->moving[0] : "",
			      l->moving[0] && l->moving[1] ? l->moving[1] : "");
	for (size_t i = 0; i < LEN(l->mimes) && l->mimes[i] && n < sizeof(p->recipe); i++)
		n += (size_t)snprintf(p->recipe + n, sizeof(p->recipe) - n, " %s", l->mimes[i]);
}

void media_set_look(struct media_set *s)
{
	struct err e;

	s->failed = 0;
	for (unsigned i = 0; i < s->n; i++) {
		struct media_part *p = &s->parts[i];

		p->set = s;
		p->failed = false;
		p->made = NULL;
		p->has = (struct media_facts){ .type = NULL };
		p->quality = p->encodings = 0;
		if (judge(p, &e) < 0) {
			media_part_fail(p, &e);
		} else if (s->channel && s->channel->count && i - s->failed >= s->channel->count) {
			err_set(&e, FAULT_DATA, "media-too-many", "one message over %s takes %u",
				s->channel->name, s->channel->count);
			media_part_fail(p, &e);
		}
	}
	measure(s);
	for (unsigned i = 0; s->channel && i < s->n; i++) {
		struct media_part *p = &s->parts[i];

		if (!p->failed && !p->has.type)
			media_part_plan(p);
	}
}
