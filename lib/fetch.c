/* SPDX-License-Identifier: MIT */
#include "fetch_private.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clock.h"
#include "diag.h"
#include "fds.h"

enum {
	PER_HOST = 64,
	TOTAL = 1024,
	SLEEP_MS = 60000,
	SPARE_MAX = 512,
	SPARE_FDS = 512,
	BODY_KEPT = 65536
};

#define STREAMS 1000L /* of one connection at once */

/* ---- the thread ---- */

static void append(struct fetch_slot **first, struct fetch_slot **end, struct fetch_slot *s)
{
	s->link = NULL;
	if (*first)
		(*end)->link = s;
	else
		*first = s;
	*end = s;
}

static void land(struct fetch *f, struct fetch_slot *s)
{
	curl_multi_remove_handle(f->multi, s->easy);
	if (s->fly_prev)
		s->fly_prev->fly_next = s->fly_next;
	else
		f->flying = s->fly_next;
	if (s->fly_next)
		s->fly_next->fly_prev = s->fly_prev;
}

static void finish(struct fetch *f, struct fetch_slot *s, CURLcode code)
{
	land(f, s);
	if (fetch_finish(s, code)) {
		append(&f->out, &f->out_end, s);
		return;
	}
	s->fly_prev = NULL;
	s->fly_next = f->flying;
	if (f->flying)
		f->flying->fly_prev = s;
	f->flying = s;
	curl_multi_add_handle(f->multi, s->easy);
}

/* The inbox has the newest first. */
static void take_in(struct fetch *f)
{
	struct fetch_slot *s = atomic_exchange(&f->inbox, NULL), *list = NULL, *next;

	for (; s; s = next) {
		next = s->link;
		s->link = list;
		list = s;
	}
	for (s = list; s; s = next) {
		next = s->link;
		s->fly_prev = NULL;
		s->fly_next = f->flying;
		if (f->flying)
			f->flying->fly_prev = s;
		f->flying = s;
		if (curl_multi_add_handle(f->multi, s->easy) != CURLM_OK)
			diag_oom();
	}
}

static void end_stopped(struct fetch *f, bool all)
{
	struct fetch_slot *next;

	for (struct fetch_slot *s = f->flying; s; s = next) {
		next = s->fly_next;
		if (all)
			atomic_store(&s->stop, true);
		if (atomic_load(&s->stop))
			finish(f, s, CURLE_ABORTED_BY_CALLBACK);
	}
}

/* Hand over what is done; the descriptor is written to once for all that wait. */
static void hand_over(struct fetch *f)
{
	bool first;

	if (!f->out)
		return;
	pthread_mutex_lock(&f->lock);
	first = !f->done;
	if (first)
		f->done = f->out;
	else
		f->done_end->link = f->out;
	f->done_end = f->out_end;
	pthread_mutex_unlock(&f->lock);
	f->out = NULL;
	if (first)
		eventfd_write(f->fd, 1);
}

/* Wait for sockets, times and fetch_start. */
static void wait_for_more(struct fetch *f)
{
	atomic_store(&f->asleep, true);
	if (!atomic_load(&f->inbox) && !atomic_load(&f->stops) && !atomic_load(&f->quit))
		curl_multi_poll(f->multi, NULL, 0, SLEEP_MS, NULL);
	atomic_store(&f->asleep, false);
}

static void *run(void *own)
{
	struct fetch *f = own;
	CURLMsg *m;
	int n;

	pthread_setname_np(pthread_self(), "fetch"); /* top -H and perf tell them apart */
	while (!atomic_load(&f->quit)) {
		take_in(f);
		if (atomic_exchange(&f->stops, false))
			end_stopped(f, false);
		curl_multi_perform(f->multi, &n);
		while ((m = curl_multi_info_read(f->multi, &n))) {
			struct fetch_slot *s = NULL;

			if (m->msg != CURLMSG_DONE)
				continue;
			curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &s);
			finish(f, s, m->data.result);
		}
		hand_over(f);
		wait_for_more(f);
	}
	take_in(f);
	end_stopped(f, true);
	hand_over(f);
	return NULL;
}

/* ---- the caller's side ---- */

static void wake(struct fetch *f)
{
	if (atomic_exchange(&f->asleep, false))
		curl_multi_wakeup(f->multi);
}

static int start_thread(struct fetch *f)
{
	sigset_t all, old;
	int rc;

	/* Signals are the program's; a broken connection must not end it with SIGPIPE. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&f->thread, NULL, run, f);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return rc;
}

static void release(struct fetch *f)
{
	if (f->multi)
		curl_multi_cleanup(f->multi);
	if (f->fd >= 0)
		close(f->fd);
	pthread_mutex_destroy(&f->lock);
	free(f->agent);
	free(f->ca);
	arena_free(f->arena);
	free(f);
	curl_global_cleanup();
}

static void set_bounds(CURLM *m, const struct fetch_options *o)
{
	long total = (long)(o->total ? o->total : TOTAL);

	(void)fds_provide((size_t)total + SPARE_FDS);
	curl_multi_setopt(m, CURLMOPT_MAX_HOST_CONNECTIONS, (long)(o->per_host ? o->per_host : PER_HOST));
	curl_multi_setopt(m, CURLMOPT_MAX_TOTAL_CONNECTIONS, total);
	curl_multi_setopt(m, CURLMOPT_MAXCONNECTS, total);
	/* What servers allow is kept to; curl's own bound of 100 would be one of all services alike. */
	curl_multi_setopt(m, CURLMOPT_MAX_CONCURRENT_STREAMS, STREAMS);
	curl_multi_setopt(m, CURLMOPT_PIPELINING, o->multiplex ? CURLPIPE_MULTIPLEX : CURLPIPE_NOTHING);
}

