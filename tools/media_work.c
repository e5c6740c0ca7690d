/* SPDX-License-Identifier: MIT */
#include "media_work.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diag.h"
#include "limit.h"

enum {
	QUALITY_BEST = 88,  /* above it files grow and nothing is to be seen */
	QUALITY_LEAST = 40, /* below it everybody sees it: fewer pixels are better */
	FILM_TRIES = 3,     /* encodings of a film until it fits */
	EDGE_LEAST = 320,   /* shorter edges show no more what it is */
};

struct media_work {
	const char *dir;
	struct image_pool *images;
	struct transcode *films;
	int epoll;
	struct media_set *done, **done_last;
};

static int watch(const struct media_work *w, int fd, struct err *e)
{
	struct epoll_event ev = { .events = EPOLLIN };

	if (epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &ev) == 0)
		return 0;
	return err_set(e, FAULT_OS, "media-work", "epoll: %s", strerror(errno));
}

struct media_work *media_work_open(unsigned jobs, const char *dir, struct err *e)
{
	struct media_work *w = calloc(1, sizeof(*w));

	if (!w)
		diag_oom();
	w->dir = dir;
	w->done_last = &w->done;
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	w->images = image_pool_open(jobs, e);
	w->films = w->images ? transcode_open(jobs, e) : NULL;
	if (w->films && watch(w, image_pool_fd(w->images), e) == 0 &&
	    watch(w, transcode_fd(w->films), e) == 0)
		return w;
	media_work_close(w);
	return NULL;
}

void media_work_close(struct media_work *w)
{
	if (!w)
		return;
	image_pool_close(w->images);
	transcode_close(w->films);
	if (w->epoll >= 0)
		close(w->epoll);
	free(w);
}

int media_work_fd(const struct media_work *w)
{
	return w->epoll;
}

static uint32_t formats_of(const char *const *mimes, size_t max)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < max && mimes[i]; i++)
		bits |= 1u << image_format_named(str_c(mimes[i]));
	return bits & ~(1u << IMAGE_NONE);
}

static uint32_t edge(uint32_t most)
{
	return most ? most : IMAGE_EDGE_MAX;
}

/* The next of those to come, the smallest first: what it leaves of its share is there for the larger ones. */
static struct media_part *next_part(struct media_set *s)
{
	struct media_part *next = NULL;

	for (unsigned i = 0; i < s->n; i++) {
		struct media_part *p = &s->parts[i];

		if (!p->failed && !p->has.type && (!next || p->had.size < next->had.size))
			next = p;
	}
	return next;
}

static void finish(struct media_work *w, struct media_set *s)
{
	s->next = NULL;
	*w->done_last = s;
	w->done_last = &s->next;
}

/* Files for what comes in and what goes out. */
static int open_files(const struct media_work *w, struct media_part *p, struct err *e)
{
	size_t n = strlen(w->dir) + sizeof("/.media-XXXXXX");

	p->task.in = open(p->path, O_RDONLY | O_CLOEXEC);
	if (p->task.in < 0)
		return err_set(e, FAULT_DATA, "media-unreadable", "%s: %s", p->path, strerror(errno));
	p->made = malloc(n);
	if (!p->made)
		diag_oom();
	snprintf(p->made, n, "%s/.media-XXXXXX", w->dir);
	p->task.out = mkostemp(p->made, O_CLOEXEC);
	if (p->task.out >= 0)
		return 0;
	err_set(e, FAULT_IO, "media-write", "%s: %s", w->dir, strerror(errno));
	close(p->task.in);
	free(p->made);
	p->made = NULL;
	return -1;
}

