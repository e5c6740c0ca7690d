/* SPDX-License-Identifier: MIT */
/*
 * LD_PRELOAD: what happens to a machine.  While there is the file that OMNI_FAIL_CLOCK names the clock of the day is an
 * hour back, as if somebody had set it.  And the OMNI_FAIL_AT-th call of a kind fails, once, as it fails when memory or disk run
 * out.  OMNI_FAIL_CALL says which: "malloc" (calloc, realloc and its kin among them), "write",
 * "pwrite" (with which SQLite writes), "sync" (fsync and fdatasync: the disk is broken) or "rename"
 * (rename and renameat: the disk is full of names).
 * Writes to standard error and to what is neither a file, a pipe nor a device (an eventfd can not
 * fail) are not counted.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static atomic_long calls;
static long fail_at;
static const char *fail_call;

__attribute__((constructor)) static void init(void)
{
	const char *at = getenv("OMNI_FAIL_AT"), *call = getenv("OMNI_FAIL_CALL");

	fail_call = call ? call : "malloc";
	fail_at = at ? strtol(at, NULL, 10) : 0; /* last: nothing counts before it is set */
}

static int fails(const char *call)
{
	if (fail_at <= 0 || strcmp(call, fail_call) != 0)
		return 0;
	return atomic_fetch_add(&calls, 1) + 1 == fail_at;
}

__attribute__((destructor)) static void report(void)
{
	static const char text[] = "fail.so: not reached\n";

	if (atomic_load(&calls) < fail_at)
		(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
}

/*
 * The loader and libc have their own names for these, so that the shim needs no dlsym to allocate.
 */
extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);

void *malloc(size_t n)
{
	if (fails("malloc")) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	if (fails("malloc")) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
	if (fails("malloc")) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_realloc(p, n);
}

void *reallocarray(void *p, size_t n, size_t size)
{
	if (size != 0 && n > SIZE_MAX / size) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(p, n * size);
}

/* A function's address comes as an object pointer: dlsym(3). */
static void find(void *fn, size_t size, const char *name)
{
	void *symbol = dlsym(RTLD_NEXT, name);

	memcpy(fn, &symbol, size);
}

ssize_t write(int fd, const void *p, size_t n)
{
	static ssize_t (*next)(int, const void *, size_t);
	struct stat st;

	if (!next)
		find(&next, sizeof(next), "write");
	if (fd != STDERR_FILENO && fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) != 0 && fails("write")) {
		errno = ENOSPC;
		return -1;
	}
	return next(fd, p, n);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off_t at)
{
	static ssize_t (*next)(int, const void *, size_t, off_t);

	if (!next)
		find(&next, sizeof(next), "pwrite64");
	if (fails("pwrite")) {
		errno = ENOSPC;
		return -1;
	}
	return next(fd, p, n, at);
}

static int sync_with(int fd, int (**next)(int), const char *name)
{
	if (!*next)
		find(next, sizeof(*next), name);
	if (fails("sync")) {
		errno = EIO;
		return -1;
	}
	return (*next)(fd);
}

int rename(const char *from, const char *to);
int renameat(int from_dir, const char *from, int to_dir, const char *to);

int rename(const char *from, const char *to)
{
	static int (*next)(const char *, const char *);

	if (!next)
		find(&next, sizeof(next), "rename");
	if (fails("rename")) {
		errno = ENOSPC;
		return -1;
	}
	return next(from, to);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	static int (*next)(int, const char *, int, const char *);

	if (!next)
		find(&next, sizeof(next), "renameat");
	if (fails("rename")) {
		errno = ENOSPC;
		return -1;
	}
	return next(from_dir, from, to_dir, to);
}

int clock_gettime(clockid_t which, struct timespec *t)
{
	static int (*next)(clockid_t, struct timespec *);
	const char *file = getenv("OMNI_FAIL_CLOCK");
	int rc;

	if (!next)
		find(&next, sizeof(next), "clock_gettime");
	rc = next(which, t);
	if (rc == 0 && which == CLOCK_REALTIME && file && access(file, F_OK) == 0)
		t->tv_sec -= 3600;
	return rc;
}

int fdatasync(int fd)
{
	static int (*next)(int);

	return sync_with(fd, &next, "fdatasync");
}

int fsync(int fd)
{
	static int (*next)(int);

	return sync_with(fd, &next, "fsync");
}
