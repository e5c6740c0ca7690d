/* SPDX-License-Identifier: MIT */
#include "queue.h"

#include <stdio.h>
#include <stdlib.h>

#include "diag.h"
#include "queue_sqlite.h"

enum { NAME_MAX_BYTES = 64 };

static const struct queue_backend *const backends[] = { &queue_sqlite };

/* What is missing, in words, for each bit of queue_can. */
static const struct {
	unsigned bit;
	const char *text;
} abilities[] = {
	{ QUEUE_LANES, "lanes" },
	{ QUEUE_DELAY, "delays" },
	{ QUEUE_LONG_DELAY, "delays above 15 minutes" },
	{ QUEUE_PRIORITIZE, "priorities" },
	{ QUEUE_DEDUPE, "refusing an id that was seen before" },
	{ QUEUE_LIST, "listing dead letters in order" },
	{ QUEUE_SYNCED, "being on disk before it says so" },
};

static bool plain(struct str s)
{
	if (s.n == 0 || s.n > NAME_MAX_BYTES || s.p[0] == '.' || s.p[0] == '-')
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '.' || c == '_' || c == '-'))
			return false;
	}
	return true;
}

/* The last component of ${path}, without ".queue". */
static char *name_of(struct str path)
{
	size_t from = path.n;

	while (from > 0 && path.p[from - 1] != '/')
		from--;
	path = str_sub(path, from, path.n);
	if (path.n > 6 && str_suffix(path, STR(".queue")))
		path.n -= 6;
	return str_dup(path);
}

const char *queue_dir(const struct queue_place *place)
{
	const char *dir = place->dir ? place->dir : getenv("OMNI_QUEUE_DIR");

	return dir && *dir ? dir : "/var/lib/omni/queue";
}

static char *path_of(const struct queue_place *place, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s.queue", queue_dir(place), name) < 0)
		diag_oom();
	return path;
}

/* The back end of ${url}, and in ${path}, owned, what stands behind its scheme. */
static const struct queue_backend *find(const char *url, const struct queue_place *place,
					char **path, struct err *e)
{
	struct str s = str_c(url), scheme = str_sub(s, 0, str_find(s, ':'));

	*path = NULL;
	if (plain(s)) {
		*path = path_of(place, url);
		return backends[0];
	}
	if (scheme.n == s.n) {
		err_set(e, FAULT_CONFIG, "queue-name",
			"\"%.200s\" is no name of a queue: letters, digits, \".\", \"_\" and \"-\", at most %d; a file is written sqlite:PATH",
			url, NAME_MAX_BYTES);
		return NULL;
	}
	for (size_t i = 0; i < LEN(backends); i++)
		if (str_eq(scheme, str_c(backends[i]->scheme))) {
			struct str rest = str_sub(s, scheme.n + 1, s.n);

			if (rest.n == 0 || str_suffix(rest, STR("/"))) {
				err_set(e, FAULT_CONFIG, "queue-name",
					"%.200s: the file is missing", url);
				return NULL;
			}
			*path = str_dup(rest);
			return backends[i];
		}
	err_set(e, FAULT_CONFIG, "queue-scheme",
		"%.200s: this program knows no queues of the scheme \"%.*s\"; it knows sqlite:PATH",
		url, STR_FMT(scheme));
	return NULL;
}

struct queue *queue_open(const char *url, const struct queue_place *place, unsigned need, struct err *e)
{
	const struct queue_backend *b;
	struct queue *q;
	char *path;

	b = find(url, place, &path, e);
	if (!b)
		return NULL;
	for (size_t i = 0; i < LEN(abilities); i++)
		if (need & ~b->can & abilities[i].bit) {
			err_set(e, FAULT_CONFIG, "queue-can-not",
				"%.200s: a queue of this kind does not offer %s", url,
				abilities[i].text);
			free(path);
			return NULL;
		}
	if (b->open(&q, path, place, e) < 0) {
		free(path);
		return NULL;
	}
	q->backend = b;
	q->path = path;
	q->name = name_of(str_c(path));
	return q;
}

void queue_close(struct queue *q)
{
	char *name, *path;

	if (!q)
		return;
	name = q->name;
	path = q->path;
	q->backend->close(q);
	free(name);
	free(path);
}
