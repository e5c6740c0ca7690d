/* SPDX-License-Identifier: MIT */
/*
 * What comes from outside as the URL of a queue: refused with a reason, or one file of that name, below the
 * directory that was given where the name is plain, which another handle finds again.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "queue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool held)
{
	if (!held)
		abort();
}

static int home, work;

/* Nothing but what is below it is ever opened: a URL with a slash is not tried. */
static void make(void)
{
	static char dir[] = "/tmp/omni-fuzz-XXXXXX";

	home = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	need(home >= 0 && mkdtemp(dir) != NULL);
	work = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	need(work >= 0);
}

/* What is put by one handle is there for the next, and goes. */
static void is_a_file(const char *url, const struct queue_place *place, struct queue *q)
{
	struct queue_item item = { .line = STR("{}"), .priority = QUEUE_PRIORITY };
	struct queue_stat stat;
	struct queue *again;
	struct err e;
	uint64_t n;

	need(queue_put(q, &item, 1, 1, &e) == 0 && item.result == QUEUE_OK);
	again = queue_open(url, place, 0, &e);
	need(again && queue_stat(again, &stat, 1, &e) == 0 && stat.ready == 1);
	need(strcmp(queue_name(again), queue_name(q)) == 0 && access(q->path, F_OK) == 0);
	need(queue_purge(again, &n, &e) == 0 && n == 1);
	queue_close(again);
}

static void try(const char *url)
{
	struct queue_place place = { .dir = "named" };
	struct err e = { 0 };
	struct queue *q;
	char *path;

	need(queue_open(url, &place, 0, &e) == NULL && e.text[0] && e.fault != FAULT_NONE);
	place.create = true;
	q = queue_open(url, &place, 0, &e);
	if (!q)
		return;
	path = strdup(q->path);
	need(path && (strchr(url, ':') || strncmp(path, "named/", 6) == 0));
	is_a_file(url, &place, q);
	queue_close(q);
	need(unlink(path) == 0);
	free(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *url;

	if (work == 0)
		make();
	if (size > 0 && memchr(data, '/', size))
		return 0;
	url = calloc(size + 1, 1);
	need(url != NULL);
	if (size > 0)
		memcpy(url, data, size);
	need(fchdir(work) == 0); /* corpora are found from where it was started */
	try(url);
	need(fchdir(home) == 0);
	free(url);
	return 0;
}
