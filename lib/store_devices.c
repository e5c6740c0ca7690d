/* SPDX-License-Identifier: MIT */
/* Which devices there are. */
#include "store_device.h"

#include "clock.h"
#include "store_private.h"

/*
 * From each registration along the moves that came after it, not further than eight; there it lives where it is not gone
 * since, has not moved on, and nobody else is registered.
 */
#define LIVE(whose, most)                                                            \
	"WITH RECURSIVE live (key, since, hops, origin, token) AS ("                 \
	" SELECT * FROM (SELECT key, since, 0, key, NULL FROM devices WHERE " whose  \
	" AND " DEVICE_LIVES " ORDER BY since DESC LIMIT " most ")"                  \
	" UNION ALL SELECT d.target, d.moved, hops + 1, origin, d.token FROM live l" \
	" JOIN devices d ON d.key = l.key AND d.moved >= l.since WHERE hops < 8) "
#define AT_END                                              \
	" FROM live l LEFT JOIN devices x ON x.key = l.key" \
	" WHERE (x.gone IS NULL OR x.gone < l.since)"       \
	" AND (x.moved IS NULL OR x.moved < l.since)"       \
	" AND (l.hops = 0 OR x.since IS NULL OR x.since < l.since) GROUP BY l.key"

const char device_count_sql[] = LIVE("true", "-1") "SELECT count(*) FROM (SELECT 1" AT_END ")";

static const char devices_sql[] =
	LIVE("contact = ?1", "?2") "SELECT (SELECT image FROM devices WHERE key = l.origin), l.token,"
				   " max(l.since)" AT_END " ORDER BY max(l.since) DESC, l.key";

struct device_walk {
	struct store *s;
	struct arena *a; /* for one device */
	bool shown;      /* as a line of its own, without what encrypts */
	int (*give)(void *arg, struct str device, struct err *e);
	void *arg;
};

static bool is_secret(struct str member)
{
	return str_eq(member, STR("p256dh")) || str_eq(member, STR("auth"));
}

/* The device of ${q}'s row, of the person ${address}. */
static void add_device(struct buf *b, const struct db_stmt *q, struct str address,
		       const struct device_walk *w)
{
	struct err why;
	struct json_iter it = json_iter(json_parse(db_text(q, 0), w->a, &why));

	json_open(b, '{');
	if (w->shown)
		json_add_str(b, "kind", STR("device"));
	json_add_str(b, "user", address);
	while (json_next(&it)) {
		bool token = str_eq(it.key, STR("token")) || str_eq(it.key, STR("endpoint"));

		if (w->shown && is_secret(it.key))
			continue;
		json_key_str(b, it.key);
		if (token && !db_is_null(q, 1))
			json_put_str(b, db_text(q, 1));
		else
			json_put_value(b, it.value);
	}
	json_add_str(b, "created_at", clock_text(w->a, db_i64(q, 2)));
	json_close(b, '}');
}

/* Return how many there are, at most ${max} (-1: all), or -1. */
static int64_t walk(const struct device_walk *w, struct str address, int64_t max, struct err *e)
{
	struct db_stmt *q = db_stmt(w->s->db, devices_sql);
	struct buf b = { .max = SIZE_MAX };
	int64_t n = 0;
	int rc;

	db_bind_text(q, 1, address);
	db_bind_i64(q, 2, max);
	while ((rc = db_step(q, e)) > 0) {
		buf_reset(&b);
		add_device(&b, q, address, w);
		if (w->give(w->arg, buf_get(&b), e) < 0) {
			rc = -1;
			break;
		}
		n++;
		if (w->shown)
			arena_reset(w->a);
	}
	db_reset(q);
	buf_free(&b);
	return rc < 0 ? -1 : n;
}

struct list {
	struct str *devices;
	size_t n, cap;
	struct arena *a;
};

static int give_list(void *arg, struct str device, struct err *e)
{
	struct list *l = arg;

	(void)e;
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 4;

		l->devices = arena_resize(l->a, l->devices, l->cap * sizeof(*l->devices),
					  cap * sizeof(*l->devices));
		l->cap = cap;
	}
	l->devices[l->n++] = arena_str(l->a, device);
	return 0;
}

int store_devices(struct store *s, struct str address, size_t max, struct arena *a,
		  struct str **out, size_t *n, struct err *e)
{
	struct list l = { .a = a };
	struct device_walk w = { .s = s, .a = a, .give = give_list, .arg = &l };

	if (walk(&w, address, (int64_t)max, e) < 0)
		return -1;
	*out = l.devices;
	*n = l.n;
	return 0;
}

int store_devices_shown(struct store *s, struct str address, const struct store_sink *to, struct err *e)
{
	struct device_walk w = { s, arena_new(), true, to->line, to->arg };
	int64_t n = walk(&w, address, -1, e);

	arena_free(w.a);
	return n < 0 ? -1 : n > 0;
}

int device_prune(struct store *s, int64_t before, int64_t most, int64_t *n, struct err *e)
{
	/*
	 * What is over: never registered, gone since, or moved to where it is gone or registered anew.  What is said of
	 * a token stays as long as another moves there.
	 */
	struct db_stmt *q = db_stmt(
		s->db, "DELETE FROM devices WHERE key IN (SELECT key FROM devices d"
		       " WHERE max(coalesce(gone, 0), coalesce(moved, 0)) < ?1 AND"
		       " (since IS NULL OR (gone >= since AND coalesce(moved, since - 1) < since)"
		       " OR (moved >= since AND EXISTS (SELECT 1 FROM devices t WHERE t.key = d.target"
		       " AND (t.gone >= d.moved OR t.since >= d.moved) AND t.moved IS NULL)))"
		       " AND NOT EXISTS (SELECT 1 FROM devices o WHERE o.target = d.key) LIMIT ?2)");

	db_bind_i64(q, 1, before);
	db_bind_i64(q, 2, most);
	if (db_run(q, e) < 0)
		return -1;
	*n = db_changes(s->db);
	return 0;
}

int device_erase(struct store *s, struct str address, int64_t *n, struct err *e)
{
	/* Where they moved to has the next token in it. */
	struct db_stmt *q = db_stmt(s->db, "WITH RECURSIVE theirs (key, hops) AS ("
					   " SELECT key, 0 FROM devices WHERE contact = ?1"
					   " UNION SELECT d.target, hops + 1 FROM theirs t JOIN devices d"
					   " ON d.key = t.key AND d.target IS NOT NULL WHERE hops < 8)"
					   "DELETE FROM devices WHERE key IN (SELECT key FROM theirs)"
					   " AND (contact = ?1 OR contact IS NULL)");

	db_bind_text(q, 1, address);
	if (db_run(q, e) < 0)
		return -1;
	*n = db_changes(s->db);
	return 0;
}
