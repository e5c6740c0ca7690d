/* SPDX-License-Identifier: MIT */
/* A message whose media are made to fit, and what becomes of its record. */
#ifndef OMNI_MEDIA_FIT_H
#define OMNI_MEDIA_FIT_H

#include "media_flow.h"
#include "media_work.h"
#include "objects.h"
#include "stage.h"

struct fit;

/* A record that waits for its media, or behind one of its conversation. */
struct fitting {
	struct flow_job flow;  /* first */
	struct fitting *chain; /* of those that are done */
	struct fit *fit;
	struct arena *arena;
	struct rec record;
	struct media_set set;
	struct media_part *parts;
	const struct json **media; /* of each part */
	struct str *sha256;        /* likewise */
	bool in; /* it came in: its media are looked at, and nothing keeps it from going on */
	bool failed;
	struct err err;
};

struct fit {
	struct media_channels *channels;
	struct objects *store;
	const char *dir;
	struct arena *arena;
	struct str public_url; /* where objects are served, or {NULL, 0} */
	bool links;            /* what does not fit becomes a link */
	bool wary;             /* a message that came in with something malformed is rejected */
	bool dry;
	struct media_work *work;
	struct sniff *sniff;
	struct flows *flows;
	struct fitting *ready, **ready_end; /* done, and not yet looked at */
	uint64_t held;
	struct buf text;
};

/* The first part that keeps ${j} from going, or NULL. */
const struct err *fitting_fault(const struct fitting *j);

/* Put ${j}, whose set is done and has no such part, as it goes out. */
void fitting_put(struct fitting *j, struct out *o);

/**
 * fitting_plan(j, fault, o):
 * Put what would be done for ${j}, whose set was looked at: a record of kind `plan`.  ${fault}: why nothing would, or NULL.
 */
void fitting_plan(struct fitting *j, const struct err *fault, struct out *o);

#endif
