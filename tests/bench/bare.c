/* SPDX-License-Identifier: MIT */
/*
 * The bare loop that a stage is measured against: parse each line of standard input with yyjson and
 * write its bytes out.  As a stage does, it reads and writes blocks of 256 KiB, reads numbers as
 * raw text, and keeps the text (no parsing in place); its memory is one pool.  It has no errors but
 * one, no rejects, no signals.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yyjson.h>

enum { BLOCK = 256 << 10, LINE = 1 << 20, POOL = 16 << 20 };

static char in[LINE + BLOCK], out[LINE + 2 * BLOCK];
static char pool[POOL];

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "bare: %s\n", what);
	exit(1);
}

static void write_out(size_t n)
{
	for (size_t at = 0; at < n;) {
		ssize_t done = write(STDOUT_FILENO, out + at, n - at);

		if (done < 0)
			fail("write failed");
		at += (size_t)done;
	}
}

static void parse(char *line, size_t n)
{
	yyjson_alc alc;
	yyjson_doc *doc;

	yyjson_alc_pool_init(&alc, pool, sizeof(pool));
	doc = yyjson_read_opts(line, n, YYJSON_READ_NUMBER_AS_RAW, &alc, NULL);
	if (!doc)
		fail("not JSON");
	yyjson_doc_free(doc);
}

int main(void)
{
	size_t have = 0, n_out = 0;
	ssize_t got;

	while ((got = read(STDIN_FILENO, in + have, BLOCK)) > 0) {
		char *p = in, *eol;

		have += (size_t)got;
		while ((eol = memchr(p, '\n', have - (size_t)(p - in))) != NULL) {
			size_t n = (size_t)(eol - p) + 1;

			parse(p, n - 1);
			memcpy(out + n_out, p, n);
			n_out += n;
			if (n_out >= BLOCK) {
				write_out(n_out);
				n_out = 0;
			}
			p = eol + 1;
		}
		have -= (size_t)(p - in);
		memmove(in, p, have);
		if (have > LINE)
			fail("a line is too long");
	}
	write_out(n_out);
	return got < 0;
}
