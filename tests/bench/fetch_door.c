/* SPDX-License-Identifier: MIT */
/*
 * Usage: fetch_door URL REQUESTS IN_FLIGHT [BODY_BYTES]
 *
 * The same as fetch_bare, through lib/fetch.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "fetch.h"

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	long n = argc > 3 ? atol(argv[2]) : 0, flight = argc > 3 ? atol(argv[3]) : 0, started,
	     done = 0, bad = 0;
	size_t size = argc > 4 ? strtoul(argv[4], NULL, 10) : 0;
	struct fetch_options o = { .per_host = (unsigned)flight,
				   .total = (unsigned)flight,
				   .ca = getenv("CA") };
	struct fetch_request *x, *all = calloc((size_t)flight, sizeof(*all));
	char *body = calloc(1, size + 1);
	struct err e;
	struct fetch *f;
	double start = now();

	if (n <= 0 || flight <= 0 || !body || !all)
		return 64;
	o.multiplex = o.ca;
	f = fetch_open(&o, &e);
	if (!f)
		return 71;
	memset(body, 'x', size);
	for (started = 0; started < flight && started < n; started++) {
		x = &all[started];
		*x = (struct fetch_request){ .method = size ? "POST" : "GET",
					     .url = str_c(argv[1]),
					     .answer_max = 65536 };
		if (size)
			x->body = (struct str){ body, size };
		fetch_start(f, x);
	}
	while (done < n) {
		while ((x = fetch_done(f))) {
			bad += x->end != FETCH_OK || x->status / 100 != 2;
			done++;
			if (started++ < n)
				fetch_start(f, x);
		}
		if (done < n) {
			struct pollfd p = { .fd = fetch_fd(f), .events = POLLIN };

			poll(&p, 1, -1);
		}
	}
	printf("%.0f\n", (double)n / (now() - start));
	fetch_close(f);
	free(all);
	free(body);
	return bad > 0;
}
