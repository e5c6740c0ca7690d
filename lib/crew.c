/* SPDX-License-Identifier: MIT */
#include "crew.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "diag.h"

/*
 * A ring of jobs.  The runner fills at `put` and takes at `take`, in order; threads pick at `pick`.
 * take <= pick <= put, and put - take <= n_jobs.  Only `done` of a job says that it is ready.
 *
 * All jobs before `counted` are done, and `lines` is what came to each link in them.  A thread that
 * must know the number of a line waits until its own job is the next to be counted: the oldest job
 * never waits, so none waits for ever.
 */
struct slot {
	struct job job; /* first: a job is its slot */
	struct crew *crew;
	uint64_t at; /* which job of all */
	bool done;
};

struct member {
	pthread_t thread;
	struct crew *crew;
	struct work *work;
};

struct crew {
	struct member *members;
	unsigned n, n_slots;
	struct slot *slots;
	uint64_t put, pick, take, counted;
	uint64_t *lines;
	bool closing;
	pthread_mutex_t lock;
	pthread_cond_t more, count;
	int event;
};

/* For job.number. */
static void number(struct job *j)
{
	struct slot *s = (struct slot *)j;
	struct crew *c = s->crew;

	pthread_mutex_lock(&c->lock);
	while (c->counted != s->at)
		pthread_cond_wait(&c->count, &c->lock);
	for (unsigned i = 0; i < j->n_links; i++)
		j->at[i].first = c->lines[i];
	pthread_mutex_unlock(&c->lock);
	j->number = NULL;
}

/* A job is done: count it, and those behind it that were done before. */
static void count(struct crew *c)
{
	struct slot *s;

	while (c->counted != c->pick && (s = &c->slots[c->counted % c->n_slots])->done) {
		for (unsigned i = 0; i < s->job.n_links; i++)
			c->lines[i] += s->job.at[i].lines;
		c->counted++;
	}
	pthread_cond_broadcast(&c->count);
}

static void *run(void *arg)
{
	struct member *m = arg;
	struct crew *c = m->crew;

	pthread_mutex_lock(&c->lock);
	for (;;) {
		struct slot *s;

		while (c->pick == c->put && !c->closing)
			pthread_cond_wait(&c->more, &c->lock);
		if (c->closing)
			break;
		s = &c->slots[c->pick % c->n_slots];
		s->at = c->pick++;
		pthread_mutex_unlock(&c->lock);
		work_block(m->work, &s->job);
		pthread_mutex_lock(&c->lock);
		s->done = true;
		count(c);
		if (s == &c->slots[c->take % c->n_slots])
			(void)!write(c->event, &(uint64_t){ 1 }, 8);
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

struct crew *crew_new(struct work *const *works, unsigned n, const struct job *blank, struct err *e)
{
	struct crew *c = calloc(1, sizeof(*c));
	sigset_t all, old;
	int bad = 0;

	if (!c)
		diag_oom();
	c->n_slots = 2 * n + 2; /* each thread has one in hand and one waiting, the runner one at each end */
	c->slots = calloc(c->n_slots, sizeof(*c->slots));
	c->members = calloc(n, sizeof(*c->members));
	c->lines = calloc(blank->n_links, sizeof(*c->lines));
	if (!c->slots || !c->members || !c->lines)
		diag_oom();
	for (unsigned i = 0; i < c->n_slots; i++) {
		job_init(&c->slots[i].job, blank->n_links, blank->n_out);
		c->slots[i].crew = c;
	}
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->more, NULL);
	pthread_cond_init(&c->count, NULL);
	c->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	sigfillset(&all); /* signals are the runner's */
	pthread_sigmask(SIG_SETMASK, &all, &old);
	for (; c->event >= 0 && c->n < n; c->n++) {
		c->members[c->n].crew = c;
		c->members[c->n].work = works[c->n];
		bad = pthread_create(&c->members[c->n].thread, NULL, run, &c->members[c->n]);
		if (bad)
			break;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (c->event < 0 || bad) {
		err_set(e, FAULT_OS, "threads", "thread: %s", strerror(bad ? bad : errno));
		crew_free(c);
		return NULL;
	}
	return c;
}

void crew_free(struct crew *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	c->closing = true;
	pthread_cond_broadcast(&c->more);
	pthread_mutex_unlock(&c->lock);
	for (unsigned i = 0; i < c->n; i++)
		pthread_join(c->members[i].thread, NULL);
	for (unsigned i = 0; i < c->n_slots; i++)
		job_free(&c->slots[i].job);
	if (c->event >= 0)
		close(c->event);
	pthread_cond_destroy(&c->more);
	pthread_cond_destroy(&c->count);
	free(c->lines);
	pthread_mutex_destroy(&c->lock);
	free(c->slots);
	free(c->members);
	free(c);
}

/* put and take are written by the runner's thread alone, so it reads them without the lock. */
struct job *crew_blank(struct crew *c)
{
	struct slot *s = &c->slots[c->put % c->n_slots];

	if (c->put - c->take == c->n_slots)
		return NULL;
	job_reset(&s->job);
	s->job.number = number;
	return &s->job;
}

void crew_put(struct crew *c, struct job *j)
{
	(void)j; /* it is the one at `put`: blanks are given out one at a time */
	pthread_mutex_lock(&c->lock);
	c->slots[c->put % c->n_slots].done = false;
	c->put++;
	pthread_cond_signal(&c->more);
	pthread_mutex_unlock(&c->lock);
}

struct job *crew_done(struct crew *c)
{
	struct slot *s = &c->slots[c->take % c->n_slots];
	uint64_t events;
	bool done;

	pthread_mutex_lock(&c->lock);
	done = c->put != c->take && s->done;
	/*
	 * Older events are forgotten, or an idle runner would not sleep; under the lock, so that
	 * the one to come is not among them.
	 */
	(void)!read(c->event, &events, sizeof(events));
	pthread_mutex_unlock(&c->lock);
	return done ? &s->job : NULL;
}

void crew_back(struct crew *c, struct job *j)
{
	(void)j; /* the one at `take` */
	pthread_mutex_lock(&c->lock);
	c->take++;
	pthread_mutex_unlock(&c->lock);
}

bool crew_idle(const struct crew *c)
{
	return c->put == c->take;
}

int crew_fd(const struct crew *c)
{
	return c->event;
}
