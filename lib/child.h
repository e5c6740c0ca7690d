/* SPDX-License-Identifier: MIT */
/* A process that is started with nothing of ours but what is named: signals as they are by default, and descriptors. */
#ifndef OMNI_CHILD_H
#define OMNI_CHILD_H

#include <sys/types.h>

enum { CHILD_FDS = 4 }; /* descriptors that are named, at most */

struct child {
	const char *program; /* a file; child_self: this one */
	char *const *argv, *const *env;
	/* Which of ours become 0, 1, …; -1: /dev/null.  What else is open here is to be close-on-exec. */
	int fds[CHILD_FDS], n;
};

/* Where this program lies. */
extern const char child_self[];

/* Start ${c}.  Return 0 with ${pid}, or what errno would be. */
int child_start(const struct child *c, pid_t *pid);

#endif
