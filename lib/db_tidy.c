/* SPDX-License-Identifier: MIT */
#include "db_tidy.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "diag.h"

enum {
	PAGES_FIRST = 1000, /* so long is the log when moving it begins: as SQLite has it */
	PAGES_REST = 128, /* what a commit moves itself, so that the log can begin anew: about a millisecond */
	PAGES_MAX = 16000, /* of a log that grows faster than it is moved: then commits wait for it */
};

struct tidy_state {
	int pages; /* of the log at the last commit */
	int moved; /* of them */
	bool busy, ending;
	bool held; /* a commit moves the log itself: the thread keeps away */
};

struct db_tidy {
	struct db *db, *own;
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t work, idle;
	struct tidy_state now;
};

static bool is_work(const struct tidy_state *s)
{
	return s->pages >= PAGES_FIRST && s->pages - s->moved > PAGES_REST;
}

static void *run(void *arg)
{
	struct db_tidy *t = arg;
	struct err e;
	int moved;

	pthread_mutex_lock(&t->lock);
	while (!t->now.ending) {
		if (t->now.held || !is_work(&t->now)) {
			pthread_cond_wait(&t->work, &t->lock);
			continue;
		}
		t->now.busy = true;
		pthread_mutex_unlock(&t->lock);
		/* What fails here fails in a commit too, which can tell. */
		if (db_checkpoint(t->own, &moved, &e) < 0)
			moved = 0;
		pthread_mutex_lock(&t->lock);
		t->now.busy = false;
		t->now.moved = moved;
		if (moved == 0)
			t->now.pages = 0; /* until the next commit */
		pthread_cond_signal(&t->idle);
	}
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

/* After a commit, with ${pages} in the log. */
static int on_commit(void *arg, int pages, struct err *e)
{
	struct db_tidy *t = arg;
	bool rest;
	int moved = 0, rc;

	pthread_mutex_lock(&t->lock);
	if (pages < t->now.moved) /* it has begun anew */
		t->now.moved = 0;
	t->now.pages = pages;
	rest = pages >= PAGES_MAX ||
	       (!t->now.busy && t->now.moved > 0 && pages - t->now.moved <= PAGES_REST);
	if (!rest && !t->now.busy && is_work(&t->now))
		pthread_cond_signal(&t->work);
	/* Only one can move the log, and one that is too long must not grow while the other does. */
	while (rest && t->now.busy)
		pthread_cond_wait(&t->idle, &t->lock);
	t->now.held = rest;
	pthread_mutex_unlock(&t->lock);
	if (!rest)
		return 0;
	rc = db_checkpoint(t->db, &moved, e);
	pthread_mutex_lock(&t->lock);
	t->now.held = false;
	t->now.moved = moved;
	pthread_mutex_unlock(&t->lock);
	return rc;
}

struct db_tidy *db_tidy_start(struct db *d, struct err *e)
{
	struct db_tidy *t = calloc(1, sizeof(*t));
	sigset_t all, old;
	int rc;

	if (!t)
		diag_oom();
	t->db = d;
	t->own = db_open_again(d, e);
	if (!t->own) {
		free(t);
		return NULL;
	}
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->work, NULL);
	pthread_cond_init(&t->idle, NULL);
	sigfillset(&all); /* signals are for the thread that waits for them */
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&t->thread, NULL, run, t);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc == 0) {
		db_on_commit(d, on_commit, t);
		return t;
	}
	err_set(e, FAULT_OS, "db-tidy", "no thread: %s", strerror(rc));
	db_close(t->own);
	free(t);
	return NULL;
}

void db_tidy_stop(struct db_tidy *t)
{
	if (!t)
		return;
	db_on_commit(t->db, NULL, NULL);
	pthread_mutex_lock(&t->lock);
	t->now.ending = true;
	pthread_cond_signal(&t->work);
	pthread_mutex_unlock(&t->lock);
	pthread_join(t->thread, NULL);
	pthread_cond_destroy(&t->work);
	pthread_cond_destroy(&t->idle);
	pthread_mutex_destroy(&t->lock);
	db_close(t->own);
	free(t);
}
