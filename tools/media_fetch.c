/* SPDX-License-Identifier: MIT */
#include "media_fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "clock.h"
#include "diag.h"
#include "hash.h"
#include "media_way.h"

struct media_fetch {
	struct media_rules rules;
	struct objects *store;
	struct fetch *fetch;
	struct media_way *ways;  /* all */
	struct media_way *later; /* those that wait, the soonest first */
	struct media_item *done, *done_end;
	int epoll, timer, ready; /* ready: an eventfd, readable while something is done */
};

/* ---- the list of what is done ---- */

static void put_done(struct media_fetch *m, struct media_item *item)
{
	item->next = NULL;
	if (m->done)
		m->done_end->next = item;
	else
		m->done = item;
	m->done_end = item;
	eventfd_write(m->ready, 1);
}

static void way_free(struct media_fetch *m, struct media_way *w)
{
	struct media_way **p = &m->later;

	while (*p && *p != w)
		p = &(*p)->later;
	if (*p)
		*p = w->later;
	if (w->prev)
		w->prev->next = w->next;
	else
		m->ways = w->next;
	if (w->next)
		w->next->prev = w->prev;
	draft_drop(m->store, w->draft);
	fetch_free(m->fetch, &w->request);
	w->item->way = NULL;
	free(w);
}

/* ---- files of this machine ---- */

/* What ${path} is below the directory ${dir}; {NULL, 0} if it is not. */
static struct str below(struct str path, struct str dir)
{
	while (dir.n > 1 && dir.p[dir.n - 1] == '/')
		dir.n--;
	if (path.n > 0 && path.p[0] != '/')
		return path;
	if (!str_prefix(path, dir) || (dir.n > 1 && path.n > dir.n && path.p[dir.n] != '/'))
		return STR_NONE;
	path = str_sub(path, dir.n, path.n);
	while (path.n > 0 && path.p[0] == '/')
		path = str_sub(path, 1, path.n);
	return path;
}

/* Neither ".." nor a link leads out of ${dir}: the kernel sees to that. */
static int open_below(const char *dir, const char *path)
{
	struct open_how how = { .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
				.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
	int at = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC), fd;

	if (at < 0)
		return -1;
	fd = (int)syscall(SYS_openat2, at, path, &how, sizeof(how));
	close(at);
	return fd;
}

static int open_file(struct media_fetch *m, struct media_item *i)
{
	struct str path = json_get_str(i->media, "path"), rest;
	int fd, why = EACCES;

	for (const char *const *dir = m->rules.files; dir && *dir; dir++) {
		rest = below(path, str_c(*dir));
		if (!rest.n || memchr(rest.p, '\0', rest.n))
			continue;
		fd = open_below(*dir, arena_cstr(i->arena, rest));
		if (fd >= 0)
			return fd;
		why = errno;
	}
	if (why == ENOENT || why == ENOTDIR)
		return err_set(&i->err, FAULT_DATA, "media-gone", "%.*s: no such file", STR_FMT(path));
	return err_set(&i->err, FAULT_DENIED, "media-refused",
		       "%.*s: not a file below a directory of --files", STR_FMT(path));
}

static int copy_file(struct media_fetch *m, struct media_item *i)
{
	int fd = open_file(m, i), rc;
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		rc = err_set(&i->err, FAULT_DENIED, "media-refused", "%.*s: not a file",
			     STR_FMT(json_get_str(i->media, "path")));
	else
		rc = objects_copy(m->store, fd, m->rules.size_max, &i->object, &i->err);
	if (rc > 0)
		rc = err_set(&i->err, FAULT_DATA, "media-too-large",
			     "%.*s: the file is larger than %llu bytes",
			     STR_FMT(json_get_str(i->media, "path")),
			     (unsigned long long)m->rules.size_max);
	close(fd);
	return rc;
}

/* ---- what was announced ---- */

/* Of bytes with another digest than the carrier's nobody knows what they are. */
static bool is_announced(struct media_item *i)
{
	struct str sha256 = json_get_str(i->media, "sha256");

	if (!sha256.n || str_eq(sha256, str_c(i->object.sha256)))
		return true;
	err_set(&i->err, FAULT_DATA, "media-mismatch", "the digest is %s, announced was %.*s",
		i->object.sha256, STR_FMT(sha256));
	return false;
}

/* The path in the record is that of an object of ours, which is there or was. */
static bool is_object(struct media_fetch *m, struct media_item *i)
{
	struct str sha256 = json_get_str(i->media, "sha256");

	return m->store && sha256.n == OBJECT_NAME &&
	       str_eq(objects_path(m->store, sha256, i->arena), json_get_str(i->media, "path"));
}

