/* SPDX-License-Identifier: MIT */
#include "join.h"

#include <search.h>
#include <stdlib.h>

#include "db.h"
#include "diag.h"
#include "spans.h"

/* A lease some of whose shares have come. */
struct pending {
	struct str key; /* first: what the tree compares */
	struct pending *next, *prev;
	struct spans spans;
	struct join_word word;
	bool heard; /* `word` is set */
};

struct join {
	struct db *db;                        /* NULL: in memory */
	void *tree;                           /* of those in `waiting`, by key */
	struct pending waiting, whole, given; /* rings, the oldest first */
	uint64_t n, bytes;                    /* of those in `waiting` */
	uint64_t forgotten;
	bool begun;
};

static const char *const steps[] = {
	"CREATE TABLE lease ("
	"	id INTEGER PRIMARY KEY,"
	"	key TEXT NOT NULL UNIQUE,"
	"	spans TEXT NOT NULL," /* the shares that are in, as intervals: 0/1-1/3,2/3-1/1 */
	"	what INTEGER NOT NULL, at_ms INTEGER NOT NULL,"
	"	part INTEGER NOT NULL, parts INTEGER NOT NULL, text TEXT,"
	"	touched_ms INTEGER NOT NULL);"
	"CREATE INDEX lease_touched ON lease (touched_ms);",
	NULL,
};

static const struct db_schema schema = { .magic = 0x6f6d6e6a, .what = "file of joins", .steps = steps };

static int compare(const void *a, const void *b)
{
	return str_cmp(((const struct pending *)a)->key, ((const struct pending *)b)->key);
}

static void ring_init(struct pending *ring)
{
	ring->next = ring->prev = ring;
}

static void ring_take(struct pending *p)
{
	p->prev->next = p->next;
	p->next->prev = p->prev;
}

static void ring_put(struct pending *ring, struct pending *p)
{
	p->next = ring;
	p->prev = ring->prev;
	ring->prev->next = p;
	ring->prev = p;
}

static uint64_t size_of(const struct pending *p)
{
	return sizeof(*p) + p->key.n + p->spans.cap * sizeof(*p->spans.list) + p->word.text.n;
}

static struct str copy(struct str s)
{
	char *p = malloc(s.n + 1);

	if (!p)
		diag_oom();
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	return (struct str){ s.p ? p : (free(p), NULL), s.n };
}

static void pending_free(struct pending *p)
{
	spans_free(&p->spans);
	free((char *)(uintptr_t)p->key.p);
	free((char *)(uintptr_t)p->word.text.p);
	free(p);
}

static void ring_free(struct pending *ring)
{
	while (ring->next != ring) {
		struct pending *p = ring->next;

		ring_take(p);
		pending_free(p);
	}
}

/* Out of the ring and the tree of those that wait. */
static void leave(struct join *j, struct pending *p)
{
	tdelete(p, &j->tree, compare);
	ring_take(p);
	j->n--;
	j->bytes -= size_of(p);
}

static void forget(struct join *j, struct pending *p)
{
	leave(j, p);
	pending_free(p);
	j->forgotten++;
}

static struct pending *find(struct join *j, struct str key)
{
	struct pending probe = { .key = key }, *p;
	void *node = tfind(&probe, &j->tree, compare);

	if (node)
		return *(struct pending **)node;
	p = calloc(1, sizeof(*p));
	if (!p)
		diag_oom();
	p->key = copy(key);
	if (!tsearch(p, &j->tree, compare))
		diag_oom();
	ring_put(&j->waiting, p);
	j->n++;
	j->bytes += size_of(p);
	return p;
}

static struct fraction begin_of(struct share s)
{
	return (struct fraction){ s.part - 1, s.parts };
}

/* True if ${a} is heard rather than ${b}: whatever came first. */
static bool outranks(const struct join_word *a, const struct join_word *b)
{
	if (a->what != b->what)
		return a->what > b->what;
	if (a->at_ms != b->at_ms)
		return a->at_ms > b->at_ms;
	return fraction_cmp(begin_of(a->share), begin_of(b->share)) < 0;
}

static void hear(struct pending *p, const struct join_word *w)
{
	if (p->heard && !outranks(w, &p->word))
		return;
	free((char *)(uintptr_t)p->word.text.p);
	p->word = *w;
	p->word.text = copy(w->text);
	p->heard = true;
}

void join_add(struct join *j, struct str key, const struct join_word *w)
{
	struct pending *p = find(j, key);
	struct span span = { begin_of(w->share), { w->share.part, w->share.parts } };

	j->bytes -= size_of(p);
	hear(p, w);
	if (spans_add(&p->spans, span) < 0) {
		j->bytes += size_of(p);
		forget(j, p);
		return;
	}
	j->bytes += size_of(p);
	if (!j->db && spans_whole(&p->spans)) {
		leave(j, p);
		ring_put(&j->whole, p);
	}
	while (j->n > JOIN_LEASES || (j->bytes > JOIN_BYTES && j->n > 1))
		forget(j, j->waiting.next);
}

enum { NONE = 0, SOME = 1, FULL = 2 };

