/* SPDX-License-Identifier: MIT */
/* A file that others write while we run: it is read again when it has changed, looked at once a second at most. */
#ifndef OMNI_ROUTE_WATCH_H
#define OMNI_ROUTE_WATCH_H

#include <sys/stat.h>

#include "err.h"
#include "arena.h"

struct watch {
	const char *path;
	int64_t looked; /* when, milliseconds since 1970; 0: never */
	bool there;
	struct stat st; /* as it was read */
	off_t at;       /* lines up to here have been read; only whole ones are */
};

enum watch_news {
	WATCH_SAME,
	WATCH_MORE, /* lines were added: ${out} has them */
	WATCH_OTHER, /* it is another file, or was cut: ${out} has all of it, nothing if it is not there */
};

/**
 * watch_look(w, now, max, a, out, e):
 * Look, at ${now}, and put what is new into ${out}, which lives in ${a}.  Return the news, or -1 with
 * FAULT_IO if it can not be read or is longer than ${max}.
 */
int watch_look(struct watch *w, int64_t now, size_t max, struct arena *a, struct str *out,
	       struct err *e);

#endif
