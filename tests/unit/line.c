/* SPDX-License-Identifier: MIT */
#include "line.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "limit.h"
#include "unit.h"

static char path[] = "/tmp/omni-unit-XXXXXX";
static char missing[] = "/no/such/file";

/* ${text} ${times} times over as the file ${path}. */
static void file_of(struct str text, size_t times)
{
	int fd;

	memcpy(path + strlen(path) - 6, "XXXXXX", 6);
	fd = mkstemp(path);
	for (size_t i = 0; i < times; i++)
		CHECK(write(fd, text.p, text.n) == (ssize_t)text.n);
	close(fd);
}

static void lines_are_given_whole_with_their_numbers(void)
{
	char *files[] = { path, missing, path };
	struct lines *l = lines_new(files, 3);
	struct block b = { 0 };
	struct err e;

	file_of(STR("one\ntwo\n\nfour"), 1);
	CHECK(lines_next(l, &b, &e) == LINES_BLOCK && b.first && b.lineno == 1 && !b.too_long);
	CHECK_STR(((struct str){ b.p, b.n }), "one\ntwo\n\n");
	CHECK(lines_next(l, &b, &e) == LINES_BLOCK && !b.first && b.lineno == 4);
	CHECK_STR(((struct str){ b.p, b.n }), "four");
	CHECK(lines_next(l, &b, &e) == LINES_ERROR && e.fault == FAULT_IO && strstr(e.text, missing));
	CHECK(lines_next(l, &b, &e) == LINES_BLOCK && b.first && b.lineno == 1 && b.file == path);
	CHECK(lines_next(l, &b, &e) == LINES_BLOCK);
	CHECK(lines_next(l, &b, &e) == LINES_END && lines_next(l, &b, &e) == LINES_END);
	CHECK(lines_consumed(l) == 26 && lines_total(l) == 0);
	block_free(&b);
	lines_free(l);
	unlink(path);
}

static void blocks_are_bounded_and_lose_nothing(void)
{
	char *files[] = { path };
	struct lines *l;
	struct block b = { 0 };
	struct err e;
	size_t bytes = 0;
	uint64_t lineno = 1;

	file_of(STR("0123456789abcdef\n"), 100000);
	l = lines_new(files, 1);
	CHECK(lines_total(l) == 1700000);
	while (lines_next(l, &b, &e) == LINES_BLOCK) {
		CHECK(b.n % 17 == 0 && b.n <= 2 * BLOCK_BYTES && b.lineno == lineno);
		bytes += b.n;
		lineno += b.n / 17;
	}
	CHECK(bytes == 1700000 && lines_consumed(l) == bytes);
	block_free(&b);
	lines_free(l);
	unlink(path);
}

static void a_line_that_is_too_long_is_given_by_its_start(void)
{
	char *files[] = { path };
	struct lines *l;
	struct block b = { 0 };
	struct err e;
	int fd;

	file_of(STR("0123456789abcdef"), 200000);
	fd = open(path, O_WRONLY | O_APPEND);
	CHECK(write(fd, "\nnext\n", 6) == 6);
	close(fd);
	l = lines_new(files, 1);
	CHECK(lines_next(l, &b, &e) == LINES_BLOCK && b.too_long == 3200000 && b.n == LINE_KEPT &&
	      b.lineno == 1);
	CHECK(memcmp(b.p, "0123456789abcdef", 16) == 0);
	CHECK(lines_next(l, &b, &e) == LINES_BLOCK && b.too_long == 0 && b.lineno == 2);
	CHECK_STR(((struct str){ b.p, b.n }), "next\n");
	CHECK(lines_next(l, &b, &e) == LINES_END);
	block_free(&b);
	lines_free(l);
	unlink(path);
}

static void what_has_been_begun_is_ended_after_a_stop(void)
{
	char name[64], *files[] = { name };
	struct lines *l = lines_new(files, 1);
	struct block b = { 0 };
	struct err e;
	int fds[2];

	CHECK(pipe(fds) == 0);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fds[0]);
	CHECK(lines_next(l, &b, &e) == LINES_WAIT && lines_timeout(l) == -1);
	CHECK(write(fds[1], "one\ntw", 6) == 6);
	CHECK(lines_next(l, &b, &e) == LINES_BLOCK && b.n == 4);
	lines_stop(l);
	CHECK(lines_next(l, &b, &e) == LINES_WAIT && lines_timeout(l) > 0 && lines_timeout(l) <= 2000);
	CHECK(write(fds[1], "o\nthree\n", 8) == 8);
	CHECK(lines_next(l, &b, &e) == LINES_BLOCK);
	CHECK_STR(((struct str){ b.p, b.n }), "two\n");
	CHECK(lines_next(l, &b, &e) == LINES_END);
	close(fds[0]);
	close(fds[1]);
	block_free(&b);
	lines_free(l);
}

UNIT_MAIN(UNIT(lines_are_given_whole_with_their_numbers), UNIT(blocks_are_bounded_and_lose_nothing),
	  UNIT(a_line_that_is_too_long_is_given_by_its_start),
	  UNIT(what_has_been_begun_is_ended_after_a_stop))
