/* SPDX-License-Identifier: MIT */
#include "archive_reindex.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "crypto.h"
#include "limit.h"

const char *archive_index_path(const char *path, struct arena *a)
{
	return arena_fmt(a, "%.*s.idx", (int)(strlen(path) - strlen(ARCHIVE_SUFFIX)), path).p;
}

int archive_digest(const char *path, unsigned char out[32], struct err *e)
{
	struct hasher *h = hasher_new(HASH_SHA256);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct buf b = { .max = BLOCK_BYTES };
	char *p = buf_grow(&b, BLOCK_BYTES);
	unsigned char digest[HASH_MAX];
	ssize_t n = -1;

	while (fd >= 0 && ((n = read(fd, p, BLOCK_BYTES)) > 0 || (n < 0 && errno == EINTR)))
		if (n > 0)
			hasher_add(h, (struct str){ p, (size_t)n });
	if (n < 0)
		err_set(e, FAULT_IO, "input", "%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	hasher_end(h, digest);
	memcpy(out, digest, 32);
	hasher_free(h);
	buf_free(&b);
	return n < 0 ? -1 : 0;
}

static void note_lines(struct archive_index *x, struct archive_frame *f, int64_t hour,
		       struct str text, struct arena *arena)
{
	int64_t before = hour;
	struct err e;

	while (text.n > 0) {
		struct str line = str_sub(text, 0, str_find(text, '\n'));

		archive_note(x, f, &before, line, json_parse(line, arena, &e));
		arena_reset(arena);
		text = str_sub(text, line.n + 1, SIZE_MAX);
	}
}

int archive_reindex(struct archive_segment *s, const struct archive_names *names,
		    struct archive_index *x, struct err *e)
{
	char name[ARCHIVE_NAME_MAX];
	struct arena *arena = arena_new();
	struct buf text = { .max = ARCHIVE_FRAME_MAX };
	const struct archive_frame *frames;
	int64_t hour = 0;
	size_t n;
	int bad = 0;

	*x = (struct archive_index){ .names = *names };
	x->sum = (struct archive_sum){ .bytes = archive_segment_size(s), .t0 = INT64_MAX, .t1 = INT64_MIN };
	archive_path_name(name, archive_segment_path(s));
	(void)archive_name_read(str_c(name), NULL, &hour, NULL);
	frames = archive_segment_frames(s, &n);
	for (size_t i = 0; i < n && bad >= 0; i++) {
		struct archive_frame f = { .offset = frames[i].offset,
					   .bytes = frames[i].bytes,
					   .t0 = INT64_MAX,
					   .t1 = INT64_MIN };

		if (archive_segment_read(s, i, &text, e) == 0)
			note_lines(x, &f, hour, buf_get(&text), arena);
		else
			bad = e->fault == FAULT_DATA ? bad + 1 : -1;
		if (f.lines == 0) {
			f.t0 = f.t1 = hour;
			f.raw = frames[i].raw;
		}
		archive_note_frame(x, &f);
	}
	if (x->n_frames == 0)
		x->sum.t0 = x->sum.t1 = hour;
	if (bad >= 0 && archive_digest(archive_segment_path(s), x->sum.sha256, e) < 0)
		bad = -1;
	buf_free(&text);
	arena_free(arena);
	return bad;
}
