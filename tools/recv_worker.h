/* SPDX-License-Identifier: MIT */
/* What one thread of the service does with requests: routes, records, answers, counts. */
#ifndef OMNI_RECV_WORKER_H
#define OMNI_RECV_WORKER_H

#include <stdatomic.h>

#include "handover.h"
#include "recv.h"
#include "serve.h"

enum {
	WORKER_CARRIERS = 32, /* that are counted by name */
	WORKER_STATUSES = 16,
};

/* What all workers have in common. */
struct service {
	struct serve *serve;
	struct handover *handover;
	struct cidr *trusted;
	unsigned n_trusted;
	bool trust_unix, verify;
	int access_log; /* descriptor, or -1 */
	atomic_int log_errors;
	atomic_bool troubled; /* the hand-over refuses or is blocked */
	atomic_bool gone;     /* it refuses for ever */
	struct worker **workers;
	unsigned n_workers;
	int64_t began;
};

/*
 * The configuration as one worker has it: keys made ready for HMAC are not shared between threads.
 */
struct worker_conf {
	struct conf *conf;
	struct carriers *carriers;
};

struct carrier_count {
	char name[64];
	atomic_ullong records;
};

struct worker {
	struct service *service;
	struct worker_conf *own;
	struct recv_setup setup;
	struct ticket *first, *last; /* requests whose records wait to be taken */
	size_t n_waiting, waiting_bytes;
	struct handover_item **items; /* room for them while they are put */
	size_t n_items;
	struct buf log;
	atomic_ullong statuses[WORKER_STATUSES];
	atomic_ullong denied, record_bytes, waiting;
	struct carrier_count carriers[WORKER_CARRIERS];
};

/*
 * Read the configuration ${path} with the secrets that the service needs.  Return owned, or NULL
 * with FAULT_CONFIG.
 */
struct worker_conf *worker_conf_load(const struct service *s, const char *path, struct err *e);
void worker_conf_free(struct worker_conf *c);

/* A worker with ${conf}, which it takes.  ${base} is what --url says. */
struct worker *worker_new(struct service *s, struct worker_conf *conf, struct str base);
void worker_free(struct worker *w);

/* The handler; its context is a worker, what is posted a worker_conf. */
extern const struct serve_handler worker_handler;

/* Append all counts, in the text format of Prometheus. */
void worker_metrics(struct buf *b, const struct service *s);

/* The number of records that were taken. */
uint64_t worker_records(const struct service *s);

#endif
