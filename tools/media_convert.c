/* SPDX-License-Identifier: MIT */
#include "media_verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "diag.h"
#include "file.h"
#include "held.h"
#include "limit.h"
#include "media_show.h"
#include "media_work.h"
#include "mime.h"
#include "run.h"
#include "strmap.h"

enum { AHEAD = 2 }; /* sets for each process: one in hand, one that waits for it */

#define ROOM \
	".omni-media-" /* what is being made lies in such a directory inside that of what comes out */

struct convert {
	const char *dir, *sheet;
	int dir_fd, room_fd;
	char room[HELD_NAME];
	const struct media_channel *channel;
	struct media_channels *channels;
	struct media_work *work;
	struct sniff *sniff;
	struct arena *arena;
	struct strmap names; /* of files that were made */
	size_t n;            /* files */
	struct media_part *parts;
	struct media_set *sets;
	char **into; /* what came out, for each part */
	bool *done;  /* for each set */
	size_t n_sets, started, shown;
	bool bad;
	struct buf line;
};

static const struct opt opts[] = {
	{ "for", 0, "CHANNEL", "what it is for: mms, twilio.mms, whatsapp, ...", false },
	{ "output", 'o', "DIR", "where new files go (default .)", false },
	{ "kind", 0, "KIND", "take files for image, sticker, audio, voice, video or document", false },
	{ "together", 0, NULL, "the files are those of one message and share its room", false },
	{ "contact-sheet", 0, "FILE", "draw what went in and what came out into FILE, a PNG", false },
	{ "jobs", 'j', "N", "work on N files at once (default 1)", false },
	{ NULL, 0, NULL, NULL, false },
};

/* A name for what came of ${path} that no other file of this run has got. */
static char *new_name(struct convert *c, const struct media_part *p)
{
	const char *slash = strrchr(p->path, '/');
	struct str base = str_c(slash ? slash + 1 : p->path), name;
	size_t dot = base.n;

	while (dot > 0 && base.p[dot - 1] != '.')
		dot--;
	if (dot > 1)
		base.n = dot - 1;
	name = arena_fmt(c->arena, "%s/%.*s.%s.%s", c->dir, STR_FMT(base), c->channel->name,
			 p->has.type->ending);
	for (unsigned i = 2; strmap_put(&c->names, name, c) != NULL; i++)
		name = arena_fmt(c->arena, "%s/%.*s-%u.%s.%s", c->dir, STR_FMT(base), i,
				 c->channel->name, p->has.type->ending);
	return (char *)(uintptr_t)name.p;
}

/* Give what was made of ${p} its name. */
static int keep(struct convert *c, struct media_part *p, char **into, struct err *e)
{
	char *name = new_name(c, p);

	if (file_replaceable(name, e) < 0)
		return -1;
	if (chmod(p->made, 0644) < 0 || rename(p->made, name) < 0)
		return err_set(e, FAULT_IO, "output", "%s: %s", name, strerror(errno));
	free(p->made);
	p->made = NULL;
	*into = name;
	return 0;
}

static void show(struct convert *c, const struct media_part *p, const char *into)
{
	struct buf *b = &c->line;

	buf_reset(b);
	json_open(b, '{');
	json_add_str(b, "file", str_c(p->path));
	json_add_str(b, "channel", str_c(c->channel->name));
	if (p->failed) {
		media_show_error(b, &p->err);
	} else {
		json_add_str(b, "path", str_c(into ? into : p->path));
		media_show_facts(b, &p->has);
		if (p->quality)
			json_add_i64(b, "quality", p->quality);
		if (p->encodings)
			json_add_i64(b, "encodings", p->encodings);
	}
	if (p->had.size) {
		json_key(b, "from");
		json_open(b, '{');
		media_show_facts(b, &p->had);
		json_close(b, '}');
	}
	json_close(b, '}');
	printf("%.*s\n", (int)b->n, b->p);
	c->bad |= p->failed;
}

/* Lines come in the order of the files. */
static int show_done(struct convert *c, struct err *e)
{
	for (; c->shown < c->n_sets && c->done[c->shown]; c->shown++) {
		struct media_set *s = &c->sets[c->shown];

		for (unsigned i = 0; i < s->n; i++) {
			struct media_part *p = &s->parts[i];
			size_t k = (size_t)(p - c->parts);

			if (p->failed && !fault_class(p->err.fault)) {
				*e = p->err;
				return -1;
			}
			if (p->made && keep(c, p, &c->into[k], e) < 0)
				return -1;
			show(c, p, c->into[k]);
		}
	}
	return 0;
}

static void collect(struct convert *c)
{
	struct media_set *s;

	while ((s = media_work_done(c->work)) != NULL)
		c->done[s - c->sets] = true;
}

static int work(struct convert *c, uint64_t jobs, struct err *e)
{
	while (c->shown < c->n_sets) {
		struct pollfd p = { media_work_fd(c->work), POLLIN, 0 };
		size_t before = c->shown;

		while (c->started < c->n_sets && c->started - c->shown < jobs * AHEAD)
			media_work_start(c->work, &c->sets[c->started++]);
		collect(c);
		if (show_done(c, e) < 0)
			return -1;
		if (c->shown > before && fflush(stdout) != 0)
			return err_set(e, FAULT_IO, "output", "standard output: %s", strerror(errno));
		if (c->shown == before && poll(&p, 1, -1) < 0 && errno != EINTR)
			return err_set(e, FAULT_OS, "poll", "poll: %s", strerror(errno));
	}
	return 0;
}

