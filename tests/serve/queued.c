/* SPDX-License-Identifier: MIT */
/*
 * What a queue holds.  usage: queued [-s] URL
 *
 * Takes all that is there, under a lease of a day, and writes the lines; so a second run shows what has come since.
 * With -s it settles them too: they are gone.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "queue.h"

static int settle(struct queue *q, const struct queue_lease *leases, size_t n, struct err *e)
{
	struct queue_verdict *v = calloc(n, sizeof(*v));
	int rc;

	for (size_t i = 0; i < n; i++)
		v[i] = (struct queue_verdict){ .token = leases[i].token, .what = QUEUE_DONE };
	rc = queue_settle(q, v, n, clock_now(), e);
	free(v);
	return rc;
}

static int drain(struct queue *q, bool settled, struct err *e)
{
	static struct queue_lease leases[QUEUE_BATCH];
	size_t n;

	do {
		if (queue_take(q, leases, QUEUE_BATCH, &n, clock_now(), e) < 0)
			return -1;
		for (size_t i = 0; i < n; i++) {
			fwrite(leases[i].line.p, 1, leases[i].line.n, stdout);
			putchar('\n');
		}
		if (settled && n > 0 && settle(q, leases, n, e) < 0)
			return -1;
	} while (n > 0);
	return 0;
}

int main(int argc, char **argv)
{
	bool settled = argc > 2 && strcmp(argv[1], "-s") == 0;
	struct queue_place place = { .lease_ms = 86400000 };
	struct queue *q;
	struct err e;
	int rc = 0;

	if (argc != 2 + settled)
		return 64;
	q = queue_open(argv[argc - 1], &place, 0, &e);
	if (!q || drain(q, settled, &e) < 0)
		rc = fprintf(stderr, "queued: %s\n", e.text) < 0 ? 2 : 1;
	queue_close(q);
	return rc;
}
