/* SPDX-License-Identifier: MIT */
#include "rates.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diag.h"
#include "file.h"
#include "hash.h"
#include "limit.h"

enum {
	FIRST_SLOTS = 1024, /* of a table in memory */
	/*
	 * Places looked at for one key in a file: then it is as good as full.  Of 2^32 keys in a table that is
	 * full to three quarters the last of them would still find its place after some 600.
	 */
	PROBES = 1024,
	SHARE_ONE = 1 << 16,
	SHARE_MIN = SHARE_ONE / 64,
	SHARE_STEP = SHARE_ONE / 100,
	VERSION = 1,
};

/* Stands at the head of a file.  All numbers are in the order of the machine: the file does not travel. */
struct head {
	char magic[8];
	uint32_t version, slot_bytes;
	uint64_t slots; /* a power of two */
	uint64_t seed;
	char rest[4096 - 32];
};

/*
 * 24 bytes: at the three quarters that a table is made for, 32 a key.  `lost` is what is taken off the
 * share, so that a page of zeros is a page of keys that were never seen.
 */
struct slot {
	_Atomic uint64_t hash; /* 0: free */
	_Atomic int64_t tat;
	_Atomic uint32_t lost;
	_Atomic uint32_t lowered; /* second of the last decrease, of 2^32 */
};

struct rates {
	struct slot *slots;
	uint64_t n, used; /* used counts for memory only */
	uint64_t seed;
	struct head *head;   /* NULL: memory */
	size_t bytes;        /* of the file */
	struct rates *spill; /* memory for keys that find no place in the file */
};

/* Twice what the largest number of keys needs, 2^32; no product of it overflows. */
#define SLOTS_MAX (UINT64_C(1) << 34)

static const char magic[8] = "omnirate";

_Static_assert(sizeof(struct head) == 4096, "the head is one page");
_Static_assert(sizeof(struct slot) == 24, "a slot is three words");

static void *map(size_t bytes, int fd)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		return NULL;
	/* Keys lie anywhere: with small pages most of the time goes into finding the page. */
	madvise(p, bytes, MADV_HUGEPAGE);
	return p;
}

struct rates *rates_memory(void)
{
	struct rates *t = calloc(1, sizeof(*t));

	if (!t)
		diag_oom();
	t->n = FIRST_SLOTS;
	t->slots = map(t->n * sizeof(*t->slots), -1);
	if (!t->slots)
		diag_oom();
	t->seed = hash_seed();
	return t;
}

static int check_head(const struct head *h, const char *path, struct err *e)
{
	if (memcmp(h->magic, magic, sizeof(magic)) != 0)
		return err_set(e, FAULT_CONFIG, "state-foreign", "%s: not a table of rate limits", path);
	if (h->version != VERSION || h->slot_bytes != sizeof(struct slot))
		return err_set(e, FAULT_CONFIG, "state-version",
			       "%s: a table of another version; remove it, and limits begin anew", path);
	return 0;
}

static int check_size(const struct head *h, uint64_t bytes, const char *path, struct err *e)
{
	if (h->slots > 0 && (h->slots & (h->slots - 1)) == 0 && h->slots <= SLOTS_MAX &&
	    bytes == sizeof(*h) + h->slots * sizeof(struct slot))
		return 0;
	return err_set(e, FAULT_CONFIG, "state-damaged",
		       "%s: its size is not what its head says; remove it, and limits begin anew", path);
}

static int write_head(int fd, uint64_t keys, struct head *h)
{
	*h = (struct head){ .version = VERSION, .slot_bytes = sizeof(struct slot), .slots = FIRST_SLOTS };
	memcpy(h->magic, magic, sizeof(magic));
	h->seed = hash_seed();
	while (h->slots / 4 * 3 < keys)
		h->slots *= 2;
	return pwrite(fd, h, sizeof(*h), 0) == (ssize_t)sizeof(*h) ? 0 : -1;
}

/*
 * Make a table of the empty file ${fd}, or go on where somebody who did was killed: the head is written
 * first, and tells how large it was to become.  Its places are reserved: to write to a hole on a full disk
 * is a SIGBUS.
 */
