/* SPDX-License-Identifier: MIT */
#include "pack_frame.h"

#include <endian.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "diag.h"
#include "limit.h"

enum { BLOCK_STEP = 128 << 10 };

static const uint32_t magic_frame = 0xFD2FB528, magic_skipped = 0x184D2A50;

struct pack_maker {
	ZSTD_CCtx *zstd;
};

struct pack_reader {
	ZSTD_DCtx *zstd;
};

/* Our own parameters and buffers: what fails here is memory. */
static size_t must(size_t r)
{
	if (ZSTD_isError(r))
		diag_oom();
	return r;
}

struct pack_maker *pack_maker_new(int level)
{
	struct pack_maker *m = malloc(sizeof(*m));

	if (!m)
		diag_oom();
	m->zstd = ZSTD_createCCtx();
	if (!m->zstd)
		diag_oom();
	must(ZSTD_CCtx_setParameter(m->zstd, ZSTD_c_compressionLevel, level));
	must(ZSTD_CCtx_setParameter(m->zstd, ZSTD_c_checksumFlag, 1));
	return m;
}

void pack_maker_free(struct pack_maker *m)
{
	if (!m)
		return;
	ZSTD_freeCCtx(m->zstd);
	free(m);
}

void pack_add(struct pack_maker *m, struct buf *out, struct str text, enum pack_until until)
{
	ZSTD_EndDirective how = until == PACK_END ? ZSTD_e_end : ZSTD_e_flush;
	ZSTD_inBuffer in = { text.p, text.n, 0 };
	/* With room for all of it a frame that is given whole is compressed where it lies. */
	size_t left, step = until == PACK_END ? ZSTD_compressBound(text.n) + BLOCK_STEP : BLOCK_STEP;

	do {
		char *p = buf_grow(out, step);
		ZSTD_outBuffer to = { p, step, 0 };

		if (!p) {
			out->over = true;
			return;
		}
		left = must(ZSTD_compressStream2(m->zstd, &to, &in, how));
		out->n += to.pos;
	} while (left > 0);
}

void pack_put32(struct buf *b, uint32_t v)
{
	v = htole32(v);
	buf_add(b, &v, sizeof(v));
}

uint32_t pack_get32(const char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

void pack_add_skipped(struct buf *out, struct str content)
{
	pack_put32(out, magic_skipped | 0xE);
	pack_put32(out, (uint32_t)content.n);
	buf_str(out, content);
}

bool pack_skipped(struct str bytes)
{
	return bytes.n >= 4 && (pack_get32(bytes.p) & 0xFFFFFFF0) == magic_skipped;
}

enum pack_state pack_measure(struct str bytes, size_t *n)
{
	size_t r;

	if (bytes.n < 4)
		return PACK_CUT;
	if (pack_get32(bytes.p) != magic_frame && !pack_skipped(bytes))
		return PACK_FOREIGN;
	r = ZSTD_findFrameCompressedSize(bytes.p, bytes.n);
	if (!ZSTD_isError(r)) {
		*n = r;
		return PACK_WHOLE;
	}
	return ZSTD_getErrorCode(r) == ZSTD_error_srcSize_wrong ? PACK_CUT : PACK_FOREIGN;
}

size_t pack_search(struct str bytes, size_t from)
{
	while (from + 4 <= bytes.n) {
		const char *p = memchr(bytes.p + from, (int)(magic_frame & 0xff), bytes.n - from - 3);

		if (!p)
			break;
		from = (size_t)(p - bytes.p);
		if (pack_get32(p) == magic_frame)
			return from;
		from++;
	}
	return bytes.n;
}

/* True if decoding failed because of its input: memory that is missing damages nothing. */
static bool failed(size_t r)
{
	if (ZSTD_getErrorCode(r) == ZSTD_error_memory_allocation)
		diag_oom();
	return ZSTD_isError(r);
}

struct pack_reader *pack_reader_new(void)
{
	struct pack_reader *r = malloc(sizeof(*r));

	if (!r)
		diag_oom();
	r->zstd = ZSTD_createDCtx();
	if (!r->zstd)
		diag_oom();
	must(ZSTD_DCtx_setParameter(r->zstd, ZSTD_d_windowLogMax, PACK_WINDOW_LOG));
	return r;
}

void pack_reader_free(struct pack_reader *r)
{
	if (!r)
		return;
	ZSTD_freeDCtx(r->zstd);
	free(r);
}

static int damaged(struct buf *out, size_t before, struct err *e, const char *why)
{
	out->n = before;
	out->over = false;
	return err_set(e, FAULT_DATA, "pack-damaged", "%s", why);
}

/* The length of the content is known: decoded where it belongs, without a copy. */
static int frame_of(struct pack_reader *r, struct str frame, size_t raw, struct buf *out, struct err *e)
{
	char *p = buf_grow(out, raw);
	size_t n;

	if (!p)
		return damaged(out, out->n, e, "its content is longer than a frame may be");
	n = ZSTD_decompressDCtx(r->zstd, p, raw, frame.p, frame.n);
	if (failed(n))
		return damaged(out, out->n, e, ZSTD_getErrorName(n));
	if (n != raw)
		return damaged(out, out->n, e, "its content is shorter than the index says");
	out->n += n;
	return 0;
}

int pack_frame(struct pack_reader *r, struct str frame, size_t raw, struct buf *out, struct err *e)
{
	ZSTD_inBuffer in = { frame.p, frame.n, 0 };
	size_t before = out->n, left = 1;

	if (raw > 0)
		return frame_of(r, frame, raw, out, e);
	must(ZSTD_DCtx_reset(r->zstd, ZSTD_reset_session_only));
	while (left > 0) {
		char *p = buf_grow(out, BLOCK_STEP);
		ZSTD_outBuffer to = { p, BLOCK_STEP, 0 };
		size_t at = in.pos;

		if (!p)
			return damaged(out, before, e, "its content is longer than a frame may be");
		left = ZSTD_decompressStream(r->zstd, &to, &in);
		if (failed(left))
			return damaged(out, before, e, ZSTD_getErrorName(left));
		if (left > 0 && to.pos == 0 && in.pos == at)
			return damaged(out, before, e, "it ends in the middle");
		out->n += to.pos;
	}
	if (in.pos < in.size)
		return damaged(out, before, e, "it ends before it should");
	return 0;
}

void pack_salvage(struct pack_reader *r, struct str bytes, struct buf *out)
{
	size_t pos = 0, want;
	bool full = false;

	must(ZSTD_DCtx_reset(r->zstd, ZSTD_reset_session_only));
	/*
	 * A call that fails gives nothing back, so it is fed a block at a time: what it asks for is
	 * a block and the 3 bytes of the next one's header, or the few of a header.
	 */
	want = 5;
	while (want > 0) {
		size_t feed = full ? 0 : want > 4 ? want - 3 : 1;
		char *p = buf_grow(out, BLOCK_STEP);
		ZSTD_inBuffer in = { bytes.p + pos, feed < bytes.n - pos ? feed : bytes.n - pos, 0 };
		ZSTD_outBuffer to = { p, BLOCK_STEP, 0 };

		if (!p)
			break;
		want = ZSTD_decompressStream(r->zstd, &to, &in);
		if (failed(want))
			break;
		out->n += to.pos;
		pos += in.pos;
		full = to.pos == to.size;
		if (pos == bytes.n && to.pos == 0 && in.pos == 0)
			break;
	}
	out->over = false;
}

uint32_t pack_crc(struct str s)
{
	return (uint32_t)crc32_z(0, (const unsigned char *)s.p, s.n);
}