/* What the file holds of ${p} is added to it; FULL: there is no room for it. */
static int load(struct join *j, struct pending *p, struct err *e)
{
	struct db_stmt *s =
		db_stmt(j->db, "SELECT spans, what, at_ms, part, parts, text FROM lease WHERE key = ?1");
	struct spans before = { 0 };
	struct join_word w;
	int rc;

	j->bytes -= size_of(p);
	db_bind_text(s, 1, p->key);
	rc = db_step(s, e);
	if (rc > 0) {
		w = (struct join_word){ (unsigned)db_i64(s, 1),
					db_i64(s, 2),
					{ db_i64(s, 3), db_i64(s, 4) },
					db_text(s, 5) };
		if (spans_read(&before, db_text(s, 0)) < 0 || w.share.part < 1 ||
		    w.share.part > w.share.parts)
			rc = err_set(e, FAULT_IO, "db-damaged",
				     "%s: holds shares that are none; remove the file while nothing uses it",
				     db_path(j->db));
		else
			hear(p, &w);
	}
	db_reset(s);
	if (rc > 0)
		rc = spans_merge(&p->spans, &before) < 0 ? FULL : SOME;
	j->bytes += size_of(p);
	spans_free(&before);
	return rc;
}

static int save(struct join *j, const struct pending *p, int64_t now_ms, struct err *e)
{
	struct db_stmt *s = db_stmt(
		j->db,
		"INSERT INTO lease (key, spans, what, at_ms, part, parts, text, touched_ms)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (key) DO UPDATE SET"
		" spans = ?2, what = ?3, at_ms = ?4, part = ?5, parts = ?6, text = ?7, touched_ms = ?8");
	struct buf b = { .max = SIZE_MAX };
	int rc;

	spans_write(&b, &p->spans);
	db_bind_text(s, 1, p->key);
	db_bind_text(s, 2, buf_get(&b));
	db_bind_i64(s, 3, p->word.what);
	db_bind_i64(s, 4, p->word.at_ms);
	db_bind_i64(s, 5, p->word.share.part);
	db_bind_i64(s, 6, p->word.share.parts);
	db_bind_text(s, 7, p->word.text);
	db_bind_i64(s, 8, now_ms);
	rc = db_run(s, e);
	buf_free(&b);
	return rc;
}

static int erase(struct join *j, const struct pending *p, struct err *e)
{
	struct db_stmt *s = db_stmt(j->db, "DELETE FROM lease WHERE key = ?1");

	db_bind_text(s, 1, p->key);
	return db_run(s, e);
}

/* ${p} and what the file holds of its lease become one: there, or among the whole. */
static int merge(struct join *j, struct pending *p, int64_t now_ms, struct err *e)
{
	int had = load(j, p, e);
	bool whole;

	if (had < 0)
		return -1;
	whole = had != FULL && spans_whole(&p->spans);
	leave(j, p);
	ring_put(whole ? &j->whole : &j->given, p);
	j->forgotten += had == FULL;
	if (!whole && had != FULL)
		return save(j, p, now_ms, e);
	return had == NONE ? 0 : erase(j, p, e);
}

static int merge_all(struct join *j, int64_t now_ms, struct err *e)
{
	struct db_stmt *old = db_stmt(j->db, "DELETE FROM lease WHERE touched_ms < ?1");

	if (db_begin(j->db, e) < 0)
		return -1;
	db_bind_i64(old, 1, now_ms - JOIN_KEEP_MS);
	if (db_run(old, e) < 0)
		return -1;
	while (j->waiting.next != &j->waiting)
		if (merge(j, j->waiting.next, now_ms, e) < 0)
			return -1;
	return 0;
}

struct join *join_new(const char *path, struct err *e)
{
	struct join *j = calloc(1, sizeof(*j));

	if (!j)
		diag_oom();
	ring_init(&j->waiting);
	ring_init(&j->whole);
	ring_init(&j->given);
	if (!path)
		return j;
	j->db = db_open(path, &schema, DB_CREATE, e);
	/* After a power cut it may be some commits behind: a lease more that runs out. */
	if (j->db && db_exec(j->db, "PRAGMA synchronous=NORMAL", e) == 0)
		return j;
	join_free(j);
	return NULL;
}

void join_free(struct join *j)
{
	if (!j)
		return;
	while (j->waiting.next != &j->waiting) {
		struct pending *p = j->waiting.next;

		leave(j, p);
		pending_free(p);
	}
	ring_free(&j->whole);
	ring_free(&j->given);
	db_close(j->db);
	free(j);
}

int join_next(struct join *j, int64_t now_ms, struct join_done *out, struct err *e)
{
	struct pending *p = j->whole.next;

	if (j->db && !j->begun && j->n > 0) {
		if (merge_all(j, now_ms, e) < 0) {
			db_rollback(j->db);
			return -1;
		}
		j->begun = true;
		p = j->whole.next;
	}
	if (p == &j->whole)
		return 0;
	ring_take(p);
	ring_put(&j->given, p);
	*out = (struct join_done){ p->key, p->word };
	return 1;
}

int join_commit(struct join *j, struct err *e)
{
	ring_free(&j->given);
	if (!j->begun)
		return 0;
	j->begun = false;
	return db_commit(j->db, e);
}

uint64_t join_waiting(const struct join *j)
{
	return j->n;
}

uint64_t join_forgotten(const struct join *j)
{
	return j->forgotten;
}
