/* SPDX-License-Identifier: MIT */
#include "replay_ahead.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "diag.h"

enum { SLOTS = 4 }; /* one in each hand, and two for when a frame takes longer than the last */

struct slot {
	struct archive_block block;
	struct buf text; /* its own copy of the block's */
	int rc;
	struct err e;
};

/* The thread fills at `put`, the reader uses `take - 1` and waits for `take`. */
struct ahead {
	struct archive *archive;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct slot slots[SLOTS];
	uint64_t put, take;
	bool used; /* the reader holds the slot before `take` */
	bool closing;
};

static bool last(const struct slot *s)
{
	return s->rc == 0 || (s->rc < 0 && s->e.fault != FAULT_DATA);
}

static void fill(struct ahead *a, struct slot *s)
{
	s->rc = archive_next(a->archive, &s->block, &s->e);
	buf_reset(&s->text);
	if (s->rc > 0)
		buf_str(&s->text, s->block.text);
	s->block.text = buf_get(&s->text);
}

static void *run(void *arg)
{
	struct ahead *a = arg;
	struct slot *s;

	pthread_mutex_lock(&a->lock);
	do {
		while (a->put - a->take + a->used == SLOTS && !a->closing)
			pthread_cond_wait(&a->changed, &a->lock);
		if (a->closing)
			break;
		s = &a->slots[a->put % SLOTS];
		pthread_mutex_unlock(&a->lock);
		fill(a, s);
		pthread_mutex_lock(&a->lock);
		a->put++;
		pthread_cond_signal(&a->changed);
	} while (!last(s));
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

struct ahead *ahead_new(struct archive *archive, struct err *e)
{
	struct ahead *a = calloc(1, sizeof(*a));
	sigset_t all, old;
	int bad;

	if (!a)
		diag_oom();
	a->archive = archive;
	for (int i = 0; i < SLOTS; i++)
		a->slots[i].text.max = SIZE_MAX; /* a frame, which is bounded */
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->changed, NULL);
	sigfillset(&all); /* signals are the program's */
	pthread_sigmask(SIG_SETMASK, &all, &old);
	bad = pthread_create(&a->thread, NULL, run, a);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (!bad)
		return a;
	err_set(e, FAULT_OS, "threads", "thread: %s", strerror(bad));
	archive_close(archive);
	free(a);
	return NULL;
}

void ahead_free(struct ahead *a)
{
	if (!a)
		return;
	pthread_mutex_lock(&a->lock);
	a->closing = true;
	pthread_cond_signal(&a->changed);
	pthread_mutex_unlock(&a->lock);
	pthread_join(a->thread, NULL);
	for (int i = 0; i < SLOTS; i++)
		buf_free(&a->slots[i].text);
	pthread_cond_destroy(&a->changed);
	pthread_mutex_destroy(&a->lock);
	archive_close(a->archive);
	free(a);
}

int ahead_next(struct ahead *a, struct archive_block *b, struct err *e)
{
	struct slot *s;

	pthread_mutex_lock(&a->lock);
	a->used = false; /* what the call before gave */
	pthread_cond_signal(&a->changed);
	while (a->put == a->take)
		pthread_cond_wait(&a->changed, &a->lock);
	s = &a->slots[a->take % SLOTS];
	if (!last(s)) { /* the end stays where it is, for every further call */
		a->take++;
		a->used = true;
	}
	pthread_mutex_unlock(&a->lock);
	*b = s->block;
	if (s->rc < 0)
		*e = s->e;
	return s->rc;
}