struct fetch *fetch_open(const struct fetch_options *o, struct err *e)
{
	struct fetch *f;
	int rc;

	if (o->ca && access(o->ca, R_OK) < 0) {
		err_set(e, FAULT_CONFIG, "config", "certificates to trust: %s: %s", o->ca,
			strerror(errno));
		return NULL;
	}
	f = calloc(1, sizeof(*f));
	if (!f)
		diag_oom();
	curl_global_init(CURL_GLOBAL_DEFAULT);
	pthread_mutex_init(&f->lock, NULL);
	f->options = *o;
	f->arena = arena_new();
	f->agent = str_dup(str_c(o->agent ? o->agent : "omni/" OMNI_VERSION));
	f->ca = o->ca ? str_dup(str_c(o->ca)) : NULL;
	f->multi = curl_multi_init();
	f->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!f->multi)
		diag_oom();
	set_bounds(f->multi, o);
	fetch_set_ours(f);
	f->proxied = fetch_proxied();
	if (o->public_only)
		fetch_reach_init(f);
	rc = f->fd < 0 ? errno : start_thread(f);
	if (rc == 0)
		return f;
	err_set(e, FAULT_OS, "thread", "starting the thread that sends requests: %s", strerror(rc));
	release(f);
	return NULL;
}

static void slot_unlink(struct fetch *f, struct fetch_slot *s)
{
	if (s->prev)
		s->prev->next = s->next;
	else
		f->slots = s->next;
	if (s->next)
		s->next->prev = s->prev;
}

static void slot_link(struct fetch *f, struct fetch_slot *s)
{
	s->prev = NULL;
	s->next = f->slots;
	if (f->slots)
		f->slots->prev = s;
	f->slots = s;
}

static void slot_free(struct fetch_slot *s)
{
	fetch_drop(s);
	curl_easy_cleanup(s->easy);
	curl_url_cleanup(s->aim);
	buf_free(&s->target);
	arena_free(s->arena);
	buf_free(&s->body);
	buf_free(&s->head);
	free(s);
}

void fetch_close(struct fetch *f)
{
	if (!f)
		return;
	atomic_store(&f->quit, true);
	curl_multi_wakeup(f->multi);
	pthread_join(f->thread, NULL);
	for (struct fetch_slot *s; (s = f->slots) != NULL;) {
		slot_unlink(f, s);
		slot_free(s);
	}
	for (struct fetch_slot *s; (s = f->spare) != NULL;) {
		f->spare = s->next;
		slot_free(s);
	}
	release(f);
}

/* The one that was given back last: it is still in the processor's cache. */
static struct fetch_slot *slot_take(struct fetch *f)
{
	struct fetch_slot *s = f->spare;

	if (s) {
		f->spare = s->next;
		f->n_spare--;
		slot_link(f, s);
		return s;
	}
	s = calloc(1, sizeof(*s));
	if (!s)
		diag_oom();
	s->fetch = f;
	s->arena = arena_new();
	s->head.max = REQUEST_HEAD_MAX;
	s->target.max = SIZE_MAX;
	slot_link(f, s);
	return s;
}

static void slot_give(struct fetch *f, struct fetch_slot *s)
{
	slot_unlink(f, s);
	if (f->n_spare == SPARE_MAX) {
		slot_free(s);
		return;
	}
	fetch_drop(s);
	s->request = NULL;
	if (s->body.cap > BODY_KEPT)
		buf_free(&s->body);
	s->next = f->spare;
	f->spare = s;
	f->n_spare++;
}

static void begin_anew(struct fetch_slot *s, struct fetch_request *x)
{
	fetch_drop(s);
	s->request = x;
	buf_reset(&s->body);
	buf_reset(&s->head);
	s->body.max = x->answer_max;
	atomic_store(&s->stop, false);
	s->started_us = clock_mono_us();
	s->first_us = 0;
	s->hops = 0;
	s->taken = 0;
	s->elsewhere = s->lost = s->large = s->refused_by_taker = false;
	fetch_rule_begin(x);
}

void fetch_start(struct fetch *f, struct fetch_request *x)
{
	struct fetch_slot *s;

	if (!x->slot)
		x->slot = slot_take(f);
	s = x->slot;
	begin_anew(s, x);
	if (fetch_prepare(s) < 0) {
		bool first;

		pthread_mutex_lock(&f->lock);
		first = !f->done;
		append(&f->done, &f->done_end, s);
		pthread_mutex_unlock(&f->lock);
		if (first)
			eventfd_write(f->fd, 1);
		return;
	}
	s->link = atomic_load(&f->inbox);
	while (!atomic_compare_exchange_weak(&f->inbox, &s->link, s))
		;
	wake(f);
}

int fetch_fd(const struct fetch *f)
{
	return f->fd;
}

struct fetch_request *fetch_done(struct fetch *f)
{
	struct fetch_slot *s;

	if (!f->taken) {
		eventfd_t n;

		pthread_mutex_lock(&f->lock);
		f->taken = f->done;
		f->done = f->done_end = NULL;
		if (!f->taken)
			(void)!eventfd_read(f->fd, &n);
		pthread_mutex_unlock(&f->lock);
	}
	s = f->taken;
	if (!s)
		return NULL;
	f->taken = s->link;
	return s->request;
}

void fetch_stop(struct fetch *f, struct fetch_request *x)
{
	if (!x->slot)
		return;
	atomic_store(&x->slot->stop, true);
	atomic_store(&f->stops, true);
	wake(f);
}

void fetch_free(struct fetch *f, struct fetch_request *x)
{
	if (x->slot)
		slot_give(f, x->slot);
	x->slot = NULL;
}
