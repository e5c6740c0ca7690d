/* SPDX-License-Identifier: MIT */
#include "archive_index.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diag.h"
#include "file.h"
#include "limit.h"
#include "pack_frame.h"

enum {
	PAGE = 4096,
	PAGE_HEAD = 8,
	FRAME_BYTES = 40,
	KEY_BYTES = 12,
	FRAMES_A_PAGE = 102,
	KEYS_A_PAGE = 340,
	VERSION = 1,
	NAMES_AT = 128, /* in page 0 */
};

static const char magic[8] = { 'o', 'm', 'n', 'i', '-', 'i', 'd', 'x' };

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

size_t archive_keys_sort(struct archive_key *keys, size_t n)
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
	char *p = buf_grow(b, PAGE);

	memset(p, 0, PAGE);
	put32(p + 4, (uint32_t)(b->n / PAGE));
	b->n += PAGE;
	return p + PAGE_HEAD;
}

static void pages_close(struct buf *b)
{
	for (char *p = b->p; p < b->p + b->n; p += PAGE)
		put32(p, pack_crc((struct str){ p + 4, PAGE - 4 }));
}

static void write_head(const struct archive_index *x, struct buf *b)
{
	char *p = page_new(b), *names = p - PAGE_HEAD + NAMES_AT;

	memcpy(p, magic, sizeof(magic));
	p = put32(p + sizeof(magic), VERSION);
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

		if (i % FRAMES_A_PAGE == 0)
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
		if (i % KEYS_A_PAGE == 0)
			p = page_new(b);
		p = put64(p, x->keys[i].hash);
		p = put32(p, x->keys[i].frame);
	}
	pages_close(b);
}

