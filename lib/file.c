/* SPDX-License-Identifier: MIT */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

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
