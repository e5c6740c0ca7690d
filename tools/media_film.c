/* SPDX-License-Identifier: MIT */
#include "media_film.h"

#include <inttypes.h>

/* Bits a second: what is worth while, and below what nobody would want it. */
enum {
	VOICE_BEST = 24000,
	VOICE_LEAST = 8000,
	MUSIC_BEST = 128000,
	MUSIC_LEAST = 24000,
	BESIDE_FILM = 32000, /* sound, where bytes are few */
	FILM_BEST = 2000000,
	FILM_LEAST = 100000,
};

static const struct {
	const char *mime, *video, *audio;
	unsigned channels; /* at most; 0: any */
} codecs[] = {
	{ "audio/ogg", "", "opus", 1 },     { "audio/mp4", "", "aac", 0 },
	{ "audio/mpeg", "", "mp3", 0 },     { "audio/aac", "", "aac", 0 },
	{ "audio/amr", "", "amr_nb", 0 },   { "audio/wav", "", NULL, 0 },
	{ "audio/flac", "", "flac", 0 },    { "video/mp4", "h264", "aac", 0 },
	{ "video/3gpp", "h264", "aac", 0 }, { "video/quicktime", "h264", "aac", 0 },
	{ "video/webm", NULL, NULL, 0 },
};

static bool same(const char *want, const char *have)
{
	return !want || strcmp(want, have) == 0;
}

/* Whether a file of ${mime} with these codecs is what people mean by that name. */
static bool usual(struct str mime, const struct transcode_facts *x)
{
	bool film = str_prefix(mime, STR("video/"));

	for (size_t i = 0; i < LEN(codecs); i++) {
		if (!str_eq(mime, str_c(codecs[i].mime)))
			continue;
		if (film && (x->films != 1 || !same(codecs[i].video, x->video) || x->ahead))
			return false;
		if (film && x->sounds == 0)
			return true;
		return x->sounds == 1 && same(codecs[i].audio, x->audio) &&
		       (!codecs[i].channels || x->channels <= codecs[i].channels);
	}
	return false;
}

bool media_film_fits(const struct media_film *f, struct str mime, uint64_t size,
		     const struct transcode_facts *x)
{
	const struct media_limit *l = f->limit;

	return media_limit_takes(l, mime) && size <= f->bytes && usual(mime, x) &&
	       (!l->width || x->width <= l->width) && (!l->height || x->height <= l->height) &&
	       (!l->duration || x->duration <= l->duration);
}

static int too_little(const struct media_film *f, const struct transcode_facts *x, double rate,
		      unsigned least, struct err *e)
{
	return err_set(e, FAULT_DATA, "media-too-large",
		       "%.1f seconds in %" PRIu64 " bytes over %s leave %.0f bits a second; it takes %u",
		       x->duration, f->bytes, f->channel, rate > 0 ? rate : 0, least);
}

static unsigned at_most(double rate, unsigned most)
{
	return rate < most ? (unsigned)rate : most;
}

/* ${room}: bits a second that there are for all of it. */
static int plan_sound(const struct media_film *f, const struct transcode_facts *x, double room,
		      struct transcode_task *t, struct err *e)
{
	bool opus = strcmp(t->mime, "audio/ogg") == 0;
	unsigned least = opus ? VOICE_LEAST : MUSIC_LEAST;

	t->mono = opus || x->channels == 1;
	t->audio_rate = at_most(room, opus && f->voice ? VOICE_BEST :
				      t->mono          ? MUSIC_BEST / 2 :
							 MUSIC_BEST);
	return t->audio_rate < least ? too_little(f, x, room, least, e) : 0;
}

static int plan_film(const struct media_film *f, const struct transcode_facts *x, double room,
		     struct transcode_task *t, struct err *e)
{
	t->mono = x->channels == 1;
	t->audio_rate = !x->sounds ? 0 : room > 1000000 ? MUSIC_BEST / 2 : BESIDE_FILM;
	t->video_rate = room > t->audio_rate + FILM_LEAST ? at_most(room - t->audio_rate, FILM_BEST) : 0;
	t->width = f->limit->width;
	t->height = f->limit->height;
	if (!t->video_rate)
		return too_little(f, x, room, t->audio_rate + FILM_LEAST, e);
	if (!t->audio_rate)
		t->audio_rate = BESIDE_FILM; /* for no stream */
	return 0;
}

/* The first format of the channel that holds the like of it. */
static const char *target(const struct media_limit *l, bool film)
{
	for (size_t i = 0; i < MEDIA_MIMES && l->mimes[i]; i++)
		if (transcode_makes(l->mimes[i]) && film == (strncmp(l->mimes[i], "video/", 6) == 0))
			return l->mimes[i];
	return NULL;
}

int media_film_plan(const struct media_film *f, const struct transcode_facts *x,
		    struct transcode_task *t, struct err *e)
{
	double room;

	t->what = TRANSCODE_MAKE;
	t->mime = target(f->limit, x->films > 0);
	if (!t->mime)
		return err_set(e, FAULT_DATA, "media-unsupported", "%s takes no %s that can be made",
			       f->channel, x->films ? "film" : "sound");
	if (x->duration < 0)
		return err_set(e, FAULT_DATA, "media-malformed", "it does not say how long it is");
	if (f->limit->duration && x->duration > f->limit->duration)
		return err_set(e, FAULT_DATA, "media-too-large", "%.1f seconds; %s takes %" PRIu32,
			       x->duration, f->channel, f->limit->duration);
	/* What holds it takes a little, more in short ones. */
	room = ((double)f->bytes * 0.95 - 3000) * 8 / (x->duration > 0.1 ? x->duration : 0.1);
	t->bytes = f->bytes * 4 + 1000000; /* of the file while it is made */
	return x->films ? plan_film(f, x, room, t, e) : plan_sound(f, x, room, t, e);
}

bool media_film_less(const struct media_film *f, uint64_t size, struct transcode_task *t)
{
	double part = (double)f->bytes / (double)size * 0.93;

	if (!t->video_rate) {
		t->audio_rate = (unsigned)(t->audio_rate * part);
		return t->audio_rate >= (strcmp(t->mime, "audio/ogg") == 0 ? VOICE_LEAST : MUSIC_LEAST);
	}
	t->video_rate = (unsigned)(t->video_rate * part);
	return t->video_rate >= FILM_LEAST;
}