void archive_index_bytes(struct archive_index *x, struct buf *b)
{
	x->n_keys = archive_keys_sort(x->keys, x->n_keys);
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

/* ---- reading ---- */

struct archive_lookup {
	int fd;
	char *path;
	struct archive_sum sum;
	struct archive_names names;
	struct archive_frame *frames;
	size_t n_frames;
	uint64_t n_keys, keys_at; /* page of the first key */
	char page[PAGE];          /* the one that was read last, and that of the names */
	uint64_t page_no;
	char head[PAGE];
};

static uint32_t get32(const char **p)
{
	uint32_t v;

	memcpy(&v, *p, sizeof(v));
	*p += sizeof(v);
	return le32toh(v);
}

static uint64_t get64(const char **p)
{
	uint64_t v;

	memcpy(&v, *p, sizeof(v));
	*p += sizeof(v);
	return le64toh(v);
}

static int damaged(const struct archive_lookup *l, struct err *e, const char *why, uint64_t page)
{
	return err_set(e, FAULT_DATA, "archive-index", "%s: page %llu: %s", l->path,
		       (unsigned long long)page, why);
}

/* Read page ${no} into l->page.  Return its content, or NULL. */
static const char *page_read(struct archive_lookup *l, uint64_t no, struct err *e)
{
	const char *p = l->page;
	ssize_t n;

	if (no == l->page_no)
		return p + PAGE_HEAD;
	l->page_no = UINT64_MAX;
	n = pread(l->fd, l->page, PAGE, (off_t)(no * PAGE));
	if (n < 0) {
		err_set(e, FAULT_IO, "input", "%s: %s", l->path, strerror(errno));
		return NULL;
	}
	if (n < PAGE) {
		damaged(l, e, "it is not there", no);
		return NULL;
	}
	if (get32(&p) != pack_crc((struct str){ l->page + 4, PAGE - 4 }) || get32(&p) != no) {
		damaged(l, e, "its checksum does not hold", no);
		return NULL;
	}
	l->page_no = no;
	return p;
}

static int read_names(struct archive_lookup *l, uint32_t n, struct err *e)
{
	const char *p = l->head + NAMES_AT, *end = l->head + PAGE;

	if (n == 0 || n > LEN(l->names.name))
		return damaged(l, e, "has no names of members", 0);
	for (l->names.n = 0; l->names.n < n; l->names.n++) {
		const char *nul = memchr(p, '\0', (size_t)(end - p));

		if (!nul || nul == p)
			return damaged(l, e, "has no names of members", 0);
		l->names.name[l->names.n] = (struct str){ p, (size_t)(nul - p) };
		p = nul + 1;
	}
	return 0;
}

/* Page 0, and whether the file is as long as it says. */
static int read_head(struct archive_lookup *l, struct err *e)
{
	const char *p = page_read(l, 0, e);
	uint64_t pages;
	uint32_t names;
	struct stat st;

	if (!p || fstat(l->fd, &st) < 0)
		return p ? err_set(e, FAULT_IO, "input", "%s: %s", l->path, strerror(errno)) : -1;
	memcpy(l->head, l->page, PAGE);
	if (memcmp(p, magic, sizeof(magic)) != 0)
		return damaged(l, e, "not an index", 0);
	p += sizeof(magic);
	if (get32(&p) != VERSION)
		return damaged(l, e, "an index of another version", 0);
	names = get32(&p);
	l->sum.bytes = get64(&p);
	memcpy(l->sum.sha256, p, sizeof(l->sum.sha256));
	p += sizeof(l->sum.sha256);
	l->sum.raw = get64(&p);
	l->sum.lines = get64(&p);
	l->n_frames = get64(&p);
	l->n_keys = get64(&p);
	l->sum.t0 = (int64_t)get64(&p);
	l->sum.t1 = (int64_t)get64(&p);
	pages = (uint64_t)st.st_size / PAGE;
	if (l->n_frames > pages * FRAMES_A_PAGE || l->n_keys > pages * KEYS_A_PAGE)
		return damaged(l, e, "the index is too short", 0);
	l->keys_at = 1 + (l->n_frames + FRAMES_A_PAGE - 1) / FRAMES_A_PAGE;
	if (pages * PAGE != (uint64_t)st.st_size ||
	    pages != l->keys_at + (l->n_keys + KEYS_A_PAGE - 1) / KEYS_A_PAGE)
		return damaged(l, e, "the index is too short", 0);
	return read_names(l, names, e);
}

static int read_frames(struct archive_lookup *l, struct err *e)
{
	uint64_t end = 0;
	const char *p = NULL;

	l->frames = calloc(l->n_frames + 1, sizeof(*l->frames));
	if (!l->frames)
		diag_oom();
	for (size_t i = 0; i < l->n_frames; i++) {
		struct archive_frame *f = &l->frames[i];

		if (i % FRAMES_A_PAGE == 0 && !(p = page_read(l, 1 + i / FRAMES_A_PAGE, e)))
			return -1;
		f->offset = get64(&p);
		f->bytes = get32(&p);
		f->raw = get32(&p);
		f->lines = get32(&p);
		get32(&p);
		f->t0 = (int64_t)get64(&p);
		f->t1 = (int64_t)get64(&p);
		if (f->offset < end || f->offset > l->sum.bytes ||
		    f->bytes > l->sum.bytes - f->offset || f->raw > ARCHIVE_FRAME_MAX)
			return damaged(l, e, "a frame is where none can be", 1 + i / FRAMES_A_PAGE);
		end = f->offset + f->bytes;
	}
	return 0;
}

struct archive_lookup *archive_lookup_open(const char *path, bool frames, struct err *e)
{
	struct archive_lookup *l = calloc(1, sizeof(*l));

	if (!l)
		diag_oom();
	l->page_no = UINT64_MAX;
	l->path = strdup(path);
	if (!l->path)
		diag_oom();
	l->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (l->fd < 0)
		err_set(e, FAULT_IO, "input", "%s: %s", path, strerror(errno));
	else if (read_head(l, e) == 0 && (!frames || read_frames(l, e) == 0))
		return l;
	archive_lookup_close(l);
	return NULL;
}

void archive_lookup_close(struct archive_lookup *l)
{
	if (!l)
		return;
	if (l->fd >= 0)
		close(l->fd);
	free(l->path);
	free(l->frames);
	free(l);
}

const struct archive_sum *archive_lookup_sum(const struct archive_lookup *l)
{
	return &l->sum;
}

const struct archive_names *archive_lookup_names(const struct archive_lookup *l)
{
	return &l->names;
}

const struct archive_frame *archive_lookup_frames(const struct archive_lookup *l, size_t *n)
{
	*n = l->n_frames;
	return l->frames;
}

/* Key ${i} into ${k}.  Return 0, or -1 if its page is damaged. */
static int key_at(struct archive_lookup *l, uint64_t i, struct archive_key *k, struct err *e)
{
	const char *p = page_read(l, l->keys_at + i / KEYS_A_PAGE, e);

	if (!p)
		return -1;
	p += i % KEYS_A_PAGE * KEY_BYTES;
	k->hash = get64(&p);
	k->frame = get32(&p);
	return 0;
}

/* Where a key with ${hash} would be among those from ${low} to ${high}, if they lie evenly. */
static uint64_t guess(uint64_t hash, uint64_t low, uint64_t high, uint64_t from, uint64_t to)
{
	double part;
	uint64_t i;

	if (hash <= from || hash >= to) /* only if they do not ascend */
		return low;
	part = (double)(hash - from) / (double)(to - from);
	i = low + (uint64_t)(part * (double)(high - low));
	return i < high ? i : high - 1;
}

/*
 * The first key that is not less than ${hash}.  Hashes lie evenly, so the first page that is read is
 * the right one or its neighbour: two pages of the disk where halving takes ten.
 */
static int lower_bound(struct archive_lookup *l, uint64_t hash, uint64_t *at, struct err *e)
{
	uint64_t low = 0, high = l->n_keys, from = 0, to = UINT64_MAX;

	for (unsigned round = 0; low < high; round++) {
		uint64_t i = round < 4 ? guess(hash, low, high, from, to) : low + (high - low) / 2;
		uint64_t first = i - i % KEYS_A_PAGE, last = first + KEYS_A_PAGE - 1;
		struct archive_key a, b;

		first = first < low ? low : first;
		last = last < high ? last : high - 1;
		if (key_at(l, first, &a, e) < 0 || key_at(l, last, &b, e) < 0)
			return -1;
		if (b.hash < hash) {
			low = last + 1;
			from = b.hash;
		} else if (a.hash >= hash) {
			high = first;
			to = a.hash;
		} else {
			low = first + 1;
			high = last;
			while (low < high) {
				i = low + (high - low) / 2;
				if (key_at(l, i, &a, e) < 0)
					return -1;
				if (a.hash < hash)
					low = i + 1;
				else
					high = i;
			}
		}
	}
	*at = low;
	return 0;
}

int archive_lookup_find(struct archive_lookup *l, uint64_t hash, uint32_t *frames, size_t max,
			struct err *e)
{
	struct archive_key k;
	uint64_t at;
	size_t n = 0;

	if (lower_bound(l, hash, &at, e) < 0)
		return -1;
	for (; at < l->n_keys && n < max; at++) {
		if (key_at(l, at, &k, e) < 0)
			return -1;
		if (k.hash != hash)
			break;
		if (k.frame < l->n_frames)
			frames[n++] = k.frame;
	}
	return (int)n;
}
