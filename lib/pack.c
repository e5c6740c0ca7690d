/* SPDX-License-Identifier: MIT */
#include "pack.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "diag.h"
#include "limit.h"

struct pack {
	int fd; /* -1: source */
	struct pack_source source;
	char *path;
	ZSTD_DStream *zstd; /* NULL: gzip */
	z_stream gzip;
	unsigned char *in;
	size_t pos, end, cap; /* in[pos..end) waits to be decoded */
	size_t start, want;   /* zstd: what it asks for at the start of a frame, and now */
	bool full;            /* zstd: the last call filled its output */
	uint64_t consumed;
	bool eof, done;
	bool inside;    /* in the middle of a frame or member */
	bool any;       /* at least one frame or member was whole */
	struct err bad; /* once its fault is set, all reads fail with it */
};

bool pack_is(const char *path)
{
	struct str s = str_c(path);

	return str_suffix(s, STR(".zst")) || str_suffix(s, STR(".gz"));
}

struct pack *pack_open_source(const struct pack_source *source, const char *path)
{
	struct pack *p = pack_open(-1, path);

	p->source = *source;
	return p;
}

struct pack *pack_open(int fd, const char *path)
{
	struct pack *p = calloc(1, sizeof(*p));

	if (p == NULL)
		diag_oom();
	p->fd = fd;
	p->path = strdup(path);
	p->cap = ZSTD_DStreamInSize();
	p->in = malloc(p->cap);
	if (p->path == NULL || p->in == NULL)
		diag_oom();
	if (str_suffix(str_c(path), STR(".zst"))) {
		p->zstd = ZSTD_createDStream();
		if (p->zstd == NULL)
			diag_oom();
		p->start = p->want = ZSTD_initDStream(p->zstd);
		ZSTD_DCtx_setParameter(p->zstd, ZSTD_d_windowLogMax, PACK_WINDOW_LOG);
	} else if (inflateInit2(&p->gzip, 16 + MAX_WBITS) != Z_OK) {
		diag_oom();
	}
	return p;
}

static const char *format_name(const struct pack *p)
{
	return p->zstd ? "zstd" : "gzip";
}

static int foreign(struct pack *p)
{
	return err_set(&p->bad, FAULT_DATA, "pack-format",
		       "%s: not %s data; rename the file if it is not compressed", p->path,
		       format_name(p));
}

static int damaged(struct pack *p, const char *why)
{
	return err_set(&p->bad, FAULT_DATA, "pack-damaged",
		       "%s: damaged %s data near byte %llu: %s", p->path, format_name(p),
		       (unsigned long long)(p->consumed - (p->end - p->pos)), why);
}

/* Read more of the file once all is decoded.  Return 1, 0 at its end, -1. */
static int refill(struct pack *p)
{
	ssize_t n;

	if (p->pos < p->end)
		return 1;
	if (p->eof)
		return 0;
	do
		n = p->source.read ? p->source.read(p->source.with, p->in, p->cap, &p->bad) :
				     read(p->fd, p->in, p->cap);
	while (n < 0 && !p->source.read && errno == EINTR);
	if (n < 0 && p->source.read)
		return -1;
	if (n < 0)
		return err_set(&p->bad, FAULT_IO, "read-failed", "%s: %s", p->path, strerror(errno));
	p->pos = 0;
	p->end = (size_t)n;
	p->consumed += (uint64_t)n;
	p->eof = n == 0;
	return n > 0;
}

static int fault_zstd(struct pack *p, size_t r)
{
	switch (ZSTD_getErrorCode(r)) {
	case ZSTD_error_memory_allocation:
		diag_oom();
	case ZSTD_error_frameParameter_windowTooLarge:
		return err_set(&p->bad, FAULT_DATA, "pack-window",
			       "%s: needs a zstd window of more than %u MiB; compress it again "
			       "without --long or --ultra",
			       p->path, (1U << PACK_WINDOW_LOG) >> 20);
	case ZSTD_error_prefix_unknown:
		if (!p->any)
			return foreign(p);
		return damaged(p, "what follows the last frame is not zstd");
	default:
		return damaged(p, ZSTD_getErrorName(r));
	}
}

