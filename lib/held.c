/* SPDX-License-Identifier: MIT */
#include "held.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto.h"

enum { DIGITS = 24 };

/*
 * Another process that starts may take away what ${how} has made before it is locked: then it has no name any more.
 */
static int make(int at, int (*how)(int, const char *), const char *prefix, char name[HELD_NAME])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char random[DIGITS];
	size_t n = strlen(prefix);
	struct stat st;

	for (int i = 0; i < 100; i++) {
		int fd;

		crypto_random(random, sizeof(random));
		memcpy(name, prefix, n);
		for (size_t k = 0; k < DIGITS; k++)
			name[n + k] = digits[random[k] & 15];
		name[n + DIGITS] = '\0';
		fd = how(at, name);
		if (fd < 0 && errno != ENOENT)
			return -1;
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &st) == 0 && st.st_nlink > 0)
			return fd;
		if (fd >= 0)
			close(fd);
	}
	return -1;
}

static int new_file(int at, const char *name)
{
	return openat(at, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0440);
}

static int new_room(int at, const char *name)
{
	if (mkdirat(at, name, 0750) < 0)
		return -1;
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int held_file(int at, const char *prefix, char name[HELD_NAME])
{
	return make(at, new_file, prefix, name);
}

int held_room(int at, const char *prefix, char name[HELD_NAME])
{
	return make(at, new_room, prefix, name);
}

/* Call ${each} for all that lies in the directory ${at}. */
static void walk(int at, const char *prefix, void (*each)(int at, const char *prefix, const char *name))
{
	int fd = openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *x;

	if (!d) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((x = readdir(d)) != NULL)
		if (strcmp(x->d_name, ".") != 0 && strcmp(x->d_name, "..") != 0)
			each(at, prefix, x->d_name);
	closedir(d);
}

static void remove_file(int at, const char *prefix, const char *name)
{
	(void)prefix;
	unlinkat(at, name, 0);
}

static void remove_room(int at, const char *name, int fd)
{
	walk(fd, NULL, remove_file);
	unlinkat(at, name, AT_REMOVEDIR);
}

void held_room_end(int at, const char *name, int fd)
{
	remove_room(at, name, fd);
	close(fd);
}

/* Whether held_file or held_room may have made it. */
static bool is_ours(const char *prefix, const char *name)
{
	size_t n = strlen(prefix);

	return strncmp(name, prefix, n) == 0 && strlen(name) == n + DIGITS &&
	       strspn(name + n, "0123456789abcdef") == DIGITS;
}

static void remove_leftover(int at, const char *prefix, const char *name)
{
	struct stat st;
	int fd;

	if (prefix && !is_ours(prefix, name))
		return;
	fd = openat(at, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && (!prefix || st.st_uid == geteuid()) &&
	    flock(fd, LOCK_EX | LOCK_NB) == 0 && unlinkat(at, name, 0) < 0 && errno == EISDIR)
		remove_room(at, name, fd);
	close(fd);
}

void held_sweep(int at, const char *prefix)
{
	walk(at, prefix, remove_leftover);
}