static int make(int fd, uint64_t keys, struct stat *st, const char *path, struct err *e)
{
	struct head h;
	int rc;

	if ((st->st_size == 0 && write_head(fd, keys, &h) < 0) ||
	    pread(fd, &h, sizeof(h), 0) != (ssize_t)sizeof(h))
		return err_set(e, FAULT_IO, "state", "%s: %s", path, strerror(errno));
	if (check_head(&h, path, e) < 0 ||
	    check_size(&h, sizeof(h) + h.slots * sizeof(struct slot), path, e) < 0)
		return -1;
	rc = posix_fallocate(fd, sizeof(h), (off_t)(h.slots * sizeof(struct slot)));
	if (rc == 0 && fstat(fd, st) < 0)
		rc = errno;
	if (rc == 0)
		return 0;
	/* Empty, the file is no obstacle to a smaller table. */
	if (ftruncate(fd, 0) < 0)
		diag_warn("%s: %s; remove it", path, strerror(errno));
	return err_set(e, FAULT_IO, "state", "%s: no room for a table of %llu keys: %s", path,
		       (unsigned long long)keys, strerror(rc));
}

struct rates *rates_file(const char *path, uint64_t keys, struct err *e)
{
	struct rates *t = calloc(1, sizeof(*t));
	int fd = -1;
	struct stat st;

	if (!t)
		diag_oom();
	if (keys > 0 && file_parents(path, e) < 0)
		goto fail;
	fd = open(path, O_RDWR | O_CLOEXEC | (keys > 0 ? O_CREAT : 0), 0600);
	/* Only one process may find the file empty and make the table. */
	if (fd < 0 || flock(fd, LOCK_EX) < 0 || fstat(fd, &st) < 0) {
		err_set(e, FAULT_IO, "state", "%s: %s", path, strerror(errno));
		goto fail;
	}
	if (((st.st_size == 0 && keys > 0) || st.st_size == (off_t)sizeof(struct head)) &&
	    make(fd, keys, &st, path, e) < 0)
		goto fail;
	if (st.st_size < (off_t)sizeof(struct head)) {
		err_set(e, FAULT_CONFIG, "state-foreign", "%s: not a table of rate limits", path);
		goto fail;
	}
	t->head = map((size_t)st.st_size, fd);
	if (!t->head) {
		err_set(e, FAULT_IO, "state", "%s: %s", path, strerror(errno));
		goto fail;
	}
	t->bytes = (size_t)st.st_size;
	t->n = t->head->slots;
	if (check_head(t->head, path, e) < 0 || check_size(t->head, t->bytes, path, e) < 0)
		goto fail;
	t->slots = (struct slot *)(t->head + 1);
	t->seed = t->head->seed;
	flock(fd, LOCK_UN); /* the mapping would keep it */
	close(fd);
	return t;
fail:
	if (fd >= 0)
		close(fd);
	rates_free(t);
	return NULL;
}

void rates_free(struct rates *t)
{
	if (!t)
		return;
	if (t->head)
		munmap(t->head, t->bytes);
	else if (t->slots)
		munmap(t->slots, t->n * sizeof(*t->slots));
	rates_free(t->spill);
	free(t);
}

uint64_t rates_seed(const struct rates *t)
{
	return t->seed;
}

void rates_near(const struct rates *t, uint64_t hash)
{
	/* It is seldom found behind the second line of the cache. */
	__builtin_prefetch(&t->slots[hash & (t->n - 1)], 1);
	__builtin_prefetch(&t->slots[(hash + 2) & (t->n - 1)], 1);
}

/* A key that stands still and has learned nothing: as good as never seen. */
static bool still(struct slot *s, int64_t now)
{
	return atomic_load_explicit(&s->tat, memory_order_relaxed) <= now &&
	       atomic_load_explicit(&s->lost, memory_order_relaxed) == 0;
}

/* Lay the table anew without what stands still; twice as large, if the rest fills a third of it. */
static void renew(struct rates *t, int64_t now)
{
	struct slot *old = t->slots;
	uint64_t n = t->n, live = 0;

	for (uint64_t i = 0; i < n; i++)
		live += old[i].hash != 0 && !still(&old[i], now);
	if (live > n / 3)
		t->n *= 2;
	t->used = live;
	t->slots = map(t->n * sizeof(*t->slots), -1);
	if (!t->slots)
		diag_oom();
	for (uint64_t i = 0; i < n; i++) {
		uint64_t at = old[i].hash & (t->n - 1);

		if (old[i].hash == 0 || still(&old[i], now))
			continue;
		while (t->slots[at].hash != 0)
			at = (at + 1) & (t->n - 1);
		memcpy((void *)&t->slots[at], (const void *)&old[i], sizeof(*old));
	}
	munmap(old, n * sizeof(*old));
}

static struct slot *find_memory(struct rates *t, uint64_t hash)
{
	uint64_t at;