/*
 * A call of zstd that fails gives nothing back, so it is fed one block at a time, and nothing while
 * it may still hold output: then all that stands before the damage has already been returned.  What
 * it wants is a block and the 3 bytes of the next one's header, or up to 4 bytes of something else.
 */
static int step_zstd(struct pack *p, ZSTD_outBuffer *out)
{
	size_t left = p->full ? 0 : p->end - p->pos, feed = p->want > 4 ? p->want - 3 : 1, r;
	ZSTD_inBuffer in = { p->in + p->pos, left < feed ? left : feed, 0 };

	r = ZSTD_decompressStream(p->zstd, out, &in);
	if (ZSTD_isError(r))
		return fault_zstd(p, r);
	p->pos += in.pos;
	p->full = out->pos == out->size;
	p->inside = r != 0;
	p->any |= r == 0;
	p->want = r ? r : p->start;
	return 0;
}

static int step_gzip(struct pack *p, ZSTD_outBuffer *out)
{
	int r;

	/* tapes and some archivers fill up with zeros behind the last member */
	while (!p->inside && p->any && p->pos < p->end && p->in[p->pos] == 0)
		p->pos++;
	p->gzip.next_in = p->in + p->pos;
	p->gzip.avail_in = (uInt)(p->end - p->pos);
	p->gzip.next_out = (unsigned char *)out->dst + out->pos;
	p->gzip.avail_out = (uInt)(out->size - out->pos);
	r = inflate(&p->gzip, Z_NO_FLUSH);
	p->pos = p->end - p->gzip.avail_in;
	out->pos = out->size - p->gzip.avail_out;
	switch (r) {
	case Z_STREAM_END:
		p->inside = false;
		p->any = true;
		return inflateReset(&p->gzip);
	case Z_OK:
	case Z_BUF_ERROR: /* it wants input */
		p->inside = p->gzip.total_in > 0;
		return 0;
	case Z_MEM_ERROR:
		diag_oom();
	default:
		if (!p->any && p->gzip.total_in <= 2) /* the length of its magic number */
			return foreign(p);
		return damaged(p, p->gzip.msg ? p->gzip.msg : "needs a dictionary");
	}
}

/* The file has ended: may it? */
static void finish(struct pack *p)
{
	if (p->inside)
		err_set(&p->bad, FAULT_DATA, "pack-short",
			"%s: the %s data ends in the middle; the file was cut short, or is still "
			"being written",
			p->path, format_name(p));
	else if (!p->any)
		err_set(&p->bad, FAULT_DATA, "pack-format", "%s: empty, not %s data", p->path,
			format_name(p));
	p->done = true;
}

ssize_t pack_read(struct pack *p, void *dst, size_t n, struct err *e)
{
	ZSTD_outBuffer out = { dst, n < INT32_MAX ? n : INT32_MAX, 0 };

	while (n > 0 && out.pos == 0 && !p->done && p->bad.fault == FAULT_NONE) {
		int more = refill(p);

		if (more > 0 || (more == 0 && p->inside))
			(void)(p->zstd ? step_zstd(p, &out) : step_gzip(p, &out));
		if (more == 0 && out.pos == 0)
			finish(p);
	}
	if (out.pos == 0 && p->bad.fault != FAULT_NONE) {
		*e = p->bad;
		return -1;
	}
	return (ssize_t)out.pos;
}

uint64_t pack_consumed(const struct pack *p)
{
	return p->consumed;
}

void pack_close(struct pack *p)
{
	if (p == NULL)
		return;
	if (p->zstd)
		ZSTD_freeDStream(p->zstd);
	else
		inflateEnd(&p->gzip);
	if (p->fd >= 0)
		close(p->fd);
	free(p->in);
	free(p->path);
	free(p);
}
