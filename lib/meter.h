/* SPDX-License-Identifier: MIT */
/*
 * What a program has done so far: counted, and shown as a summary line, a progress bar or
 * Prometheus text.
 */
#ifndef OMNI_METER_H
#define OMNI_METER_H

#include "bytes.h"
#include "err.h"

enum { METER_CLASSES = 4 }; /* data denied duplicate temp, in the order of enum fault */

struct counts {
	uint64_t in, out; /* records */
	uint64_t bytes_in, bytes_out;
	uint64_t rejects[METER_CLASSES];
};

/* What went through one stage; between two in one process there are records but no bytes. */
struct meter_stage {
	const char *name; /* "route" */
	struct counts counts;
};

struct meter {
	const char *name;           /* for the bar: "route" */
	struct meter_stage *stages; /* in their order; borrowed */
	unsigned n_stages;
	const char *metrics;           /* file to keep current, or NULL */
	bool progress;                 /* show a bar on standard error */
	uint64_t consumed, total;      /* of the input, in bytes as stored; total 0: unknown */
	int64_t began, drawn, written; /* clock_mono */
	bool dirty;                    /* counts have changed since they were written */
	bool failed;                   /* the last time they could not be */
};

void meter_init(struct meter *m, struct meter_stage *stages, unsigned n);

/* Count a reject of the class of ${fault} in ${c}. */
void counts_reject(struct counts *c, enum fault fault);
uint64_t counts_rejects(const struct counts *c);
void counts_add(struct counts *sum, const struct counts *c);

/**
 * meter_tick(m):
 * Redraw the bar and rewrite the metrics file if it is time to.  Return the milliseconds until it
 * should be called again, -1 if nothing is due.  A file that can not be written is warned about the
 * first time, and tried again.
 */
int meter_tick(struct meter *m);

/**
 * meter_end(m):
 * Take the bar away and write the metrics a last time.  Return 0, or -1 if they can not be written,
 * which has been warned about.
 */
int meter_end(struct meter *m);

/*
 * One line a stage, for people: "1200 records in, 1190 out, 10 rejected (9 denied, 1 data), 1.2 s, 1000/s".
 */
void meter_show(const struct meter *m);

#endif