	for (at = hash & (t->n - 1); t->slots[at].hash != 0; at = (at + 1) & (t->n - 1))
		if (t->slots[at].hash == hash)
			return &t->slots[at];
	t->slots[at].hash = hash;
	t->used++;
	return &t->slots[at];
}

/*
 * A place is taken by changing its hash from 0, or from that of a key that has stood still for a
 * minute, so that nobody is in the middle of using it.  Should it be used in that moment all the same,
 * one of the two keys keeps a TAT that is the other's: it is let through, or held, once.
 *
 * The new key has stood still only from now on, or its place would be taken from it before it is used, by the
 * next key of the same record even.  It may have been used already by who was as fast.
 */
static bool claim(struct slot *s, uint64_t old, uint64_t hash, int64_t now)
{
	int64_t tat = atomic_load_explicit(&s->tat, memory_order_relaxed);

	if (!atomic_compare_exchange_strong(&s->hash, &old, hash))
		return false;
	atomic_compare_exchange_strong(&s->tat, &tat, now);
	if (old != 0)
		atomic_store(&s->lowered, 0);
	return true;
}

/* The place of ${hash} in the file; NULL if others fill all the places that it may stand in. */
static struct slot *find_file(struct rates *t, uint64_t hash, int64_t now)
{
	uint64_t home = hash & (t->n - 1), h;
	struct slot *idle = NULL;
	uint64_t idle_hash = 0;

	for (unsigned i = 0; i < PROBES; i++) {
		struct slot *s = &t->slots[(home + i) & (t->n - 1)];

		h = atomic_load_explicit(&s->hash, memory_order_acquire);
		if (h == 0 && !idle && claim(s, 0, hash, now))
			return s;
		if (h == 0 && !idle) /* another process was faster */
			h = atomic_load_explicit(&s->hash, memory_order_acquire);
		if (h == hash)
			return s;
		if (h == 0) /* nothing stands behind a place that was never used */
			break;
		if (!idle && still(s, now - 60 * RATES_SECOND)) {
			idle = s;
			idle_hash = h;
		}
	}
	if (!idle)
		return NULL;
	/* Whoever was faster may have wanted it for the same key. */
	return claim(idle, idle_hash, hash, now) || idle->hash == hash ? idle : find_file(t, hash, now);
}

/*
 * The places of ${n} keys.  A table in memory is made large enough for all of them before the first is
 * looked up, as it moves when it grows.
 */
static void find(struct rates *t, const struct rates_key *keys, unsigned n, int64_t now,
		 struct slot **slots)
{
	struct rates *memory = t->head ? t->spill : t;

	if (memory && memory->used + n > memory->n / 4 * 3)
		renew(memory, now);
	for (unsigned i = 0; i < n; i++) {
		uint64_t hash = keys[i].hash ? keys[i].hash : 1; /* 0 means free */

		slots[i] = t->head ? find_file(t, hash, now) : NULL;
		if (slots[i])
			continue;
		if (t->head && !t->spill) {
			t->spill = rates_memory();
			diag_warn("the state file is full: further keys are limited by this process alone; make a larger one");
		}
		slots[i] = find_memory(t->head ? t->spill : t, hash);
	}
}

/* ${units} of ${r}, slowed down by what was lost of its share; at most ten years. */
static int64_t span(const struct rate *r, int64_t units, uint32_t lost)
{
	__int128 most = (__int128)RATES_SECOND * 86400 * 3650;
	__int128 ns = (__int128)r->interval * units;

	if (lost > SHARE_ONE - SHARE_MIN)
		lost = SHARE_ONE - SHARE_MIN;
	if (lost > 0 && ns < most)
		ns = ns * SHARE_ONE / (SHARE_ONE - (int64_t)lost);
	return (int64_t)(ns < most ? ns : most);
}

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/*
 * The TAT of ${s}; what is further ahead than the rate of ${k} can have brought it is set back.  Who asks may be a little
 * behind who asked last.
 */
static int64_t load_tat(struct slot *s, const struct rates_key *k, int64_t now)
{
	int64_t tat = atomic_load_explicit(&s->tat, memory_order_relaxed), last;
	uint32_t lost = atomic_load_explicit(&s->lost, memory_order_relaxed);
	int64_t most = larger(larger(k->rate.burst, k->rate.most), k->units);

	if (tat <= now || __builtin_add_overflow(now, span(&k->rate, most, lost), &last) ||
	    tat - RATES_SECOND <= last)
		return tat;
	if (atomic_compare_exchange_strong_explicit(&s->tat, &tat, last, memory_order_relaxed,
						    memory_order_relaxed))
		return last;
	return tat < last ? tat : last; /* somebody else did */
}

