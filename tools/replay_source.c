/* SPDX-License-Identifier: MIT */
#include "replay.h"

#include <stdlib.h>

#include "archive_verbs.h"
#include "diag.h"
#include "line.h"
#include "replay_ahead.h"

struct source {
	struct ahead *archive; /* NULL: files */
	struct lines *lines;
	struct block block;
	uint64_t file;    /* the operand in hand, from 0 */
	const char *name; /* of the block before */
	struct spot from; /* lines before this one are passed over */
	uint64_t read, total;
	bool stopped;
};

static struct archive *open_archive(const struct args *a, struct archive_range range,
				    const struct spot *spot, struct err *e)
{
	struct archive *archive;

	if (a->n_operands > 0) {
		err_set(e, FAULT_USAGE, "usage",
			"\"%.40s\": an archive is read, and no files besides", a->operands[0]);
		return NULL;
	}
	archive = archive_open(archive_root(a), opt_value(a, "stream"), range, e);
	if (archive && spot && spot->pos.segment[0] && archive_seek(archive, &spot->pos) == 0)
		diag_warn("%s: is no longer there; the replay goes on with what follows it",
			  spot->pos.segment);
	return archive;
}

struct source *source_new(const struct args *a, struct archive_range range, const struct spot *spot,
			  struct err *e)
{
	struct source *s = calloc(1, sizeof(*s));

	if (!s)
		diag_oom();
	if (opt_flag(a, "root") || opt_flag(a, "stream")) {
		struct archive *archive = open_archive(a, range, spot, e);

		if (archive) {
			s->total = archive_size(archive).raw;
			s->archive = ahead_new(archive, e);
		}
		if (s->archive)
			return s;
		free(s);
		return NULL;
	}
	s->lines = lines_new(a->operands, a->n_operands);
	s->total = lines_total(s->lines);
	if (spot)
		s->from = *spot;
	return s;
}

void source_free(struct source *s)
{
	if (!s)
		return;
	ahead_free(s->archive);
	lines_free(s->lines);
	block_free(&s->block);
	free(s);
}

static enum source_state next_of_archive(struct source *s, struct source_block *b, struct err *e)
{
	struct archive_block block;
	int rc = ahead_next(s->archive, &block, e);

	if (rc < 0)
		return e->fault == FAULT_DATA ? SOURCE_DAMAGED : SOURCE_FAILED;
	if (rc == 0)
		return SOURCE_END;
	s->read += block.text.n;
	*b = (struct source_block){ .text = block.text,
				    .name = block.segment,
				    .spot.pos = archive_pos_of(&block, 0),
				    .lineno = block.line + 1,
				    .before = block.before };
	return SOURCE_BLOCK;
}

/* Pass over the lines of ${b} that went in an earlier run.  Return false if none is left. */
static bool skip(const struct source *s, struct source_block *b)
{
	uint64_t line = b->spot.line;

	if (b->spot.file > s->from.file || (b->spot.file == s->from.file && line >= s->from.line))
		return true;
	if (b->spot.file < s->from.file || b->too_long)
		return false;
	while (line < s->from.line && b->text.n > 0) {
		size_t n = str_find(b->text, '\n');

		b->text = str_sub(b->text, n + 1, b->text.n);
		line++;
	}
	b->spot.line = line;
	b->lineno = line + 1;
	return b->text.n > 0;
}

static enum source_state next_of_files(struct source *s, struct source_block *b, struct err *e)
{
	enum lines_state state;

	do {
		state = lines_next(s->lines, &s->block, e);
		if (state == LINES_WAIT)
			return SOURCE_WAIT;
		if (state == LINES_END)
			return SOURCE_END;
		if (state == LINES_ERROR)
			return SOURCE_DAMAGED;
		if (s->block.first && s->name)
			s->file++;
		s->name = s->block.file;
		*b = (struct source_block){ .text = { s->block.p, s->block.n },
					    .name = s->block.file,
					    .lineno = s->block.lineno,
					    .too_long = s->block.too_long,
					    .before = INT64_MIN };
		b->spot.file = s->file;
		b->spot.line = s->block.lineno - 1;
		if (s->block.first && str_prefix(b->text, STR("\xef\xbb\xbf")))
			b->text = str_sub(b->text, 3, b->text.n);
	} while (!skip(s, b));
	return SOURCE_BLOCK;
}

enum source_state source_next(struct source *s, struct source_block *b, struct err *e)
{
	if (!s->archive)
		return next_of_files(s, b, e);
	return s->stopped ? SOURCE_END : next_of_archive(s, b, e);
}

bool source_is_archive(const struct source *s)
{
	return s->archive != NULL;
}

int source_fd(const struct source *s)
{
	return s->lines ? lines_fd(s->lines) : -1;
}

void source_stop(struct source *s)
{
	s->stopped = true;
	if (s->lines)
		lines_stop(s->lines);
}

uint64_t source_consumed(const struct source *s)
{
	return s->lines ? lines_consumed(s->lines) : s->read;
}

uint64_t source_total(const struct source *s)
{
	return s->total;
}
