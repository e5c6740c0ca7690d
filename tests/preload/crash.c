/* SPDX-License-Identifier: MIT */
/*
 * LD_PRELOAD: the OMNI_CRASH_AT-th call that changes a file ends the process as SIGKILL does, in the
 * middle of its work: of a write, OMNI_CRASH_CUT hundredths of the bytes are written first.  With
 * OMNI_CRASH_POWER what was written to a file and not synced is lost besides, but for as many
 * hundredths of it, as if the power had gone: of one file, the one that was written last.
 *
 * Calls are write(2) to regular files, fsync, fdatasync, rename, unlink, ftruncate, mkdir and fchmod.
 * A process that made fewer calls says so on standard error.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static long crash_at, calls, cut;
static int power;
static int last_fd = -1;        /* written last */
static off_t synced, last_size; /* of that file */

/* A function's address comes as an object pointer: dlsym(3). */
#define REAL(fn)                                      \
	static __typeof__(fn) *real;                  \
	if (!real) {                                  \
		void *symbol = dlsym(RTLD_NEXT, #fn); \
		memcpy(&real, &symbol, sizeof(real)); \
	}

static long number(const char *name)
{
	const char *text = getenv(name);

	return text ? strtol(text, NULL, 10) : 0;
}

__attribute__((constructor)) static void init(void)
{
	cut = number("OMNI_CRASH_CUT");
	power = getenv("OMNI_CRASH_POWER") != NULL;
	crash_at = number("OMNI_CRASH_AT");
}

__attribute__((destructor)) static void report(void)
{
	static const char text[] = "crash.so: not reached\n";
	REAL(write)

	if (crash_at > 0)
		(void)!real(STDERR_FILENO, text, sizeof(text) - 1);
}

static int truncate_to(int fd, off_t n)
{
	REAL(ftruncate)

	return real(fd, n);
}

static void die(void)
{
	if (power && last_fd >= 0 && last_size > synced)
		(void)!truncate_to(last_fd, synced + (last_size - synced) * cut / 100);
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

static int due(void)
{
	return crash_at > 0 && ++calls == crash_at;
}

ssize_t write(int fd, const void *p, size_t n)
{
	REAL(write)
	struct stat st;
	ssize_t done;

	if (fd <= STDERR_FILENO || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return real(fd, p, n);
	if (fd != last_fd) {
		last_fd = fd;
		synced = last_size = st.st_size;
	}
	if (due()) {
		done = real(fd, p, n * (size_t)cut / 100);
		last_size += done > 0 ? done : 0;
		die();
	}
	done = real(fd, p, n);
	last_size += done > 0 ? done : 0;
	return done;
}

static void on_sync(int fd)
{
	if (due())
		die();
	if (fd == last_fd)
		synced = last_size;
}

int fsync(int fd)
{
	REAL(fsync)

	on_sync(fd);
	return real(fd);
}

int fdatasync(int fd)
{
	REAL(fdatasync)

	on_sync(fd);
	return real(fd);
}

int ftruncate(int fd, off_t n)
{
	if (due())
		die();
	return truncate_to(fd, n);
}

int rename(const char *from, const char *to)
{
	REAL(rename)

	if (due())
		die();
	return real(from, to);
}

int unlink(const char *path)
{
	REAL(unlink)

	if (due())
		die();
	return real(path);
}

int mkdir(const char *path, mode_t mode)
{
	REAL(mkdir)

	if (due())
		die();
	return real(path, mode);
}

int fchmod(int fd, mode_t mode)
{
	REAL(fchmod)

	if (due())
		die();
	return real(fd, mode);
}
