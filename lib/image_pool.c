/* SPDX-License-Identifier: MIT */
#include "image_pool.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cell.h"
#include "clock.h"
#include "diag.h"
#include "image_wire.h"
#include "limit.h"

static const char worker[] = "omni-media-image";

struct process {
	struct cell cell;
	bool ready;              /* it has said hello */
	struct image_task *task; /* that it has in hand, or NULL */
	int64_t until;           /* monotonic milliseconds: when it is killed */
};

struct list {
	struct image_task *first, **last;
};

struct image_pool {
	int epoll, timer;
	char *program;
	struct list waiting, done;
	unsigned n;
	struct process at[];
};

static void append(struct list *l, struct image_task *t)
{
	t->next = NULL;
	*l->last = t;
	l->last = &t->next;
}

static struct image_task *take(struct list *l)
{
	struct image_task *t = l->first;

	if (!t)
		return NULL;
	l->first = t->next;
	if (!l->first)
		l->last = &l->first;
	return t;
}

struct image_pool *image_pool_open(unsigned n, struct err *e)
{
	struct image_pool *p = calloc(1, sizeof(*p) + n * sizeof(*p->at));
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = NULL };

	if (!p)
		diag_oom();
	p->n = n;
	p->waiting.last = &p->waiting.first;
	p->done.last = &p->done.first;
	p->epoll = epoll_create1(EPOLL_CLOEXEC);
	p->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	p->program = cell_program(worker, e);
	if (!p->program) {
		image_pool_close(p);
		return NULL;
	}
	if (p->epoll < 0 || p->timer < 0 || epoll_ctl(p->epoll, EPOLL_CTL_ADD, p->timer, &ev) < 0) {
		err_set(e, FAULT_OS, "image-pool", "epoll: %s", strerror(errno));
		image_pool_close(p);
		return NULL;
	}
	return p;
}

/* Return how it ended, as waitpid(2) has it. */
static int bury(struct process *w)
{
	int status = cell_end(&w->cell);

	*w = (struct process){ .ready = false };
	return status;
}

void image_pool_close(struct image_pool *p)
{
	if (!p)
		return;
	for (unsigned i = 0; i < p->n; i++)
		if (p->at[i].cell.pid)
			bury(&p->at[i]);
	if (p->epoll >= 0)
		close(p->epoll);
	if (p->timer >= 0)
		close(p->timer);
	free(p->program);
	free(p);
}

int image_pool_fd(const struct image_pool *p)
{
	return p->epoll;
}

static int hire(struct image_pool *p, struct process *w, struct err *e)
{
	/* More arenas cost memory and bring nothing; there is no disk to spill large pictures to. */
	static char arenas[] = "MALLOC_ARENA_MAX=2", spill[] = "VIPS_DISC_THRESHOLD=1000g";
	static char locale[] = "LC_ALL=C";
	static char *const env[] = { arenas, spill, locale, NULL };
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = w };

	*w = (struct process){ .ready = false };
	if (cell_start(&w->cell, p->program, worker, env, e) < 0)
		return -1;
	epoll_ctl(p->epoll, EPOLL_CTL_ADD, w->cell.socket, &ev);
	return 0;
}

static int hand_over(const struct process *w, const struct image_task *t)
{
	const struct image_request q = { t->what, t->width, t->height, t->recipe };
	const int fds[2] = { t->in, t->out };

	return cell_send(w->cell.socket, (struct str){ (const char *)&q, sizeof(q) }, fds, 2);
}

static void set_timer(const struct image_pool *p)
{
	struct itimerspec t = { 0 };
	int64_t first = INT64_MAX;

	for (unsigned i = 0; i < p->n; i++)
		if (p->at[i].task && p->at[i].until < first)
			first = p->at[i].until;
	if (first < INT64_MAX) {
		t.it_value.tv_sec = first / 1000;
		t.it_value.tv_nsec = first % 1000 * 1000000 + 1;
	}
	timerfd_settime(p->timer, TFD_TIMER_ABSTIME, &t, NULL);
}

static void failed(struct image_pool *p, struct image_task *t, const struct err *e)
{
	t->failed = true;
	t->err = *e;
	append(&p->done, t);
}

/* Give what waits to those that have nothing to do. */
static void assign(struct image_pool *p)
{
	bool given = false;

	for (unsigned i = 0; i < p->n && p->waiting.first; i++) {
		struct process *w = &p->at[i];
		struct err e;

		if (w->task)
			continue;
		if (!w->cell.pid && hire(p, w, &e) < 0) {
			failed(p, take(&p->waiting), &e);
			continue;
		}
		/* One that has just ended takes nothing: its end of the socket tells so, and another one is started. */
		if (hand_over(w, p->waiting.first) < 0)
			continue;
		w->task = take(&p->waiting);
		w->until = clock_mono() + IMAGE_TIME_MS;
		given = true;
	}
	if (given)
		set_timer(p);
}