/* When ${k} allows its units, and what they cost. */
static int64_t allows(struct slot *s, const struct rates_key *k, int64_t now, int64_t tat, int64_t *cost)
{
	uint32_t lost = atomic_load_explicit(&s->lost, memory_order_relaxed);
	int64_t room = span(&k->rate, larger(k->rate.burst, k->units), lost);

	*cost = span(&k->rate, k->units, lost);
	return tat > now ? larger(tat - (room - *cost), now) : now; /* in this order it never overflows */
}

/* The TAT after ${cost} was taken. */
static int64_t after(int64_t now, int64_t tat, int64_t cost)
{
	int64_t next;

	return __builtin_add_overflow(larger(tat, now), cost, &next) ? INT64_MAX : next;
}

static int64_t when(struct slot *const *slots, const struct rates_key *keys, unsigned n,
		    int64_t now, unsigned *slowest)
{
	int64_t last = now, cost;

	for (unsigned i = 0; i < n; i++) {
		int64_t tat = load_tat(slots[i], &keys[i], now);
		int64_t t = allows(slots[i], &keys[i], now, tat, &cost);

		if (t > last && slowest)
			*slowest = i;
		last = t > last ? t : last;
	}
	return last;
}

int64_t rates_when(struct rates *t, const struct rates_key *keys, unsigned n, int64_t now, unsigned *slowest)
{
	struct slot *slots[LIMITS_MAX];

	find(t, keys, n, now, slots);
	return when(slots, keys, n, now, slowest);
}

int64_t rates_take(struct rates *t, const struct rates_key *keys, unsigned n, int64_t now, unsigned *slowest)
{
	struct slot *slots[LIMITS_MAX];
	int64_t taken[LIMITS_MAX], at;
	unsigned i;

	find(t, keys, n, now, slots);
	at = when(slots, keys, n, now, slowest);
	for (i = 0; i < n && at == now; i++) {
		int64_t tat = atomic_load_explicit(&slots[i]->tat, memory_order_relaxed), next;

		do {
			at = allows(slots[i], &keys[i], now, tat, &taken[i]);
			next = after(now, tat, taken[i]);
		} while (at == now && !atomic_compare_exchange_weak_explicit(&slots[i]->tat, &tat,
									     next, memory_order_relaxed,
									     memory_order_relaxed));
		if (at > now && slowest)
			*slowest = i;
	}
	if (at == now)
		return now;
	/* Another process was faster at the last key: give back what was taken of those before. */
	while (i-- > 1)
		atomic_fetch_sub_explicit(&slots[i - 1]->tat, taken[i - 1], memory_order_relaxed);
	return at;
}

void rates_learn(struct rates *t, const struct rates_key *key, bool throttled, int64_t now)
{
	uint32_t second = (uint32_t)(now / RATES_SECOND), lowered, lost, next;
	struct slot *s;

	find(t, key, 1, now, &s);
	lost = atomic_load_explicit(&s->lost, memory_order_relaxed);
	if (throttled) {
		/* Answers to what was under way tell the same thing again. */
		lowered = atomic_exchange_explicit(&s->lowered, second, memory_order_relaxed);
		if (lowered == second)
			return;
	}
	do {
		next = lost > SHARE_STEP ? lost - SHARE_STEP : 0;
		if (throttled)
			next = lost + (SHARE_ONE - lost) / 2;
		if (next > SHARE_ONE - SHARE_MIN)
			next = SHARE_ONE - SHARE_MIN;
	} while (!atomic_compare_exchange_weak_explicit(&s->lost, &lost, next, memory_order_relaxed,
							memory_order_relaxed));
}

double rates_share(struct rates *t, const struct rates_key *key)
{
	struct slot *s;

	find(t, key, 1, 0, &s);
	return 1 - (double)atomic_load_explicit(&s->lost, memory_order_relaxed) / SHARE_ONE;
}

struct rates_stat rates_stat(const struct rates *t, int64_t now)
{
	struct rates_stat st = { .slots = t->n, .spilled = t->spill ? t->spill->used : 0 };

	for (uint64_t i = 0; i < t->n; i++) {
		struct slot *s = &t->slots[i];

		if (s->hash == 0 || still(s, now))
			continue;
		st.used++;
		st.slowed += s->lost > 0;
	}
	return st;
}
