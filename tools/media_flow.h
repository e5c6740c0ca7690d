/* SPDX-License-Identifier: MIT */
/* Jobs that are done in any order and leave in the order of their flow: that of their conversation. */
#ifndef OMNI_MEDIA_FLOW_H
#define OMNI_MEDIA_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"

struct flows;

/* The first member of a job. */
struct flow_job {
	bool done;    /* it may leave when it is the first */
	uint64_t key; /* of its flow; set by flows_add */
	struct flow_job *next;
};

/* Returns owned. */
struct flows *flows_new(void);

/* Release ${l}, not the jobs; NULL is legal. */
void flows_free(struct flows *l);

/* True if a job is in the flow of ${conversation}; none is in that of {NULL, 0}. */
bool flows_has(const struct flows *l, struct str conversation);

/* Put ${j} at the end of the flow of ${conversation}; {NULL, 0}: into one of its own. */
void flows_add(struct flows *l, struct str conversation, struct flow_job *j);

/* Take out the first job of the flow ${key} if it is done, or NULL. */
struct flow_job *flows_next(struct flows *l, uint64_t key);

/* Take out any first job, done or not, or NULL if there is none. */
struct flow_job *flows_any(struct flows *l);

#endif