/* It was brought before: the record comes a second time, or has been through here. */
static bool is_kept(struct media_fetch *m, struct media_item *i)
{
	struct str sha256 = json_get_str(i->media, "sha256");
	int64_t size;

	if (json_i64(json_get(i->media, "size"), &size) < 0 || size < 0 || !is_object(m, i) ||
	    !objects_intact(m->store, sha256, (uint64_t)size))
		return false;
	memcpy(i->object.sha256, sha256.p, OBJECT_NAME);
	i->object.sha256[OBJECT_NAME] = '\0';
	i->object.size = (uint64_t)size;
	return true;
}

/* A file to copy; an object that is gone or damaged is asked for anew where it came from. */
static bool is_file(struct media_fetch *m, struct media_item *i)
{
	return json_get_str(i->media, "path").n &&
	       !(is_object(m, i) && json_get_str(i->media, "url").n);
}

/* ---- requests ---- */

static void set_timer(struct media_fetch *m)
{
	struct itimerspec t = { 0 };
	int64_t wait = m->later ? m->later->due_ms - clock_mono() : 0;

	if (m->later) {
		wait = wait > 0 ? wait : 1;
		t.it_value.tv_sec = wait / 1000;
		t.it_value.tv_nsec = wait % 1000 * 1000000;
	}
	timerfd_settime(m->timer, 0, &t, NULL);
}

static void wait_for(struct media_fetch *m, struct media_way *w)
{
	struct media_way **p = &m->later;

	while (*p && (*p)->due_ms <= w->due_ms)
		p = &(*p)->later;
	w->later = *p;
	*p = w;
	set_timer(m);
}

/* ${other} wanted the same as ${i}. */
static void share(struct media_fetch *m, const struct media_item *i, struct media_item *other)
{
	other->failed = i->failed;
	other->err = i->err;
	other->object = i->object;
	other->declared = arena_str(other->arena, i->declared);
	if (!other->failed)
		other->failed = !is_announced(other);
	put_done(m, other);
}

static void finish(struct media_fetch *m, struct media_way *w)
{
	struct media_item *i = w->item, *other;

	if (!i->failed) {
		objects_keep(m->store, w->draft, &i->object);
		w->draft = NULL;
	}
	while ((other = w->others) != NULL) {
		w->others = other->next;
		share(m, i, other);
	}
	if (!i->failed)
		i->failed = !is_announced(i);
	way_free(m, w);
	put_done(m, i);
}

static void go(struct media_fetch *m, struct media_way *w, enum way_next next)
{
	if (next == WAY_GO)
		fetch_start(m->fetch, &w->request);
	else if (next == WAY_WAIT)
		wait_for(m, w);
	else
		finish(m, w);
}

static uint64_t key_of(const struct media_item *i)
{
	return hash_64(json_get_str(i->media, "url"), hash_64(json_get_str(i->media, "external_id"), 0));
}

/* The way on which the same is asked for as for ${i}, in the name of the same account, or NULL. */
static struct media_way *way_same(const struct media_fetch *m, const struct media_item *i)
{
	uint64_t key = key_of(i);

	for (struct media_way *w = m->ways; w; w = w->next) {
		const struct json *a = w->item->media, *b = i->media;

		if (w->key == key && w->item->carrier == i->carrier && w->item->account == i->account &&
		    str_eq(json_get_str(a, "url"), json_get_str(b, "url")) &&
		    str_eq(json_get_str(a, "external_id"), json_get_str(b, "external_id")))
			return w;
	}
	return NULL;
}

static struct media_way *way_new(struct media_fetch *m, struct media_item *i)
{
	struct media_way *w = calloc(1, sizeof(*w));

	if (!w)
		diag_oom();
	w->item = i;
	w->key = key_of(i);
	w->rules = &m->rules;
	w->store = m->store;
	w->next = m->ways;
	if (m->ways)
		m->ways->prev = w;
	m->ways = w;
	i->way = w;
	return w;
}

void media_fetch_start(struct media_fetch *m, struct media_item *i)
{
	struct media_way *w;

	i->failed = false;
	i->declared = STR_NONE;
	i->way = NULL;
	i->kept = is_kept(m, i);
	if (i->kept) {
		put_done(m, i);
		return;
	}
	if (is_file(m, i)) {
		i->failed = copy_file(m, i) < 0 || !is_announced(i);
		put_done(m, i);
		return;
	}
	w = way_same(m, i);
	if (w) { /* one picture for all whom a campaign is for */
		i->next = w->others;
		w->others = i;
		return;
	}
	w = way_new(m, i);
	go(m, w, way_begin(w));
}

