/* SPDX-License-Identifier: MIT */
/*
 * Usage: pacing RATE: reads the output of omni-ratelimit, held to RATE a second, and says how long after its time each
 * record came, in microseconds: "p50 p99 max".
 *
 * The time of the nth is that of the first and n intervals.  As none leaves early, that of the first is the latest instant that puts
 * none of them before its time.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { RECORDS = 1000000 };

static int64_t came[RECORDS];

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	int64_t interval, first = INT64_MAX;
	static char block[1 << 16];
	size_t records = 0;
	ssize_t n;

	if (argc != 2 || atoi(argv[1]) < 1)
		return 64;
	interval = 1000000000 / atoi(argv[1]);
	while ((n = read(STDIN_FILENO, block, sizeof(block))) > 0) {
		int64_t at = now();

		for (char *p = block; (p = memchr(p, '\n', (size_t)(block + n - p))) != NULL; p++)
			if (records < RECORDS)
				came[records++] = at;
	}
	if (records == 0)
		return 65;
	for (size_t i = 0; i < records; i++) {
		came[i] -= (int64_t)i * interval;
		first = came[i] < first ? came[i] : first;
	}
	qsort(came, records, sizeof(*came), compare);
	printf("%lld %lld %lld\n", (long long)(came[records / 2] - first) / 1000,
	       (long long)(came[records * 99 / 100] - first) / 1000,
	       (long long)(came[records - 1] - first) / 1000);
	return 0;
}