static int begin_image(struct media_work *w, struct media_part *p, struct err *e)
{
	const struct media_limit *l = media_part_limit(p);
	struct image_recipe *r = &p->task.recipe;

	*r = (struct image_recipe){ .formats = formats_of(l->mimes, LEN(l->mimes)),
				    .moving = formats_of(l->moving, LEN(l->moving)),
				    .width = edge(l->width),
				    .height = edge(l->height),
				    .square = l->square,
				    .bytes = p->share < l->size ? p->share : l->size,
				    .best = QUALITY_BEST,
				    .least = QUALITY_LEAST,
				    .smallest = EDGE_LEAST };
	r->moving_bytes = r->bytes;
	if (l->moving_size)
		r->moving_bytes = l->moving_size < p->share ? l->moving_size : p->share;
	if (!r->formats)
		return err_set(e, FAULT_DATA, "media-unsupported",
			       "%s takes no picture that can be made", p->set->channel->name);
	if (open_files(w, p, e) < 0)
		return -1;
	p->task.what = IMAGE_CONVERT;
	p->task.own = p;
	image_pool_start(w->images, &p->task);
	return 0;
}

/* Look into the file ${path}, at what goes in or at what came out. */
static void probe(struct media_work *w, struct media_part *p, const char *path)
{
	p->film = (struct transcode_task){ .what = TRANSCODE_PROBE, .in = path, .own = p };
	transcode_start(w->films, &p->film);
}

/* Return 0 when it is under way, 1 when it is done, or -1. */
static int begin(struct media_work *w, struct media_part *p, struct err *e)
{
	if (!p->set->channel && !media_part_is_film(p)) {
		p->has = p->had;
		return 1;
	}
	if (!p->set->channel) {
		p->step = MEDIA_TO_PROBE;
		probe(w, p, p->path);
		return 0;
	}
	media_part_plan(p);
	p->recalled = p->set->recall && p->set->recall(p, str_c(p->recipe));
	if (p->recalled)
		return 1;
	if (!media_part_is_film(p))
		return begin_image(w, p, e);
	p->step = MEDIA_TO_PROBE;
	probe(w, p, p->path);
	return 0;
}

/* What became of ${p} takes of what is left for all. */
static void spend(struct media_set *s, const struct media_part *p)
{
	if (s->left != UINT64_MAX)
		s->left -= p->has.size < s->left ? p->has.size : s->left;
}

/* Go on with ${s}: its next part, or its end. */
static void advance(struct media_work *w, struct media_set *s)
{
	struct media_part *p;
	struct err e;

	while ((p = next_part(s)) != NULL) {
		int rc = begin(w, p, &e);

		if (rc == 0)
			return;
		s->to_come--;
		if (rc < 0)
			media_part_fail(p, &e);
		else
			spend(s, p);
	}
	finish(w, s);
}

void media_work_start(struct media_work *w, struct media_set *s)
{
	media_set_look(s);
	advance(w, s);
}

/* ${p} has come to its end, with ${e} if it has failed. */
static void settled(struct media_work *w, struct media_part *p, const struct err *e)
{
	struct media_set *s = p->set;

	s->to_come--;
	if (e)
		media_part_fail(p, e);
	else
		spend(s, p);
	advance(w, s);
}

static void converted(struct media_work *w, struct media_part *p)
{
	const struct image_made *m = &p->task.made;
	const char *mime = image_mime(p->task.failed ? IMAGE_NONE : m->format);

	close(p->task.in);
	close(p->task.out);
	if (!p->task.failed) {
		p->has = (struct media_facts){ .type = media_type_named(str_c(mime)),
					       .mime = str_c(mime),
					       .size = m->bytes,
					       .width = m->width,
					       .height = m->height,
					       .frames = m->frames,
					       .duration = -1 };
		p->quality = m->quality;
		p->encodings = m->encodings;
	}
	settled(w, p, p->task.failed ? &p->task.err : NULL);
}

static struct media_film film_of(const struct media_part *p)
{
	const struct media_limit *l = media_part_limit(p);

	return (struct media_film){ .channel = p->set->channel->name,
				    .limit = l,
				    .voice = p->as == MEDIA_VOICE,
				    .bytes = p->share < l->size ? p->share : l->size };
}

