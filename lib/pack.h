/* SPDX-License-Identifier: MIT */
/*
 * Compressed input: a descriptor that gives plain bytes, whatever the file holds (.zst: RFC 8878,
 * .gz: RFC 1952).
 */
#ifndef OMNI_PACK_H
#define OMNI_PACK_H

#include <sys/types.h>

#include "bytes.h"
#include "err.h"

struct pack;

/* True if the name ends in .zst or .gz. */
bool pack_is(const char *path);

/**
 * pack_open(fd, path):
 * Read the compressed file ${fd}, of the format that the name ${path} says.  Takes ${fd} and closes
 * it.  Return owned.
 */
struct pack *pack_open(int fd, const char *path);

/* Where compressed bytes come from that are in no file: as read(2), -1 with FAULT_IO or FAULT_DATA. */
struct pack_source {
	ssize_t (*read)(void *with, void *dst, size_t n, struct err *e);
	void *with;
};

/* The same from ${source}, which is copied. */
struct pack *pack_open_source(const struct pack_source *source, const char *path);

/**
 * pack_read(p, dst, n, e):
 * Put up to ${n} plain bytes into ${dst}.  Return how many, 0 at the end, -1 with FAULT_DATA (not
 * of that format, damaged, or cut short: what was whole before has been returned) or FAULT_IO.
 */
ssize_t pack_read(struct pack *p, void *dst, size_t n, struct err *e);

/* Compressed bytes read so far. */
uint64_t pack_consumed(const struct pack *p);

void pack_close(struct pack *p);

#endif
