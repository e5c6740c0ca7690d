/* SPDX-License-Identifier: MIT */
/*
 * A state file of any bytes: it is refused, or it answers.  Inputs that begin with a zero are whole files; else the
 * rest stands behind a head that is right, so that places hold anything.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rates.h"

#define NOW (INT64_C(1768381200) * RATES_SECOND)

enum { HEAD = 4096, SLOT = 24 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int put_file(const uint8_t *data, size_t size)
{
	struct {
		char magic[8];
		uint32_t version, slot_bytes;
		uint64_t slots, seed;
		char rest[HEAD - 32];
	} head = { "omnirate", 1, SLOT, 1, 7, { 0 } };
	int fd = memfd_create("state", MFD_CLOEXEC);

	if (fd < 0)
		abort();
	if (data[0] == 0) {
		if (pwrite(fd, data + 1, size - 1, 0) != (ssize_t)size - 1)
			abort();
		return fd;
	}
	while (head.slots * 2 * SLOT <= size - 1)
		head.slots *= 2;
	if (pwrite(fd, &head, HEAD, 0) != HEAD || pwrite(fd, data + 1, size - 1, HEAD) < 0 ||
	    ftruncate(fd, HEAD + (off_t)head.slots * SLOT) < 0)
		abort();
	return fd;
}

static void use(struct rates *t)
{
	for (uint64_t i = 0; i < 20; i++) {
		struct rates_key k[2] = { { i, { RATES_SECOND / 10, 3, 0 }, 1 },
					  { i << 56 | i * 31, { INT64_MAX, 1, 0 }, INT64_MAX } };
		unsigned slowest = 0;
		int64_t when = rates_when(t, k, 2, NOW, &slowest);

		if (when < NOW || slowest > 1)
			abort();
		if (rates_take(t, k, 1 + i % 2, NOW, NULL) < NOW)
			abort();
		rates_learn(t, &k[0], i % 3 == 0, NOW);
		if (!(rates_share(t, &k[0]) > 0 && rates_share(t, &k[0]) <= 1))
			abort();
	}
	rates_stat(t, NOW);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[40];
	struct rates *t;
	struct err e;
	int fd;

	if (size == 0 || size == HEAD + 1) /* a head alone is made as large as it says */
		return 0;
	fd = put_file(data, size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	t = rates_file(path, 0, &e);
	if (t)
		use(t);
	rates_free(t);
	close(fd);
	return 0;
}
