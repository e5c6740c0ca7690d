/* SPDX-License-Identifier: MIT */
#include "sniff_wire.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena.h"
#include "cell.h"
#include "clock.h"
#include "diag.h"
#include "image_head.h"
#include "limit.h"

#define OOXML "application/vnd.openxmlformats-officedocument"

const char sniff_worker_name[] = "omni-media-sniff";

enum {
	OTHERS_MAX = 200
}; /* types that are not in our table: more than anybody sends, fewer than hurt */

struct sniff {
	struct cell cell;
	struct arena *arena;
	const struct media_type *others[OTHERS_MAX];
	size_t n_others;
};

struct sniff *sniff_new(void)
{
	struct sniff *s = calloc(1, sizeof(*s));

	if (!s)
		diag_oom();
	s->arena = arena_new();
	return s;
}

void sniff_free(struct sniff *s)
{
	if (!s)
		return;
	if (s->cell.pid)
		cell_end(&s->cell);
	arena_free(s->arena);
	free(s);
}

/* ---- what libmagic does not know, or calls by another name ---- */

/*
 * By what stands where.  Images are not here: lib/image_head.h decides what they are, as what it takes is what a
 * decoder gets.
 */
static const struct {
	size_t at;
	const char *sign, *mime;
} signs[] = {
	/* The wide band is a format of its own; libmagic knows one AMR. */
	{ 0, "#!AMR-WB\n", "audio/amr-wb" },
	/* Without the rest of a file in which libmagic finds who wrote it. */
	{ 0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/msword" },
};

/* Names of libmagic for what others call so; it has changed some of them between versions. */
static const char *const names[][2] = {
	{ "application/cdfv2", "application/msword" },
	{ OOXML, "application/zip" },
	{ "application/x-empty", "application/octet-stream" },
	{ "application/x-ole-storage", "application/msword" },
	{ "application/x-zip-compressed", "application/zip" },
	{ "audio/vnd.wave", "audio/wav" },
	{ "audio/x-flac", "audio/flac" },
	{ "audio/x-hx-aac-adif", "audio/aac" },
	{ "audio/x-hx-aac-adts", "audio/aac" },
	{ "audio/x-m4a", "audio/mp4" },
	{ "audio/x-wav", "audio/wav" },
	{ "image/x-ms-bmp", "image/bmp" },
	{ "text/rtf", "application/rtf" },
	{ "text/x-vcard", "text/vcard" },
	{ "video/x-m4v", "video/mp4" },
	{ "video/x-msvideo", "video/avi" },
};

static const struct media_type *known(const char *mime)
{
	return media_type_named(str_c(mime));
}

static const struct media_type *by_sign(struct str start)
{
	for (size_t i = 0; i < LEN(signs); i++) {
		struct str sign = str_c(signs[i].sign);

		if (str_eq(str_sub(start, signs[i].at, sign.n), sign))
			return known(signs[i].mime);
	}
	return NULL;
}

/* True if ${s} begins with what <smil …> begins with, behind a declaration of XML; libmagic says HTML. */
static bool is_smil(struct str s)
{
	s = str_sub(s, 0, 1024);
	if (str_prefix(s, STR("\xef\xbb\xbf")))
		s = str_sub(s, 3, s.n);
	s = str_trim(s);
	return str_prefix(s, STR("<smil")) ||
	       (str_prefix(s, STR("<?xml")) && str_search(s, STR("<smil")) < s.n);
}

/* True if nothing in ${s}, perhaps cut in a character, is for other eyes than a reader's. */
static bool readable(struct str s)
{
	s = str_utf8_cut(s, s.n < 4 ? s.n : s.n - 4);
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 && !memchr("\t\n\r\f\x1b", s.p[i], 5))
			return false;
	return s.n > 0 && str_utf8(s);
}

/* A type that is not in our table: by what the words in front of the slash say. */
static const struct media_type *other(struct sniff *s, struct str mime)
{
	struct media_type *t;
	size_t slash = str_find(mime, '/');

	for (size_t i = 0; i < s->n_others; i++)
		if (str_eq(str_c(s->others[i]->mime), mime))
			return s->others[i];
	if (slash == 0 || slash + 1 >= mime.n || s->n_others == OTHERS_MAX)
		return known("application/octet-stream");
	t = arena_calloc(s->arena, 1, sizeof(*t));
	*t = (struct media_type){ arena_cstr(s->arena, mime), "bin", MEDIA_DOCUMENT };
	if (str_prefix(mime, STR("image/")))
		t->kind = MEDIA_IMAGE;
	else if (str_prefix(mime, STR("audio/")))
		t->kind = MEDIA_AUDIO;
	else if (str_prefix(mime, STR("video/")))
		t->kind = MEDIA_VIDEO;
	s->others[s->n_others++] = t;
	return t;
}

/* ${word} in lower case, of the letters that such names have; {NULL, 0} if it is none. */
static struct str clean(struct str word, char out[SNIFF_WORD])
{
	if (word.n >= SNIFF_WORD)
		return STR_NONE;
	for (size_t i = 0; i < word.n; i++) {
		char c = word.p[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && !memchr("/.+-", c, 4))
			return STR_NONE;
		out[i] = c;
	}
	return (struct str){ out, word.n };
}

