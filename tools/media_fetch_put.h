/* SPDX-License-Identifier: MIT */
/* A message whose media are fetched, and what becomes of its record. */
#ifndef OMNI_MEDIA_FETCH_PUT_H
#define OMNI_MEDIA_FETCH_PUT_H

#include "media_fetch.h"
#include "media_flow.h"
#include "sniff.h"
#include "stage.h"

enum { MEDIA_DIRS_MAX = 32 };

/* A message whose media are on their way, or a record that waits behind one of its conversation. */
struct job {
	struct flow_job flow; /* first */
	struct arena *arena;
	struct rec record;
	struct media_item *items;
	unsigned n, left;
	struct job *chain; /* of those whose media are there, or that were given up */
};

struct media {
	struct carriers *carriers;
	struct objects *store;
	struct media_fetch *fetch;
	struct sniff *sniff;
	struct media_rules rules;
	const char *files[MEDIA_DIRS_MAX + 1], *trust[MEDIA_DIRS_MAX + 1];
	struct flows *flows;
	struct job *grave;
	uint64_t held;
	bool dry;
	bool strict; /* a message that came in with a file that can not be had is rejected */
	struct buf text;
};

/* True if ${media} of ${r} is to be fetched; something that the carrier has got already is for omni-deliver to name. */
bool job_wants(const struct rec *r, const struct json *media);

/* Find the types of what has come for ${j}; what was there before keeps the type that it got then. */
void job_find_types(struct media *m, struct job *j);

/* The worst of what keeps ${j} from going on: a permanent fault before one that may pass; or NULL. */
struct err *job_fault(const struct media *m, struct job *j);

/* Put ${j}, which has no such fault, with what is known of its media. */
void job_put(struct media *m, struct job *j, struct out *o);

#endif