void image_pool_start(struct image_pool *p, struct image_task *t)
{
	t->failed = false;
	append(&p->waiting, t);
	assign(p);
	if (p->done.first) /* make the descriptor readable: something has failed at once */
		timerfd_settime(p->timer, 0, &(struct itimerspec){ .it_value = { 0, 1 } }, NULL);
}

/* A process that reads hostile bytes may say anything: what it says is taken for nothing but text and numbers. */
static void believe(struct image_task *t, struct image_reply *r)
{
	static const char *const codes[] = { "image-malformed", "image-unknown", "image-too-large",
					     "media-too-large", "media-read",    "media-write" };
	const char *code = "image-malformed";
	struct stat st;

	t->made = r->made;
	t->failed = r->failed;
	if (!r->failed && (unsigned)r->made.format < IMAGE_FORMATS && fstat(t->out, &st) == 0 &&
	    (uint64_t)st.st_size == r->made.bytes)
		return;
	t->failed = true;
	r->code[sizeof(r->code) - 1] = '\0';
	r->text[sizeof(r->text) - 1] = '\0';
	for (size_t i = 0; i < LEN(codes); i++)
		if (strcmp(r->code, codes[i]) == 0)
			code = codes[i];
	err_set(&t->err, r->fault == FAULT_OS || r->fault == FAULT_IO ? r->fault : FAULT_DATA, code, "%s",
		r->failed && str_utf8(str_c(r->text)) ? r->text : "its size is not what was said of it");
}

static void died(struct image_pool *p, struct process *w, bool late)
{
	struct image_task *t = w->task;
	bool ready = w->ready;
	int status = bury(w);
	struct err e;

	if (!t)
		return;
	if (late)
		err_set(&e, FAULT_DATA, "media-worker-died",
			"the process that had it in hand was ended after %d seconds",
			IMAGE_TIME_MS / 1000);
	else if (!ready)
		err_set(&e, FAULT_OS, "image-pool", "a process for images ended before it began, %s %d",
			WIFSIGNALED(status) ? "by signal" : "with exit code",
			WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ)
		err_set(&e, FAULT_IO, "media-write", "writing the picture: %s", strerror(EFBIG));
	else if (WIFSIGNALED(status))
		err_set(&e, FAULT_DATA, "media-worker-died",
			"the process that had it in hand died of signal %d (%s)", WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	else
		err_set(&e, FAULT_DATA, "media-worker-died",
			"the process that had it in hand ended with exit code %d", WEXITSTATUS(status));
	failed(p, t, &e);
}

/* Its program may have been replaced since this one was started. */
static bool stranger(const struct process *w, const struct image_reply *r, ssize_t n)
{
	return !w->ready && n >= (ssize_t)sizeof(r->version) &&
	       strncmp(r->version, OMNI_VERSION, sizeof(r->version)) != 0;
}

static void unfit(struct image_pool *p, struct process *w, const char *why)
{
	struct image_task *t = w->task;
	struct err e;

	err_set(&e, FAULT_OS, "image-pool", "a process for images can not begin: %s", why);
	bury(w);
	if (t)
		failed(p, t, &e);
}

static void heard(struct image_pool *p, struct process *w)
{
	struct image_reply r;
	struct image_task *t = w->task;
	struct iovec iov = { &r, sizeof(r) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n = recvmsg(w->cell.socket, &m, MSG_DONTWAIT);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (stranger(w, &r, n)) {
		unfit(p, w, "its program is of another version; start this one again");
		return;
	}
	if (n != sizeof(r) || (!r.hello && !t)) {
		died(p, w, false);
		return;
	}
	if (r.hello && r.failed) {
		r.text[sizeof(r.text) - 1] = '\0';
		unfit(p, w, r.text);
		return;
	}
	w->ready = true;
	if (r.hello)
		return;
	w->task = NULL;
	if (r.last)
		bury(w);
	believe(t, &r);
	append(&p->done, t);
}

static void kill_late(struct image_pool *p)
{
	int64_t now = clock_mono();
	uint64_t ticks;

	(void)!read(p->timer, &ticks, sizeof(ticks));
	for (unsigned i = 0; i < p->n; i++)
		if (p->at[i].task && p->at[i].until <= now) {
			kill(p->at[i].cell.pid, SIGKILL);
			died(p, &p->at[i], true);
		}
	set_timer(p);
}

struct image_task *image_pool_done(struct image_pool *p)
{
	struct epoll_event ev[16];
	int n = p->done.first ? 0 : epoll_wait(p->epoll, ev, LEN(ev), 0);

	for (int i = 0; i < n; i++) {
		if (ev[i].data.ptr)
			heard(p, ev[i].data.ptr);
		else
			kill_late(p);
	}
	assign(p);
	return take(&p->done);
}
