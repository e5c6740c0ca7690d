/* SPDX-License-Identifier: MIT */
#include "transcode.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "clock.h"
#include "diag.h"
#include "limit.h"
#include "seal.h"
#include "transcode_words.h"

const char transcode_guard_name[] = "omni-media-ffmpeg";

enum { NOT_FOUND = 127 };

struct worker {
	pid_t pid; /* 0: there is none */
	int exit;  /* readable when it has ended */
	int said;  /* what it prints */
	struct transcode_task *task;
	int64_t until; /* monotonic milliseconds */
	struct buf text;
};

struct list {
	struct transcode_task *first, **last;
};

struct transcode {
	int epoll, timer;
	struct list waiting, done;
	unsigned n;
	struct worker at[];
};

static void append(struct list *l, struct transcode_task *x)
{
	x->next = NULL;
	*l->last = x;
	l->last = &x->next;
}

static struct transcode_task *take(struct list *l)
{
	struct transcode_task *x = l->first;

	if (!x)
		return NULL;
	l->first = x->next;
	if (!l->first)
		l->last = &l->first;
	return x;
}

struct transcode *transcode_open(unsigned n, struct err *e)
{
	struct transcode *t = calloc(1, sizeof(*t) + n * sizeof(*t->at));
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = NULL };

	if (!t)
		diag_oom();
	t->n = n;
	t->waiting.last = &t->waiting.first;
	t->done.last = &t->done.first;
	t->epoll = epoll_create1(EPOLL_CLOEXEC);
	t->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (t->epoll < 0 || t->timer < 0 || epoll_ctl(t->epoll, EPOLL_CTL_ADD, t->timer, &ev) < 0) {
		err_set(e, FAULT_OS, "transcode", "epoll: %s", strerror(errno));
		transcode_close(t);
		return NULL;
	}
	return t;
}

/* Return how it ended, as waitpid(2) has it. */
static int bury(struct worker *c)
{
	int status = 0;

	kill(c->pid, SIGKILL);
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	close(c->exit);
	close(c->said);
	c->pid = 0;
	c->task = NULL;
	return status;
}

void transcode_close(struct transcode *t)
{
	if (!t)
		return;
	for (unsigned i = 0; i < t->n; i++) {
		if (t->at[i].pid)
			bury(&t->at[i]);
		buf_free(&t->at[i].text);
	}
	if (t->epoll >= 0)
		close(t->epoll);
	if (t->timer >= 0)
		close(t->timer);
	free(t);
}

int transcode_fd(const struct transcode *t)
{
	return t->epoll;
}

/*
 * Start ${words}; a probe speaks on its standard output, others on standard error.  PATH is all of the environment that it
 * needs.
 */
static int spawn(struct worker *c, char **words, bool probe, int said, struct err *e)
{
	char path[4096] = "PATH=/usr/local/bin:/usr/bin:/bin", locale[] = "LC_ALL=C";
	char *env[] = { path, locale, NULL };
	const struct child how = { .program = child_self,
				   .argv = words,
				   .env = env,
				   .fds = { -1, probe ? said : -1, probe ? -1 : said },
				   .n = 3 };
	int rc;

	if (getenv("PATH"))
		snprintf(path, sizeof(path), "PATH=%s", getenv("PATH"));
	rc = child_start(&how, &c->pid);
	if (rc == 0)
		return 0;
	c->pid = 0;
	return err_set(e, FAULT_OS, "transcode", "a process for ffmpeg can not be started: %s",
		       strerror(rc));
}

static int watch(const struct transcode *t, struct worker *c, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };

	return epoll_ctl(t->epoll, EPOLL_CTL_ADD, fd, &ev);
}

static int begin(struct transcode *t, struct worker *c, struct transcode_task *x, struct err *e)
{
	struct transcode_words words;
	int pair[2], rc;

	transcode_words(&words, x);
	if (pipe2(pair, O_CLOEXEC) < 0)
		return err_set(e, FAULT_OS, "transcode", "pipe: %s", strerror(errno));
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	rc = spawn(c, words.argv, x->what == TRANSCODE_PROBE, pair[1], e);
	transcode_words_free(&words);
	close(pair[1]);
	if (rc < 0) {
		close(pair[0]);
		return -1;
	}
	c->said = pair[0];
	c->exit = (int)syscall(SYS_pidfd_open, c->pid, 0);
	c->text.max = TRANSCODE_TEXT_MAX;
	buf_reset(&c->text);
	c->task = x;
	c->until = clock_mono() + (x->what == TRANSCODE_PROBE ? TRANSCODE_PROBE_MS : TRANSCODE_MS);
	if (c->exit >= 0 && watch(t, c, c->exit) == 0 && watch(t, c, c->said) == 0)
		return 0;
	bury(c);
	return err_set(e, FAULT_OS, "transcode", "pidfd_open: %s", strerror(errno));
}

