/* SPDX-License-Identifier: MIT */
#include "archive_lookup.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diag.h"
#include "limit.h"
#include "pack_frame.h"

struct archive_lookup {
	int fd;
	char *path;
	struct archive_sum sum;
	struct archive_names names;
	struct archive_frame *frames;
	size_t n_frames;
	uint64_t n_keys, keys_at; /* page of the first key */
	char page[ARCHIVE_PAGE];  /* the one that was read last, and that of the names */
	uint64_t page_no;
	char head[ARCHIVE_PAGE];
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
		return p + ARCHIVE_PAGE_HEAD;
	l->page_no = UINT64_MAX;
	n = pread(l->fd, l->page, ARCHIVE_PAGE, (off_t)(no * ARCHIVE_PAGE));
	if (n < 0) {
		err_set(e, FAULT_IO, "input", "%s: %s", l->path, strerror(errno));
		return NULL;
	}
	if (n < ARCHIVE_PAGE) {
		damaged(l, e, "it is not there", no);
		return NULL;
	}
	if (get32(&p) != pack_crc((struct str){ l->page + 4, ARCHIVE_PAGE - 4 }) || get32(&p) != no) {
		damaged(l, e, "its checksum does not hold", no);
		return NULL;
	}
	l->page_no = no;
	return p;
}

static int read_names(struct archive_lookup *l, uint32_t n, struct err *e)
{
	const char *p = l->head + ARCHIVE_PAGE_NAMES, *end = l->head + ARCHIVE_PAGE;

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
	memcpy(l->head, l->page, ARCHIVE_PAGE);
	if (memcmp(p, ARCHIVE_INDEX_MAGIC, 8) != 0)
		return damaged(l, e, "not an index", 0);
	p += 8;
	if (get32(&p) != ARCHIVE_INDEX_VERSION)
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
	pages = (uint64_t)st.st_size / ARCHIVE_PAGE;
	if (l->n_frames > pages * ARCHIVE_PAGE_FRAMES || l->n_keys > pages * ARCHIVE_PAGE_KEYS)
		return damaged(l, e, "the index is too short", 0);
	l->keys_at = 1 + (l->n_frames + ARCHIVE_PAGE_FRAMES - 1) / ARCHIVE_PAGE_FRAMES;
	if (pages * ARCHIVE_PAGE != (uint64_t)st.st_size ||
	    pages != l->keys_at + (l->n_keys + ARCHIVE_PAGE_KEYS - 1) / ARCHIVE_PAGE_KEYS)
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

		if (i % ARCHIVE_PAGE_FRAMES == 0 && !(p = page_read(l, 1 + i / ARCHIVE_PAGE_FRAMES, e)))
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
			return damaged(l, e, "a frame is where none can be", 1 + i / ARCHIVE_PAGE_FRAMES);
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
	l->path = str_dup(str_c(path));
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
	const char *p = page_read(l, l->keys_at + i / ARCHIVE_PAGE_KEYS, e);

	if (!p)
		return -1;
	p += i % ARCHIVE_PAGE_KEYS * ARCHIVE_KEY_BYTES;
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
		uint64_t first = i - i % ARCHIVE_PAGE_KEYS, last = first + ARCHIVE_PAGE_KEYS - 1;
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

void archive_lookup_ahead(const char *path, uint64_t frames, uint64_t hash)
{
	uint64_t keys_at = 1 + (frames + ARCHIVE_PAGE_FRAMES - 1) / ARCHIVE_PAGE_FRAMES, pages, at;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && (uint64_t)st.st_size / ARCHIVE_PAGE > keys_at) {
		pages = (uint64_t)st.st_size / ARCHIVE_PAGE - keys_at;
		/* Of a million keys, which lie evenly, one is some 500 off: a page and a half. */
		at = keys_at + (uint64_t)((double)hash / 0x1p64 * (double)pages);
		at = at > 2 ? at - 2 : 0;
		posix_fadvise(fd, 0, ARCHIVE_PAGE, POSIX_FADV_WILLNEED);
		posix_fadvise(fd, (off_t)(at * ARCHIVE_PAGE), 5 * ARCHIVE_PAGE, POSIX_FADV_WILLNEED);
	}
	close(fd);
}
