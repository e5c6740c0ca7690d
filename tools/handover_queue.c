/* SPDX-License-Identifier: MIT */
#include "handover.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "clock.h"
#include "diag.h"
#include "limit.h"

enum {
	REFUSE_MS = 500, /* that a queue which refused is left alone */
	SLOW_MS = 4000,  /* of one commit: behind it no more is let in */
	PATIENCE_NS = 2000000,
};

#define COMMIT_BYTES MIB(8) /* of records in one commit: some milliseconds of disk */

/* A record on its way; who waits for it may be gone before it is there. */
struct node {
	struct node *prev, *next;   /* in the list of those that wait */
	struct handover_item *item; /* NULL: withdrawn */
	void *owner;
	bool under_way;
	enum handover_state state;
	size_t n;
	char line[];
};

struct queued {
	struct handover base; /* first */
	const char *url;
	struct queue_place place;
	void (*wake)(void *owner);
	pthread_t committer;

	/* The committer's. */
	struct queue *queue; /* NULL: to be opened anew */
	struct queue_item items[QUEUE_BATCH];
	struct node *batch[QUEUE_BATCH];

	pthread_mutex_t lock; /* of all that follows, and of the nodes */
	pthread_cond_t work;
	struct node *first, *last;
	size_t n, wanted; /* in that list; so many wake the committer */
	bool ending;
	int64_t began;      /* the commit that is under way; 0: none is */
	int64_t shut_until; /* after a refusal */
	struct err refusal; /* the last one */
};

static struct queued *queued_of(struct handover *h)
{
	return (struct queued *)(void *)h;
}

static void add_last(struct queued *q, struct node *n)
{
	n->prev = q->last;
	*(q->last ? &q->last->next : &q->first) = n;
	q->last = n;
	q->n++;
}

static void take_out(struct queued *q, struct node *n)
{
	*(n->prev ? &n->prev->next : &q->first) = n->next;
	*(n->next ? &n->next->prev : &q->last) = n->prev;
	n->prev = n->next = NULL;
	q->n--;
}

/* ---- the committer ---- */

/* Move into the batch what waits.  Return how many. */
static size_t gather(struct queued *q)
{
	size_t n = 0, bytes = 0;

	while (q->first && n < QUEUE_BATCH && bytes < COMMIT_BYTES) {
		struct node *node = q->first;

		take_out(q, node);
		node->under_way = true;
		bytes += node->n;
		q->items[n] = (struct queue_item){ .line = { node->line, node->n },
						   .priority = QUEUE_PRIORITY };
		q->batch[n++] = node;
	}
	return n;
}

/* Put the batch.  Return 0, or -1 if all of it was refused. */
static int commit(struct queued *q, size_t n, struct err *e)
{
	if (!q->queue)
		q->queue = queue_open(q->url, &q->place, QUEUE_SYNCED, e);
	if (!q->queue)
		return -1;
	if (queue_put(q->queue, q->items, n, clock_now(), e) == 0)
		return 0;
	if (e->fault != FAULT_AWAY) { /* what is wrong with a file may be over when it is opened anew */
		queue_close(q->queue);
		q->queue = NULL;
	}
	return -1;
}

static enum handover_state state_of(enum queue_result r)
{
	switch (r) {
	case QUEUE_OK:
	case QUEUE_DUP:
		return HANDOVER_TAKEN;
	case QUEUE_BIG:
	case QUEUE_BAD:
		return HANDOVER_BIG;
	default:
		return HANDOVER_REFUSED;
	}
}

static void refuse_for_now(struct queued *q, const struct err *e)
{
	q->refusal = *e;
	q->refusal.fault = FAULT_TEMP;
	q->shut_until = clock_mono() + REFUSE_MS;
}

/* The batch is through, with ${e} if all of it was refused. */
static void account(struct queued *q, size_t n, const struct err *e)
{
	struct err why;

	if (e)
		refuse_for_now(q, e);
	for (size_t i = 0; i < n; i++) {
		struct node *node = q->batch[i];

		node->under_way = false;
		node->state = e ? HANDOVER_REFUSED : state_of(q->items[i].result);
		if (!e && node->state == HANDOVER_REFUSED) {
			err_set(&why, FAULT_TEMP, "queue-full", "%s: the queue %s", q->url,
				q->items[i].result == QUEUE_FULL ? "is full" : "can not take records now");
			refuse_for_now(q, &why);
		}
	}
}

/* Tell whom it concerns, each one once; those who are gone have left their nodes behind. */
static void tell(struct queued *q, size_t n)
{
	void *told = NULL;

	for (size_t i = 0; i < n; i++) {
		struct node *node = q->batch[i];

		if (!node->item) {
			free(node);
			continue;
		}
		if (node->owner != told)
			q->wake(node->owner);
		told = node->owner;
	}
}

static int64_t nanoseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/*
 * Wait for work, and then for ${target} records, but no longer than ${patience}.  Who was just
 * answered often has the next request at once: to wait for those as long as a commit takes makes one
 * of what would be two.  A lone client is never waited for, as it was alone in the last one too.
 */