static int name_channels(const struct media_channels *channels, const char *name, struct err *e)
{
	if (name)
		err_set(e, FAULT_USAGE, "usage", "--for: no channel \"%.60s\"; there are", name);
	else
		err_set(e, FAULT_USAGE, "usage", "--for is missing; there are");
	for (size_t i = 0; media_channels_at(channels, i); i++) {
		size_t n = strlen(e->text);

		snprintf(e->text + n, sizeof(e->text) - n, "%s %s", i ? "," : "",
			 media_channels_at(channels, i)->name);
	}
	return -1;
}

static int read_kind(const struct args *a, enum media_kind *kind, struct err *e)
{
	const char *name = opt_value(a, "kind");

	*kind = MEDIA_KINDS;
	if (!name)
		return 0;
	*kind = media_kind_named(str_c(name));
	if (*kind < MEDIA_KINDS)
		return 0;
	return err_set(e, FAULT_USAGE, "usage",
		       "--kind takes image, sticker, audio, voice, video or document, not \"%.40s\"",
		       name);
}

static int fill(struct convert *c, const struct args *a, struct err *e)
{
	bool together = opt_flag(a, "together");
	enum media_kind kind;

	if (read_kind(a, &kind, e) < 0)
		return -1;
	c->n = (size_t)a->n_operands;
	c->n_sets = together ? 1 : c->n;
	c->parts = arena_calloc(c->arena, c->n, sizeof(*c->parts));
	c->sets = arena_calloc(c->arena, c->n_sets, sizeof(*c->sets));
	c->into = arena_calloc(c->arena, c->n, sizeof(*c->into));
	c->done = arena_calloc(c->arena, c->n_sets, sizeof(*c->done));
	for (size_t i = 0; i < c->n; i++) {
		const struct mime *said = mime_of(str_c(a->operands[i]));

		c->parts[i].path = a->operands[i];
		c->parts[i].declared = said ? str_c(said->type) : STR_NONE;
		c->parts[i].kind = kind;
	}
	for (size_t i = 0; i < c->n_sets; i++)
		c->sets[i] = (struct media_set){ .sniff = c->sniff,
						 .channel = c->channel,
						 .parts = &c->parts[i],
						 .n = together ? (unsigned)c->n : 1 };
	return 0;
}

/* Return where to make files, on the file system of what comes out. */
static const char *open_room(struct convert *c)
{
	c->dir_fd = open(c->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->dir_fd < 0)
		return c->dir; /* then each file that must be made says why it can not, and others pass */
	held_sweep(c->dir_fd, ROOM);
	c->room_fd = held_room(c->dir_fd, ROOM, c->room);
	return c->room_fd < 0 ? c->dir : arena_fmt(c->arena, "%s/%s", c->dir, c->room).p;
}

static void close_room(struct convert *c)
{
	if (c->room_fd >= 0)
		held_room_end(c->dir_fd, c->room, c->room_fd);
	if (c->dir_fd >= 0)
		close(c->dir_fd);
}

static int begin(struct convert *c, const struct setup *s, uint64_t *jobs, struct err *e)
{
	const struct args *a = s->args;
	const char *name = opt_value(a, "for");

	*jobs = 1;
	if (opt_number(a, "jobs", 1, RUN_JOBS_MAX, jobs, e) < 0)
		return -1;
	c->channels = media_channels_open(s->conf, e);
	if (!c->channels)
		return -1;
	c->channel = name ? media_channels_find(c->channels, str_c(name)) : NULL;
	if (!c->channel)
		return name_channels(c->channels, name, e);
	if (a->n_operands == 0)
		return err_set(e, FAULT_USAGE, "usage", "name a file");
	c->dir = opt_value(a, "output") ? opt_value(a, "output") : ".";
	c->sheet = opt_value(a, "contact-sheet");
	if (c->sheet && file_replaceable(c->sheet, e) < 0)
		return -1;
	c->work = media_work_open((unsigned)*jobs, open_room(c), e);
	return c->work ? fill(c, a, e) : -1;
}

static int convert(const struct setup *s, struct err *e)
{
	struct convert c = { .line = { .max = SIZE_MAX },
			     .arena = arena_new(),
			     .sniff = sniff_new(),
			     .dir_fd = -1,
			     .room_fd = -1 };
	uint64_t jobs;
	int rc;

	c.names.arena = c.arena;
	rc = begin(&c, s, &jobs, e);
	if (rc == 0)
		rc = work(&c, jobs, e);
	media_work_close(c.work);
	sniff_free(c.sniff);
	for (size_t i = 0; c.parts && i < c.n; i++)
		media_part_clear(&c.parts[i]);
	close_room(&c);
	if (rc == 0 && c.sheet)
		rc = media_show_sheet(c.sheet, c.parts, c.into, c.n, e);
	media_channels_close(c.channels);
	buf_free(&c.line);
	arena_free(c.arena);
	if (rc < 0)
		return -1;
	return c.bad ? EXIT_REJECTED : EXIT_OK;
}

const struct command command_media_convert = {
	.program = {
		.name = "omni-media convert",
		.purpose = "Make files fit what a channel takes.",
		.operands = "FILE...",
		.example = "omni-media convert --for mms --contact-sheet sheet.png *.jpg",
		.opts = opts,
	},
	.keys = config_keys,
	.run = convert,
};
