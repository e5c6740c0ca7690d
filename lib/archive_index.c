/* SPDX-License-Identifier: MIT */
#include "archive_index.h"

#include <endian.h>
#include <stdlib.h>

#include "diag.h"
#include "file.h"
#include "pack_frame.h"

/* ---- keys ---- */

static uint64_t mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9E3779B97F4A7C15;
	return h ^ h >> 29;
}

static uint64_t mix_text(uint64_t h, struct str s)
{
	uint64_t v;

	for (; s.n >= sizeof(v); s.p += sizeof(v), s.n -= sizeof(v)) {
		memcpy(&v, s.p, sizeof(v));
		h = mix(h, le64toh(v));
	}
	v = 0;
	if (s.n > 0)
		memcpy(&v, s.p, s.n);
	return mix(h, le64toh(v) | (uint64_t)s.n << 56);
}

uint64_t archive_hash(struct str name, struct str value)
{
	uint64_t h = mix_text(mix_text(0x6f6d6e69, name), value);

	h = (h ^ h >> 32) * 0xD6E8FEB86659FD93;
	return h ^ h >> 32;
}

/*
 * Least significant digit first, 11 bits a round: half a million keys of a segment in some 10 ms,
 * where qsort takes ten times as long.  Frames come in ascending, and a stable sort keeps them so.
 */
static void radix(struct archive_key *keys, struct archive_key *other, size_t n)
{
	static const unsigned shifts[] = { 0, 11, 22, 33, 44, 55 };
	struct archive_key *from = keys, *to = other;

	for (size_t round = 0; round < LEN(shifts); round++) {
		size_t at[2049] = { 0 };
		struct archive_key *was = from;

		for (size_t i = 0; i < n; i++)
			at[(from[i].hash >> shifts[round] & 2047) + 1]++;
		for (size_t i = 0; i < 2048; i++)
			at[i + 1] += at[i];
		for (size_t i = 0; i < n; i++)
			to[at[from[i].hash >> shifts[round] & 2047]++] = from[i];
		from = to;
		to = was;
	}
}

/* Sort ${n} keys and drop those that are twice; return how many are left. */
static size_t sort_keys(struct archive_key *keys, size_t n)
{
	struct archive_key *other = malloc(n * sizeof(*other) + 1);
	size_t kept = 0;

	if (!other)
		diag_oom();
	radix(keys, other, n); /* an even number of rounds: the result is where it began */
	free(other);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || keys[kept - 1].hash != keys[i].hash ||
		    keys[kept - 1].frame != keys[i].frame)
			keys[kept++] = keys[i];
	return kept;
}

/* ---- making ---- */

static void *more(void *p, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return p;
	*cap = *cap ? *cap * 2 : 64;
	p = reallocarray(p, *cap, size);
	if (!p)
		diag_oom();
	return p;
}

void archive_index_frame(struct archive_index *x, const struct archive_frame *f)
{
	x->frames = more(x->frames, x->n_frames, &x->cap_frames, sizeof(*x->frames));
	x->frames[x->n_frames++] = *f;
}

void archive_index_key(struct archive_index *x, uint64_t hash, uint32_t frame)
{
	x->keys = more(x->keys, x->n_keys, &x->cap_keys, sizeof(*x->keys));
	x->keys[x->n_keys++] = (struct archive_key){ hash, frame };
}

void archive_index_free(struct archive_index *x)
{
	free(x->frames);
	free(x->keys);
	*x = (struct archive_index){ 0 };
}

static char *put32(char *p, uint32_t v)
{
	v = htole32(v);
	memcpy(p, &v, sizeof(v));
	return p + sizeof(v);
}

static char *put64(char *p, uint64_t v)
{
	v = htole64(v);
	memcpy(p, &v, sizeof(v));
	return p + sizeof(v);
}

/* A further page at the end of ${b}, empty; return where its content begins. */
static char *page_new(struct buf *b)
{
	char *p = buf_grow(b, ARCHIVE_PAGE);

	memset(p, 0, ARCHIVE_PAGE);
	put32(p + 4, (uint32_t)(b->n / ARCHIVE_PAGE));
	b->n += ARCHIVE_PAGE;
	return p + ARCHIVE_PAGE_HEAD;
}

static void pages_close(struct buf *b)
{
	for (char *p = b->p; p < b->p + b->n; p += ARCHIVE_PAGE)
		put32(p, pack_crc((struct str){ p + 4, ARCHIVE_PAGE - 4 }));
}

static void write_head(const struct archive_index *x, struct buf *b)
{
	char *p = page_new(b), *names = p - ARCHIVE_PAGE_HEAD + ARCHIVE_PAGE_NAMES;

	memcpy(p, ARCHIVE_INDEX_MAGIC, 8);
	p = put32(p + 8, ARCHIVE_INDEX_VERSION);
	p = put32(p, x->names.n);
	p = put64(p, x->sum.bytes);
	memcpy(p, x->sum.sha256, sizeof(x->sum.sha256));
	p = put64(p + sizeof(x->sum.sha256), x->sum.raw);
	p = put64(p, x->sum.lines);
	p = put64(p, x->n_frames);
	p = put64(p, x->n_keys);
	p = put64(p, (uint64_t)x->sum.t0);
	put64(p, (uint64_t)x->sum.t1);
	for (unsigned i = 0; i < x->names.n; i++) {
		memcpy(names, x->names.name[i].p, x->names.name[i].n);
		names += x->names.name[i].n + 1;
	}
}

static void write_pages(const struct archive_index *x, struct buf *b)
{
	char *p = NULL;

	write_head(x, b);
	for (size_t i = 0; i < x->n_frames; i++) {
		const struct archive_frame *f = &x->frames[i];

		if (i % ARCHIVE_PAGE_FRAMES == 0)
			p = page_new(b);
		p = put64(p, f->offset);
		p = put32(p, f->bytes);
		p = put32(p, f->raw);
		p = put32(p, f->lines);
		p = put32(p, 0);
		p = put64(p, (uint64_t)f->t0);
		p = put64(p, (uint64_t)f->t1);
	}
	for (size_t i = 0; i < x->n_keys; i++) {
		if (i % ARCHIVE_PAGE_KEYS == 0)
			p = page_new(b);
		p = put64(p, x->keys[i].hash);
		p = put32(p, x->keys[i].frame);
	}
	pages_close(b);
}

void archive_index_bytes(struct archive_index *x, struct buf *b)
{
	x->n_keys = sort_keys(x->keys, x->n_keys);
	write_pages(x, b);
}

int archive_index_write(struct archive_index *x, const char *path, bool sync, struct err *e)
{
	struct buf b = { .max = SIZE_MAX };
	int rc;

	archive_index_bytes(x, &b);
	rc = file_replace(path, buf_get(&b), 0440, sync, e);
	buf_free(&b);
	return rc;
}