static void wait_for_work(struct queued *q, size_t target, int64_t patience)
{
	struct timespec until;
	int64_t at;

	q->wanted = 1;
	while (q->n == 0 && !q->ending)
		pthread_cond_wait(&q->work, &q->lock);
	at = nanoseconds() + (patience < PATIENCE_NS ? patience : PATIENCE_NS);
	until = (struct timespec){ at / 1000000000, at % 1000000000 };
	q->wanted = target;
	while (q->n < target && !q->ending &&
	       pthread_cond_clockwait(&q->work, &q->lock, CLOCK_MONOTONIC, &until) == 0)
		;
}

static void *run(void *arg)
{
	struct queued *q = arg;
	int64_t began, took = 0;
	size_t n = 0;
	struct err e;
	int rc;

	pthread_mutex_lock(&q->lock);
	for (;;) {
		wait_for_work(q, n + q->n, took);
		n = gather(q);
		if (n == 0)
			break;
		q->began = clock_mono();
		pthread_mutex_unlock(&q->lock);
		began = nanoseconds();
		rc = commit(q, n, &e);
		took = nanoseconds() - began;
		pthread_mutex_lock(&q->lock);
		q->began = 0;
		account(q, n, rc < 0 ? &e : NULL);
		tell(q, n);
	}
	pthread_mutex_unlock(&q->lock);
	return NULL;
}

/* ---- the hand-over ---- */

static void add(struct queued *q, struct handover_item *item)
{
	size_t n = item->text.n - 1; /* a queue has no line ends */
	struct node *node = malloc(sizeof(*node) + n);

	if (!node)
		diag_oom();
	*node = (struct node){ .item = item, .owner = item->owner, .n = n };
	memcpy(node->line, item->text.p, n);
	item->own = node;
	add_last(q, node);
}

static bool is_shut(const struct queued *q)
{
	int64_t now = clock_mono();

	return now < q->shut_until || (q->began && now - q->began > SLOW_MS);
}

static int queued_put(struct handover *h, struct handover_item *const *items, size_t n, struct err *e)
{
	struct queued *q = queued_of(h);
	bool refused = false, added = false;

	pthread_mutex_lock(&q->lock);
	for (size_t i = 0; i < n; i++) {
		struct handover_item *item = items[i];
		struct node *node = item->own;

		if (item->state != HANDOVER_WAITS)
			continue;
		if (node && node->state != HANDOVER_WAITS) {
			item->state = node->state;
			item->own = NULL;
			free(node);
		} else if (!node && is_shut(q)) {
			item->state = HANDOVER_REFUSED;
		} else if (!node) {
			add(q, item);
			added = true;
		}
		refused |= item->state == HANDOVER_REFUSED;
	}
	if (refused)
		*e = q->refusal;
	if (added && q->n >= q->wanted)
		pthread_cond_signal(&q->work);
	pthread_mutex_unlock(&q->lock);
	return refused ? -1 : 0;
}

static void queued_withdraw(struct handover *h, struct handover_item *item)
{
	struct queued *q = queued_of(h);
	struct node *node = item->own;

	if (!node)
		return;
	pthread_mutex_lock(&q->lock);
	item->own = NULL;
	node->item = NULL;
	if (!node->under_way) {
		if (node->state == HANDOVER_WAITS)
			take_out(q, node);
		free(node);
	}
	pthread_mutex_unlock(&q->lock);
}

static bool queued_shut(struct handover *h)
{
	struct queued *q = queued_of(h);
	bool shut;

	pthread_mutex_lock(&q->lock);
	shut = is_shut(q);
	pthread_mutex_unlock(&q->lock);
	return shut;
}

static int queued_fd(const struct handover *h)
{
	(void)h;
	return -1;
}

static int queued_close(struct handover *h, int ms, struct err *e)
{
	struct queued *q = queued_of(h);

	(void)ms, (void)e;
	pthread_mutex_lock(&q->lock);
	q->ending = true;
	pthread_cond_signal(&q->work);
	pthread_mutex_unlock(&q->lock);
	pthread_join(q->committer, NULL);
	queue_close(q->queue);
	pthread_cond_destroy(&q->work);
	pthread_mutex_destroy(&q->lock);
	free(q);
	return 0;
}

struct handover *handover_queue(const char *url, const struct queue_place *place,
				void (*wake)(void *owner), struct err *e)
{
	struct queued *q = calloc(1, sizeof(*q));
	sigset_t all, old;
	int rc;

	if (!q)
		diag_oom();
	q->base = (struct handover){ queued_put, queued_withdraw, queued_shut, queued_fd, queued_close };
	q->url = url;
	q->place = *place;
	q->place.steady = true;
	q->wake = wake;
	q->queue = queue_open(url, &q->place, QUEUE_SYNCED, e);
	if (!q->queue && e->fault != FAULT_AWAY)
		goto failed;
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->work, NULL);
	sigfillset(&all); /* signals are for the thread that waits for them */
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&q->committer, NULL, run, q);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc == 0)
		return &q->base;
	err_set(e, FAULT_OS, "handover", "no thread: %s", strerror(rc));
failed:
	queue_close(q->queue);
	free(q);
	return NULL;
}
