/* SPDX-License-Identifier: MIT */
/*
 * Figures that a stage has beside those that every stage has: it counts in a table of its own, which is
 * shown with the summary and the metrics of the program (lib/meter.h).
 */
#ifndef OMNI_FIGURE_H
#define OMNI_FIGURE_H

#include "bytes.h"

struct figure {
	const char *metric; /* "omni_settled_total": a counter; a gauge if it does not end in "_total" */
	const char *label; /* "result=\"done\"", or NULL; those of one metric stand together */
	const char *help;  /* of the metric, one sentence */
	const char *word;  /* for the summary: "12 done"; left out while it is 0 */
	uint64_t value;
};

/* Show the ${n} figures ${list} from now on; borrows them until figure_use(NULL, 0). */
void figure_use(const struct figure *list, size_t n);

/* For people, ", 12 done, 1 dead"; and for Prometheus. */
void figure_show(struct buf *b);
void figure_prometheus(struct buf *b);

/* The same for any ${list}: what a program shows that is no stage. */
void figure_write(struct buf *b, const struct figure *list, size_t n);

#endif