static void know(struct media_facts *f, const struct transcode_facts *x)
{
	f->width = x->width;
	f->height = x->height;
	f->duration = x->duration;
}

/* It is known what is in the file: copy it, or make something else of it. */
static int make(struct media_work *w, struct media_part *p, struct err *e)
{
	const struct media_type *type = media_type_named(p->had.mime);
	struct media_film f;

	/* A container for films that holds none. */
	if (p->as == MEDIA_VIDEO && !p->streams.films)
		p->as = MEDIA_AUDIO;
	if (media_part_refuse(p, e) < 0)
		return -1;
	f = film_of(p);
	p->film = (struct transcode_task){ .what = TRANSCODE_COPY,
					   .mime = type ? type->mime : p->had.type->mime,
					   .bytes = p->had.size * 2 + 1000000 };
	if (!media_film_fits(&f, p->had.mime, p->had.size, &p->streams) &&
	    media_film_plan(&f, &p->streams, &p->film, e) < 0)
		return -1;
	if (open_files(w, p, e) < 0)
		return -1;
	close(p->task.in);
	close(p->task.out);
	p->film.in = p->path;
	p->film.out = p->made;
	p->film.own = p;
	p->step = MEDIA_TO_MAKE;
	transcode_start(w->films, &p->film);
	return 0;
}

/* Something came out; where it is too large, once more with less. */
static int measure_made(struct media_work *w, struct media_part *p, struct err *e)
{
	const struct media_type *type = media_type_named(str_c(p->film.mime));
	struct media_film f = film_of(p);
	struct stat st;

	p->encodings += p->film.what == TRANSCODE_MAKE;
	if (stat(p->made, &st) < 0)
		return err_set(e, FAULT_IO, "media-read", "%s: %s", p->made, strerror(errno));
	if ((uint64_t)st.st_size <= f.bytes) {
		p->has = (struct media_facts){ .type = type,
					       .mime = str_c(type->mime),
					       .size = (uint64_t)st.st_size,
					       .duration = -1 };
		p->step = MEDIA_TO_CHECK;
		probe(w, p, p->made);
		return 0;
	}
	if (p->film.what == TRANSCODE_COPY) {
		/* It was small enough before: another container has more around it. */
		if (media_film_plan(&f, &p->streams, &p->film, e) < 0)
			return -1;
	} else if (p->encodings == FILM_TRIES || !media_film_less(&f, (uint64_t)st.st_size, &p->film)) {
		return err_set(e, FAULT_DATA, "media-too-large",
			       "%.1f seconds can not be made to fit into %" PRIu64 " bytes over %s",
			       p->streams.duration, f.bytes, f.channel);
	}
	transcode_start(w->films, &p->film);
	return 0;
}

static void film_step(struct media_work *w, struct media_part *p)
{
	struct err e = p->film.err;
	int rc = -1;

	if (p->film.failed) {
		settled(w, p, &e);
		return;
	}
	switch (p->step) {
	case MEDIA_TO_PROBE:
		p->streams = p->film.facts;
		know(&p->had, &p->streams);
		if (!p->set->channel) {
			p->has = p->had;
			settled(w, p, NULL);
			return;
		}
		rc = make(w, p, &e);
		break;
	case MEDIA_TO_MAKE:
		rc = measure_made(w, p, &e);
		break;
	case MEDIA_TO_CHECK:
		know(&p->has, &p->film.facts);
		settled(w, p, NULL);
		return;
	}
	if (rc < 0)
		settled(w, p, &e);
}

struct media_set *media_work_done(struct media_work *w)
{
	struct transcode_task *x;
	struct image_task *t;
	struct media_set *s;

	while ((t = image_pool_done(w->images)) != NULL)
		converted(w, t->own);
	while ((x = transcode_done(w->films)) != NULL)
		film_step(w, x->own);
	s = w->done;
	if (!s)
		return NULL;
	w->done = s->next;
	if (!w->done)
		w->done_last = &w->done;
	return s;
}