const struct media_type *sniff_judge(struct sniff *s, struct str start, struct str word)
{
	enum image_format image = image_format_of(start);
	const struct media_type *t = by_sign(start);
	char room[SNIFF_WORD];

	if (image != IMAGE_NONE)
		return known(image_mime(image));
	word = clean(word, room);
	for (size_t i = 0; i < LEN(names); i++)
		if (str_eq(word, str_c(names[i][0])))
			word = str_c(names[i][1]);
	/* A folder called "word" does for libmagic. */
	if (str_prefix(word, STR(OOXML)) && str_search(start, STR("[Content_Types].xml")) == start.n)
		word = STR("application/zip");
	if (is_smil(start))
		return known("application/smil");
	/* What libmagic takes for an image of these is none that begins as one. */
	if (image_format_named(word) != IMAGE_NONE)
		return known("application/octet-stream");
	if (t && (t->kind != MEDIA_DOCUMENT || str_eq(word, STR("application/octet-stream"))))
		return t;
	t = media_type_named(word);
	/* Some programs write lines in front of it: readers look for it in the first kilobyte. */
	if ((str_prefix(word, STR("text/")) || str_eq(word, STR("application/octet-stream"))) &&
	    str_search(str_sub(start, 0, 1024), STR("%PDF-")) < (start.n < 1024 ? start.n : 1024))
		return known("application/pdf");
	/* Guesses by the words that stand in it: "import" is a letter, too. */
	if (!t && (str_prefix(word, STR("text/")) || readable(start)))
		return known("text/plain");
	return t ? t : other(s, word);
}

/* ---- the process ---- */

/* Return 0 with what it says, or -1 if it did not say it in time, or in another way than it does. */
static int hear(const struct sniff *s, struct sniff_reply *r)
{
	int64_t until = clock_mono() + SNIFF_TIME_MS, left;
	struct pollfd p = { s->cell.socket, POLLIN, 0 };

	while ((left = until - clock_mono()) > 0)
		if (poll(&p, 1, (int)left) > 0)
			break;
	if (left <= 0 || cell_receive(s->cell.socket, r, sizeof(*r), NULL, 0) < 0)
		return -1;
	r->word[sizeof(r->word) - 1] = '\0';
	r->text[sizeof(r->text) - 1] = '\0';
	return 0;
}

static int start(struct sniff *s, struct err *e)
{
	static char locale[] = "LC_ALL=C", arenas[] = "MALLOC_ARENA_MAX=1";
	static char *const env[] = { locale, arenas, NULL };
	struct sniff_reply r;
	int rc = 0;

	if (s->cell.pid)
		return 0;
	if (cell_start(&s->cell, NULL, sniff_worker_name, env, e) < 0)
		return -1;
	if (hear(s, &r) < 0 || !r.hello)
		rc = err_set(e, FAULT_OS, "sniff", "%s ended before it began", sniff_worker_name);
	else if (r.failed)
		rc = err_set(e, r.fault == FAULT_CONFIG ? FAULT_CONFIG : FAULT_OS, "sniff", "%s", r.text);
	if (rc < 0)
		cell_end(&s->cell);
	return rc;
}

static int ended(struct sniff *s, struct err *e)
{
	struct pollfd p = { s->cell.socket, POLLIN, 0 };
	bool late = poll(&p, 1, 0) == 0;
	int status = cell_end(&s->cell);

	if (late)
		return err_set(e, FAULT_DATA, "media-worker-died",
			       "the process that looked what it is was ended after %d seconds",
			       SNIFF_TIME_MS / 1000);
	return err_set(e, FAULT_DATA, "media-worker-died", "the process that looked what it is %s %d",
		       WIFSIGNALED(status) ? "died of signal" : "ended with exit code",
		       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

/* One that has ended since the last file takes nothing: another one is asked. */
static int ask(struct sniff *s, int fd, struct sniff_reply *r, struct err *e)
{
	const struct sniff_request q = { .go = true };
	const struct str packet = { (const char *)&q, sizeof(q) };

	for (int tries = 0; tries < 2; tries++) {
		if (start(s, e) < 0)
			return -1;
		if (cell_send(s->cell.socket, packet, &fd, 1) == 0)
			return hear(s, r) == 0 && !r->hello ? 0 : ended(s, e);
		cell_end(&s->cell);
	}
	return err_set(e, FAULT_OS, "sniff", "%s: %s", sniff_worker_name, strerror(errno));
}

int sniff(struct sniff *s, int fd, const struct media_type **type, struct err *e)
{
	char bytes[SNIFF_START];
	enum image_format image;
	struct sniff_reply r;
	ssize_t n = pread(fd, bytes, sizeof(bytes), 0);

	if (n < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_set(e, FAULT_DATA, "media-unreadable", "%s", strerror(errno));
	/* What a decoder of ours would take needs nobody's word, and most files are such. */
	image = image_format_of((struct str){ bytes, (size_t)n });
	if (n == 0 || image != IMAGE_NONE) {
		*type = known(image_mime(image));
		return 0;
	}
	if (ask(s, fd, &r, e) < 0)
		return -1;
	/* What it can not say it does not know. */
	*type = sniff_judge(s, (struct str){ bytes, (size_t)n },
			    r.failed ? STR("application/octet-stream") : str_c(r.word));
	if (r.last)
		cell_end(&s->cell);
	return 0;
}
