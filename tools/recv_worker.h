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
	atomic_bool troubled;     /* the hand-over refuses or is blocked */
	atomic_llong troubled_at; /* when it last did, clock_mono */
	atomic_bool gone;         /* it refuses for ever */
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
	unsigned index; /* of its thread */
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

/* Begin a turn of the worker ${owner}: for a hand-over. */
void worker_wake(void *owner);

/* False if records were refused a short time ago, and none was taken since. */
bool worker_well(const struct service *s);

/* The handler; its context is a worker, what is posted a worker_conf. */
extern const struct serve_handler worker_handler;

void worker_count_status(struct worker *w, int status);
void worker_count_record(struct worker *w, struct str carrier, size_t bytes);

/* Append all counts, in the text format of Prometheus. */
void worker_metrics(struct buf *b, const struct service *s);

/* The number of records that were taken. */
uint64_t worker_records(const struct service *s);

#endif