static void let_go_on(struct media_fetch *m)
{
	int64_t now = clock_mono();

	while (m->later && m->later->due_ms <= now) {
		struct media_way *w = m->later;

		m->later = w->later;
		w->later = NULL;
		fetch_start(m->fetch, &w->request);
	}
	set_timer(m);
}

struct media_item *media_fetch_done(struct media_fetch *m)
{
	struct fetch_request *x;
	struct media_item *i;
	uint64_t n;

	if (!m->done) {
		if (read(m->timer, &n, sizeof(n)) > 0)
			let_go_on(m);
		while ((x = fetch_done(m->fetch)) != NULL) {
			struct media_way *w = x->own;

			go(m, w, way_judge(w, clock_mono()));
		}
	}
	i = m->done;
	if (i)
		m->done = i->next;
	if (!m->done)
		(void)!read(m->ready, &n, sizeof(n));
	return i;
}

int media_fetch_fd(const struct media_fetch *m)
{
	return m->epoll;
}

/* ---- life ---- */

static int watch(struct media_fetch *m, int fd, struct err *e)
{
	struct epoll_event ev = { .events = EPOLLIN };

	if (fd >= 0 && epoll_ctl(m->epoll, EPOLL_CTL_ADD, fd, &ev) == 0)
		return 0;
	return err_set(e, FAULT_OS, "epoll", "waiting for requests: %s", strerror(errno));
}

struct media_fetch *media_fetch_open(const struct media_rules *rules, struct objects *store,
				     struct err *e)
{
	struct media_fetch *m = calloc(1, sizeof(*m));
	struct fetch_options o = {
		.per_host = 16, .total = rules->at_once, .multiplex = true, .public_only = true
	};

	if (!m)
		diag_oom();
	m->rules = *rules;
	m->store = store;
	m->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	m->ready = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	m->epoll = epoll_create1(EPOLL_CLOEXEC);
	o.ca = rules->ca;
	o.trust = rules->trust;
	m->fetch = fetch_open(&o, e);
	if (!m->fetch || watch(m, m->timer, e) < 0 || watch(m, m->ready, e) < 0 ||
	    watch(m, fetch_fd(m->fetch), e) < 0) {
		media_fetch_close(m);
		return NULL;
	}
	return m;
}

void media_fetch_close(struct media_fetch *m)
{
	if (!m)
		return;
	fetch_close(m->fetch);
	while (m->ways) {
		struct media_way *w = m->ways;

		w->request.slot = NULL; /* fetch_close has released it */
		m->ways = w->next;
		draft_drop(m->store, w->draft);
		free(w);
	}
	if (m->timer >= 0)
		close(m->timer);
	if (m->ready >= 0)
		close(m->ready);
	if (m->epoll >= 0)
		close(m->epoll);
	free(m);
}

/* ---- what would be done ---- */

static void plan_request(const struct media_way *w, struct buf *b)
{
	static const char *const ways[] = { NULL, "basic", "bearer", "header" };
	const struct submit *s = &w->submit;

	json_add_str(b, "fetch", s->url);
	if (s->auth.how == SUBMIT_OPEN)
		return;
	json_add_str(b, "auth", str_c(ways[s->auth.how]));
	json_add_str(b, "secret", str_c(w->item->carrier->send_keys[s->auth.key]));
}

bool media_fetch_plan(struct media_fetch *m, struct media_item *i, struct buf *b)
{
	struct media_way w = { .item = i, .rules = &m->rules };
	bool kept = is_kept(m, i);
	int fd = -1;

	i->failed = false;
	json_open(b, '{');
	if (kept) {
		json_add_str(b, "kept", str_c(i->object.sha256));
	} else if (is_file(m, i)) {
		fd = open_file(m, i);
		i->failed = fd < 0;
		if (fd >= 0)
			json_add_str(b, "copy", json_get_str(i->media, "path"));
	} else if (way_begin(&w) == WAY_GO) {
		plan_request(&w, b);
	}
	if (i->failed) {
		json_add_str(b, "code", str_c(i->err.code));
		json_add_str(b, "detail", str_c(i->err.text));
	}
	json_close(b, '}');
	if (fd >= 0)
		close(fd);
	return kept;
}