static void set_timer(const struct transcode *t)
{
	struct itimerspec when = { 0 };
	int64_t first = INT64_MAX;

	for (unsigned i = 0; i < t->n; i++)
		if (t->at[i].task && t->at[i].until < first)
			first = t->at[i].until;
	if (first < INT64_MAX) {
		when.it_value.tv_sec = first / 1000;
		when.it_value.tv_nsec = first % 1000 * 1000000 + 1;
	}
	timerfd_settime(t->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static void assign(struct transcode *t)
{
	for (unsigned i = 0; i < t->n && t->waiting.first; i++) {
		struct transcode_task *x;

		if (t->at[i].task)
			continue;
		x = take(&t->waiting);
		x->failed = begin(t, &t->at[i], x, &x->err) < 0;
		if (x->failed)
			append(&t->done, x);
	}
	set_timer(t);
}

void transcode_start(struct transcode *t, struct transcode_task *x)
{
	x->failed = false;
	append(&t->waiting, x);
	assign(t);
	if (t->done.first) /* make the descriptor readable: something has failed at once */
		timerfd_settime(t->timer, 0, &(struct itimerspec){ .it_value = { 0, 1 } }, NULL);
}

/* What is beyond the buffer's limit is read and forgotten, so that nobody waits in a full pipe. */
static void listen_to(struct worker *c)
{
	char part[4096];
	ssize_t n;

	while ((n = read(c->said, part, sizeof(part))) > 0)
		buf_add(&c->text, part, (size_t)n);
}

/* The last line that ffmpeg printed: what went wrong in the end. */
static struct str last_words(const struct buf *text)
{
	struct str s = str_trim(buf_get(text));
	size_t from = s.n;

	while (from > 0 && s.p[from - 1] != '\n')
		from--;
	s = str_sub(s, from, 200);
	return str_utf8(s) ? s : STR_NONE;
}

/* What ends because there is no room is no fault of the file. */
static bool no_room(const struct worker *c)
{
	static const int codes[] = { ENOSPC, EDQUOT };
	struct str said = buf_get(&c->text);

	for (size_t i = 0; i < LEN(codes); i++)
		if (str_search(said, str_c(strerror(codes[i]))) < said.n)
			return c->task->what != TRANSCODE_PROBE;
	return false;
}

/* True if it may not write as much as it was asked to by those who started this program. */
static bool is_bounded(const struct transcode_task *x)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < x->bytes;
}

static int judge(const struct worker *c, int status, struct err *e)
{
	struct transcode_task *x = c->task;
	struct str why = x->what == TRANSCODE_PROBE ? STR_NONE : last_words(&c->text);

	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_FOUND)
		return err_set(e, FAULT_DATA, "media-unsupported",
			       "sound and film need ffmpeg, which is not installed");
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_OS)
		return err_set(e, FAULT_OS, "transcode", "%.*s", STR_FMT(why));
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ && is_bounded(x))
		return err_set(e, FAULT_IO, "media-write", "ffmpeg: %s", strerror(EFBIG));
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ)
		return err_set(e, FAULT_DATA, "media-too-large",
			       "more than %llu bytes would have been written",
			       (unsigned long long)x->bytes);
	if (WIFSIGNALED(status))
		return err_set(e, FAULT_DATA, "media-worker-died",
			       "ffmpeg, which had it in hand, died of signal %d (%s)",
			       WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status) != 0 && no_room(c))
		return err_set(e, FAULT_IO, "media-write", "%.*s", STR_FMT(why));
	if (WEXITSTATUS(status) != 0)
		return err_set(e, FAULT_DATA, "media-malformed", "ffmpeg can not read it%s%.*s",
			       why.n ? ": " : "", STR_FMT(why));
	if (x->what == TRANSCODE_PROBE)
		return transcode_facts_read(buf_get(&c->text), &x->facts, e);
	return 0;
}

static void ended(struct transcode *t, struct worker *c)
{
	struct transcode_task *x = c->task;
	int status = 0;
	pid_t pid = waitpid(c->pid, &status, WNOHANG);

	if (pid == 0)
		return;
	listen_to(c);
	x->failed = judge(c, status, &x->err) < 0;
	close(c->exit);
	close(c->said);
	c->pid = 0;
	c->task = NULL;
	append(&t->done, x);
}

static void kill_late(struct transcode *t)
{
	int64_t now = clock_mono();
	uint64_t ticks;

	(void)!read(t->timer, &ticks, sizeof(ticks));
	for (unsigned i = 0; i < t->n; i++) {
		struct worker *c = &t->at[i];
		struct transcode_task *x = c->task;

		if (!x || c->until > now)
			continue;
		x->failed = true;
		err_set(&x->err, FAULT_DATA, "media-worker-died", "ffmpeg was ended after %d seconds",
			(x->what == TRANSCODE_PROBE ? TRANSCODE_PROBE_MS : TRANSCODE_MS) / 1000);
		bury(c);
		append(&t->done, x);
	}
}

struct transcode_task *transcode_done(struct transcode *t)
{
	struct epoll_event ev[16];
	int n = t->done.first ? 0 : epoll_wait(t->epoll, ev, LEN(ev), 0);

	for (int i = 0; i < n; i++) {
		struct worker *c = ev[i].data.ptr;

		if (!c) {
			kill_late(t);
		} else if (c->task) {
			listen_to(c);
			ended(t, c);
		}
	}
	assign(t);
	return take(&t->done);
}

int transcode_guard(char **argv)
{
	const struct seal_limits limits = { .memory = TRANSCODE_MEMORY_MAX,
					    .seconds = TRANSCODE_MS / 1000,
					    .file = strtoull(argv[1], NULL, 10) };
	struct err e;

	diag_init(transcode_guard_name);
	if (seal_close(3, &e) < 0 || seal_limit(&limits, &e) < 0 || seal_calls(SEAL_OFFLINE, &e) < 0)
		return diag_fail(&e);
	execvp(argv[2], argv + 2);
	_exit(NOT_FOUND); /* without what runs at an exit: little of it is allowed any more */
}
