/* SPDX-License-Identifier: MIT */
#include "transcode_words.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "diag.h"
#include "json.h"

/* What is read: files that hold what they are, no lists of other files or addresses. */
#define DEMUXERS \
	"mov,mp4,m4a,3gp,3g2,matroska,webm,ogg,wav,mp3,aac,amr,amrnb,amrwb,flac,avi,asf,flv,mpeg,mpegts,caf,aiff,gif"

/* How each is made, and what holds it. */
static const struct form {
	const char *mime, *muxer, *audio, *video;
} forms[] = {
	{ "audio/ogg", "ogg", "libopus", NULL },
	{ "audio/mp4", "ipod", "aac", NULL },
	{ "audio/mpeg", "mp3", "libmp3lame", NULL },
	{ "video/mp4", "mp4", "aac", "libx264" },
	/* Only copied. */
	{ "audio/aac", "adts", NULL, NULL },
	{ "audio/amr", "amr", NULL, NULL },
	{ "audio/wav", "wav", NULL, NULL },
	{ "audio/flac", "flac", NULL, NULL },
	{ "video/3gpp", "3gp", NULL, NULL },
	{ "video/quicktime", "mov", NULL, NULL },
	{ "video/webm", "webm", NULL, NULL },
};

static const struct form *form_of(const char *mime)
{
	for (size_t i = 0; i < LEN(forms); i++)
		if (strcmp(forms[i].mime, mime) == 0)
			return &forms[i];
	return &forms[0];
}

bool transcode_makes(const char *mime)
{
	return form_of(mime)->audio && strcmp(form_of(mime)->mime, mime) == 0;
}

