/* SPDX-License-Identifier: MIT */
#include "child.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>

const char child_self[] = "/proc/self/exe";

int child_start(const struct child *c, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int rc = 0;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	/* Those of ours first: they may be where another is opened. */
	for (int i = 0; i < c->n && rc == 0; i++)
		if (c->fds[i] >= 0)
			rc = posix_spawn_file_actions_adddup2(&files, c->fds[i], i);
	for (int i = 0; i < c->n && rc == 0; i++)
		if (c->fds[i] < 0)
			rc = posix_spawn_file_actions_addopen(&files, i, "/dev/null", O_RDWR, 0);
	if (rc == 0)
		rc = posix_spawn(pid, c->program, &files, &attr, c->argv, c->env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return rc;
}
