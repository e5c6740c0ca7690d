/* SPDX-License-Identifier: MIT */
/*
 * LD_PRELOAD: the program dies by SIGKILL at the OMNI_KILL_AT-th call that changes a file whose name
 * ends in OMNI_KILL_FILE ("-wal": inside a commit of SQLite; "" is any): before a sync, or in the middle of a
 * write, half of which is done.  Not reached: it says so on standard error when it ends.
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_long calls;
static long kill_at;
static const char *kill_file;

__attribute__((constructor)) static void init(void)
{
	const char *at = getenv("OMNI_KILL_AT"), *file = getenv("OMNI_KILL_FILE");

	kill_file = file ? file : "-wal";
	kill_at = at ? strtol(at, NULL, 10) : 0;
}

__attribute__((destructor)) static void report(void)
{
	static const char text[] = "kill.so: not reached\n";

	if (atomic_load(&calls) < kill_at)
		(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
}

/* Whether this call on ${fd} is the one. */
static int now(int fd)
{
	char link[64], path[4096];
	ssize_t n;
	size_t end = kill_file ? strlen(kill_file) : 0;

	if (kill_at <= 0)
		return 0;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path));
	if (n < 0 || (size_t)n < end || memcmp(path + n - end, kill_file, end) != 0)
		return 0;
	return atomic_fetch_add(&calls, 1) + 1 == kill_at;
}

/* A function's address comes as an object pointer: dlsym(3). */
static void find(void *fn, size_t size, const char *name)
{
	void *symbol = dlsym(RTLD_NEXT, name);

	memcpy(fn, &symbol, size);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off_t at)
{
	static ssize_t (*next)(int, const void *, size_t, off_t);

	if (!next)
		find(&next, sizeof(next), "pwrite64");
	if (now(fd)) {
		(void)!next(fd, p, n / 2, at);
		raise(SIGKILL);
	}
	return next(fd, p, n, at);
}

static int synced(int fd, int (**next)(int), const char *name)
{
	if (!*next)
		find(next, sizeof(*next), name);
	if (now(fd))
		raise(SIGKILL);
	return (*next)(fd);
}

int fdatasync(int fd)
{
	static int (*next)(int);

	return synced(fd, &next, "fdatasync");
}

int fsync(int fd)
{
	static int (*next)(int);

	return synced(fd, &next, "fsync");
}
