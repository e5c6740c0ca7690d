/* SPDX-License-Identifier: MIT */
/* Times, rates and factors of a command line, and a cursor: what was read is written so that it reads the same. */
#include <stdlib.h>
#include <unistd.h>

#include "replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_times(struct str s)
{
	static const struct opt opt = { "from", 0, "TIME", "", false };
	struct args a = { .table = { &opt }, .n = 1 };
	char text[64];
	double v;
	int64_t ms;
	struct err e;

	if (s.n < sizeof(text)) {
		memcpy(text, s.p, s.n);
		text[s.n] = '\0';
		a.value[0] = text;
		(void)opt_time(&a, "from", 1768381200000, &ms, &e);
	}
	if (tempo_rate(s, &v) == 0 && !(v > 0))
		abort();
	if (tempo_speed(s, &v) == 0 && !(v >= 0))
		abort();
}

static void check_cursor(struct str s)
{
	struct cursor c = { .fd = -1 }, again = { .fd = -1 };
	char path[] = "/tmp/fuzz-cursor-XXXXXX";
	struct err e;

	if (cursor_parse(&c, s, &e) < 0)
		return;
	c.fd = mkstemp(path);
	if (c.fd < 0 || unlink(path) < 0)
		abort();
	if (cursor_write(&c, &e) == 0) {
		char bytes[2048];
		ssize_t n = pread(c.fd, bytes, sizeof(bytes), 0);

		if (n <= 0 || cursor_parse(&again, (struct str){ bytes, (size_t)n }, &e) < 0 ||
		    again.given != c.given || again.done != c.done ||
		    strcmp(again.spot.pos.segment, c.spot.pos.segment) != 0 ||
		    again.spot.pos.line != c.spot.pos.line)
			abort();
	}
	cursor_close(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = { (const char *)data, size };

	check_times(s);
	check_cursor(s);
	return 0;
}
