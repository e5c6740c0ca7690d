/* SPDX-License-Identifier: MIT */
/*
 * A stream of lines that arrives in pieces: however it is cut, each line that is not empty comes
 * out once, in order, as it was or as the reject of that line number.  The first byte says how many
 * bytes of sizes follow; then comes the stream, in which a byte 1 stands for a long row of letters,
 * so that small inputs reach the limits.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "work.h"

enum { LONG = 180000, STREAM_MAX = 6 << 20, PIECE_MAX = 32768 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void *pass_open(const struct setup *s, struct err *e)
{
	static int nothing;

	(void)s;
	(void)e;
	return &nothing;
}

static int pass_step(void *st, const struct rec *r, struct out *o, struct err *e)
{
	(void)st;
	(void)e;
	out_put(o, r);
	return 0;
}

static void pass_close(void *st)
{
	(void)st;
}

static const struct stage pass = {
	.name = "pass", .pure = true, .open = pass_open, .step = pass_step, .close = pass_close
};

static void need(bool held)
{
	if (!held)
		abort();
}

/* Take out of ${out} the line that ${line} has become. */
static void expect(struct str *out, struct str line, uint64_t lineno, struct arena *a)
{
	struct str have = str_sub(*out, 0, str_find(*out, '\n'));
	struct rec r = { .file = "-" };
	struct err e;
	int64_t number;

	need(have.n < out->n);
	*out = str_sub(*out, have.n + 1, out->n);
	if (line.n <= LINE_MAX_BYTES && rec_parse(&r, line, a, &e) == 0) {
		need(str_eq(have, line));
		return;
	}
	need(have.n <= LINE_MAX_BYTES + LINE_GROWTH);
	need(rec_parse(&r, have, a, &e) == 0);
	if (!rec_is(&r, "reject") || !rec_get(&r, "line"))
		need(str_eq(have, line) && line.n <= LINE_MAX_BYTES + LINE_GROWTH); /* one that a stage has grown */
	else
		need(json_i64(rec_get(&r, "line"), &number) == 0 && (uint64_t)number == lineno);
}

static void check(struct str in, struct str out)
{
	struct arena *a = arena_new();

	if (str_prefix(in, STR("\xef\xbb\xbf")))
		in = str_sub(in, 3, in.n);
	for (uint64_t lineno = 1; in.n > 0; lineno++) {
		struct str line = str_sub(in, 0, str_find(in, '\n'));

		in = str_sub(in, line.n + 1, in.n);
		if (str_suffix(line, STR("\r")) && line.n <= LINE_MAX_BYTES)
			line.n--;
		if (line.n > 0)
			expect(&out, line, lineno, a);
		arena_reset(a);
	}
	need(out.n == 0);
	arena_free(a);
}

/* All that ${l} gives now goes through ${w}, its output to ${out}.  False at the end. */
static bool drain(struct lines *l, struct work *w, struct job *j, struct buf *out)
{
	struct err e;

	for (;;) {
		switch (lines_next(l, &j->in, &e)) {
		case LINES_BLOCK:
			work_block(w, j);
			buf_str(out, buf_get(&j->out[0]));
			job_reset(j);
			break;
		case LINES_WAIT:
			return true;
		case LINES_END:
			return false;
		default:
			abort();
		}
	}
}

static void feed(struct str in, struct str sizes, struct buf *out)
{
	char path[64], *files[] = { path, NULL };
	struct err e;
	struct link link = { .stage = &pass };
	struct work *w = work_new(&link, 1, &e);
	struct lines *l;
	struct job j;
	size_t at = 0;
	int fds[2];

	need(pipe(fds) == 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[0]);
	l = lines_new(files, 1);
	job_init(&j, 1, 1);
	for (size_t i = 0; at < in.n; i++) {
		size_t piece = sizes.n ? 1 + in.n * (unsigned char)sizes.p[i % sizes.n] / 1024 :
					 PIECE_MAX;
		struct str s = str_sub(in, at, piece < PIECE_MAX ? piece : PIECE_MAX);

		need(write(fds[1], s.p, s.n) == (ssize_t)s.n);
		at += s.n;
		need(drain(l, w, &j, out));
	}
	close(fds[1]);
	need(!drain(l, w, &j, out));
	close(fds[0]);
	lines_free(l);
	job_free(&j);
	work_free(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str all = { (const char *)data, size }, sizes;
	struct buf in = { .max = STREAM_MAX }, out = { .max = SIZE_MAX };
	char *row;

	sizes = str_sub(all, 1, size ? data[0] % 16 : 0);
	all = str_sub(all, 1 + sizes.n, all.n);
	for (size_t i = 0; i < all.n && !in.over; i++) {
		if (all.p[i] != 1) {
			buf_char(&in, all.p[i]);
		} else if ((row = buf_grow(&in, LONG)) != NULL) {
			memset(row, 'x', LONG);
			in.n += LONG;
		}
	}
	feed(buf_get(&in), sizes, &out);
	check(buf_get(&in), buf_get(&out));
	buf_free(&in);
	buf_free(&out);
	return 0;
}
