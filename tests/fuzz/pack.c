/* SPDX-License-Identifier: MIT */
/*
 * Compressed input: the first byte chooses format and size of the reads.  However it is read, the
 * bytes are the same.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pack.h"

enum { PLAIN_MAX = 1 << 20 }; /* a few bytes can stand for very many */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct pack *open_bytes(const uint8_t *data, size_t size, bool zstd)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	return pack_open(fd, zstd ? "fuzz.zst" : "fuzz.gz");
}

/* Read all of ${p} by ${step} bytes into ${out}.  Return the last result of pack_read. */
static ssize_t read_all(struct pack *p, size_t step, struct buf *out)
{
	struct err e;
	ssize_t n;
	char *dst;

	do {
		dst = buf_grow(out, step);
		n = dst ? pack_read(p, dst, step, &e) : 0;
		if (n > (ssize_t)step)
			abort();
		if (n > 0)
			out->n += (size_t)n;
	} while (n > 0);
	if (n < 0 && pack_read(p, &(char){ 0 }, 1, &e) >= 0)
		abort(); /* an error stays */
	pack_close(p);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf big = { .max = PLAIN_MAX }, small = { .max = PLAIN_MAX };
	size_t step = size ? (size_t)data[0] / 2 + 1 : 1;
	bool zstd = size && data[0] % 2, cut;
	ssize_t x, y;

	if (size == 0)
		return 0;
	x = read_all(open_bytes(data + 1, size - 1, zstd), 4096, &big);
	y = read_all(open_bytes(data + 1, size - 1, zstd), step, &small);
	cut = big.over || small.over;
	if (!cut && (x != y || !str_eq(buf_get(&big), buf_get(&small))))
		abort();
	buf_free(&big);
	buf_free(&small);
	return 0;
}