static void word(struct transcode_words *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void word(struct transcode_words *w, const char *fmt, ...)
{
	va_list ap;
	int rc = -1;

	if (w->n + 1 == TRANSCODE_WORDS)
		return;
	va_start(ap, fmt);
	rc = vasprintf(&w->argv[w->n], fmt, ap);
	va_end(ap);
	if (rc < 0)
		diag_oom();
	w->n++;
}

/* Words that have no blanks in them. */
static void words(struct transcode_words *w, const char *list)
{
	while (*list) {
		size_t n = strcspn(list, " ");

		word(w, "%.*s", (int)n, list);
		list += n + (list[n] == ' ');
	}
}

static void put_source(struct transcode_words *w, const struct transcode_task *x)
{
	words(w, "-protocol_whitelist file,pipe -format_whitelist " DEMUXERS " -i");
	word(w, "file:%s", x->in);
}

static void put_probe(struct transcode_words *w, const struct transcode_task *x)
{
	words(w, "ffprobe -v error -hide_banner -print_format json -show_entries");
	word(w, "format=duration:stream=codec_type,codec_name,width,height,channels,has_b_frames:"
		"stream_side_data=rotation:stream_disposition=attached_pic");
	put_source(w, x);
}

static void put_film(struct transcode_words *w, const struct transcode_task *x)
{
	words(w, "-map 0:v:0 -map 0:a:0? -c:v libx264 -profile:v baseline -pix_fmt yuv420p -fpsmax 30");
	words(w, x->width > 640 || x->height > 640 || !x->width ? "-level 3.1" : "-level 3.0");
	if (x->width && x->height) {
		word(w, "-vf");
		word(w, "scale=w='min(%u,iw)':h='min(%u,ih)':force_original_aspect_ratio=decrease:force_divisible_by=2",
		     x->width, x->height);
	}
	word(w, "-b:v");
	word(w, "%u", x->video_rate);
	word(w, "-maxrate");
	word(w, "%u", x->video_rate + x->video_rate / 8);
	word(w, "-bufsize");
	word(w, "%u", x->video_rate * 2);
}

static void put_make(struct transcode_words *w, const struct transcode_task *x, const struct form *f)
{
	if (f->video)
		put_film(w, x);
	else
		words(w, "-vn -map 0:a:0");
	word(w, "-c:a");
	word(w, "%s", f->audio);
	word(w, "-b:a");
	word(w, "%u", x->audio_rate);
	words(w, x->mono || x->audio_rate < 48000 ? "-ac 1" : "-ac 2");
	if (strcmp(f->audio, "libopus") == 0)
		words(w, "-ar 48000 -application voip");
	else if (x->audio_rate < 48000)
		words(w, "-ar 22050");
	else
		words(w, "-ar 44100");
}

static void put_ffmpeg(struct transcode_words *w, const struct transcode_task *x)
{
	const struct form *f = form_of(x->mime);

	words(w, "ffmpeg -nostdin -hide_banner -loglevel error -y");
	put_source(w, x);
	/* Neither where it was recorded nor with what. */
	words(w, "-sn -dn -map_metadata -1 -map_chapters -1 -fflags +bitexact -flags:v +bitexact -flags:a +bitexact");
	if (x->what == TRANSCODE_MAKE)
		put_make(w, x, f);
	else if (strncmp(f->mime, "video/", 6) == 0)
		words(w, "-map 0:v:0 -map 0:a:0? -c copy");
	else
		words(w, "-vn -map 0:a:0 -c copy");
	if (strcmp(f->muxer, "mp4") == 0 || strcmp(f->muxer, "ipod") == 0 || strcmp(f->muxer, "mov") == 0)
		words(w, "-movflags +faststart");
	words(w, "-threads 1 -f");
	word(w, "%s", f->muxer);
	word(w, "file:%s", x->out);
}

void transcode_words(struct transcode_words *w, const struct transcode_task *x)
{
	*w = (struct transcode_words){ .n = 0 };
	word(w, "%s", transcode_guard_name);
	word(w, "%llu", (unsigned long long)x->bytes);
	if (x->what == TRANSCODE_PROBE)
		put_probe(w, x);
	else
		put_ffmpeg(w, x);
}

void transcode_words_free(struct transcode_words *w)
{
	while (w->n > 0)
		free(w->argv[--w->n]);
}

static void copy_name(char to[24], struct str name)
{
	snprintf(to, 24, "%.*s", (int)(name.n > 23 ? 23 : name.n), name.p ? name.p : "");
}

static uint32_t pixels(const struct json *stream, const char *key)
{
	int64_t v = 0;

	json_i64(json_get(stream, key), &v);
	return v > 0 && v < 100000 ? (uint32_t)v : 0;
}

/* A film that was taken with the telephone held upright is stored on its side. */
static bool turned(const struct json *stream)
{
	for (struct json_iter it = json_iter(json_get(stream, "side_data_list")); json_next(&it);) {
		int64_t degrees;

		if (json_i64(json_get(it.value, "rotation"), &degrees) == 0 && degrees % 180 != 0)
			return true;
	}
	return false;
}

static void read_film(const struct json *stream, struct transcode_facts *f)
{
	int64_t v = 0;

	/* The picture on a record's sleeve is no film. */
	json_i64(json_get(json_get(stream, "disposition"), "attached_pic"), &v);
	if (v || f->films++ > 0)
		return;
	copy_name(f->video, json_get_str(stream, "codec_name"));
	f->width = pixels(stream, turned(stream) ? "height" : "width");
	f->height = pixels(stream, turned(stream) ? "width" : "height");
	f->ahead = json_i64(json_get(stream, "has_b_frames"), &v) == 0 && v > 0;
}

static void read_sound(const struct json *stream, struct transcode_facts *f)
{
	if (f->sounds++ > 0)
		return;
	copy_name(f->audio, json_get_str(stream, "codec_name"));
	f->channels = pixels(stream, "channels");
}

int transcode_facts_read(struct str text, struct transcode_facts *facts, struct err *e)
{
	struct arena *a = arena_new();
	const struct json *root = json_parse(text, a, e);
	struct str duration = json_get_str(json_get(root, "format"), "duration");
	char number[32] = "";

	*facts = (struct transcode_facts){ .duration = -1 };
	for (struct json_iter it = json_iter(json_get(root, "streams")); json_next(&it);) {
		struct str type = json_get_str(it.value, "codec_type");

		if (str_eq(type, STR("video")))
			read_film(it.value, facts);
		else if (str_eq(type, STR("audio")))
			read_sound(it.value, facts);
	}
	if (duration.n > 0 && duration.n < sizeof(number)) {
		memcpy(number, duration.p, duration.n);
		facts->duration = strtod(number, NULL);
		if (!(facts->duration >= 0 && facts->duration < 1e7))
			facts->duration = -1;
	}
	arena_free(a);
	if (facts->films || facts->sounds)
		return 0;
	return err_set(e, FAULT_DATA, "media-malformed", "neither sound nor film in it");
}
