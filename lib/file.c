/* SPDX-License-Identifier: MIT */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "diag.h"

int file_read(const char *path, size_t max, struct arena *a, struct str *out, struct stat *st,
	      struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc = -1;
	struct buf b = { .max = max };
	char chunk[8192];
	ssize_t n = 0;

	if (fd < 0 || (st && fstat(fd, st) < 0) || (n = read(fd, chunk, sizeof(chunk))) < 0) {
		err_set(e, FAULT_CONFIG, "file", "%s: %s", path, strerror(errno));
		goto out;
	}
	for (; n > 0 && !b.over; n = read(fd, chunk, sizeof(chunk)))
		buf_add(&b, chunk, (size_t)n);
	if (n < 0) {
		err_set(e, FAULT_CONFIG, "file", "%s: %s", path, strerror(errno));
		goto out;
	}
	if (b.over) {
		err_set(e, FAULT_CONFIG, "file", "%s: larger than %zu bytes", path, max);
		goto out;
	}
	*out = arena_str(a, buf_get(&b));
	rc = 0;
out:
	if (fd >= 0)
		close(fd);
	explicit_bzero(chunk, sizeof(chunk)); /* it may have been a secret */
	if (b.p)
		explicit_bzero(b.p, b.n);
	buf_free(&b);
	return rc;
}

int file_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0)
		(void)fcntl(fd, F_SETFL, 0);
	return fd;
}

int file_parents(const char *path, struct err *e)
{
	char *dir = strdup(path);
	int rc = 0;

	if (!dir)
		diag_oom();
	for (char *p = *dir ? strchr(dir + 1, '/') : NULL; p && rc == 0; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(dir, 0700) < 0 && errno != EEXIST)
			rc = err_set(e, FAULT_IO, "directory", "%s: %s", dir, strerror(errno));
		*p = '/';
	}
	free(dir);
	return rc;
}

int file_sync_dir(const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? strndup(path, (size_t)(slash - path) + (slash == path)) : strdup(".");
	int fd, rc = 0;

	if (!dir)
		diag_oom();
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		rc = err_set(e, FAULT_IO, "directory", "%s: %s", dir, strerror(errno));
	if (fd >= 0)
		close(fd);
	free(dir);
	return rc;
}

int file_write(int fd, const char *path, struct str text, struct err *e)
{
	while (text.n > 0) {
		ssize_t n = write(fd, text.p, text.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, FAULT_IO, "output", "%s: %s", path, strerror(errno));
		text = str_sub(text, (size_t)n, text.n);
	}
	return 0;
}

int file_replaceable(const char *path, struct err *e)
{
	struct stat st;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return err_set(e, FAULT_IO, "output",
			       "%s: not a file, so it is not replaced by one", path);
	return 0;
}

int file_replace(const char *path, struct str text, mode_t mode, bool sync, struct err *e)
{
	char *temp;
	int fd, rc = -1;

	if (file_replaceable(path, e) < 0)
		return -1;
	if (asprintf(&temp, "%s.new", path) < 0)
		diag_oom();
	(void)unlink(temp); /* what a crash has left may be read-only */
	fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0) {
		err_set(e, FAULT_IO, "output", "%s: %s", temp, strerror(errno));
		goto out;
	}
	if (file_write(fd, temp, text, e) < 0)
		goto out;
	if ((sync && fdatasync(fd) < 0) || rename(temp, path) < 0) {
		err_set(e, FAULT_IO, "output", "%s: %s", temp, strerror(errno));
		goto out;
	}
	rc = sync ? file_sync_dir(path, e) : 0;
out:
	if (fd >= 0)
		close(fd);
	if (fd >= 0 && rc < 0)
		(void)unlink(temp);
	free(temp);
	return rc;
}
