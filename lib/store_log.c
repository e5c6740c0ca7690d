/* SPDX-License-Identifier: MIT */
#include "store_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "clock.h"
#include "id.h"
#include "sig.h"
#include "store_image.h"

bool store_cursor_name(struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
		      c == '.' || c == '_' || c == '-'))
			return false;
	}
	return name.n > 0 && name.n <= STORE_CURSOR_NAME;
}

static int meta(struct store *s, const char *sql, int64_t *value, struct err *e)
{
	struct db_stmt *q = db_stmt(s->db, sql);
	int rc = db_step(q, e);

	if (rc > 0)
		*value = db_i64(q, 0);
	db_reset(q);
	return rc < 0 ? -1 : 0;
}

int store_log_ends(struct store *s, int64_t *trimmed, int64_t *last, struct err *e)
{
	if (meta(s, "SELECT value FROM meta WHERE name = 'trimmed'", trimmed, e) < 0 ||
	    meta(s, "SELECT value - 1 FROM meta WHERE name = 'next'", last, e) < 0)
		return -1;
	return 0;
}

int store_cursor_get(struct store *s, struct str name, int64_t *seq, struct err *e)
{
	struct db_stmt *q = db_stmt(s->db, "SELECT seq FROM cursors WHERE name = ?1");
	int rc;

	db_bind_text(q, 1, name);
	rc = db_step(q, e);
	if (rc > 0)
		*seq = db_i64(q, 0);
	db_reset(q);
	return rc;
}

int store_cursor_set(struct store *s, struct str name, int64_t seq, bool back, struct err *e)
{
	struct db_stmt *q = db_stmt(s->db, "INSERT INTO cursors VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE"
					   " SET seq = excluded.seq, at = excluded.at"
					   " WHERE ?4 OR excluded.seq > seq");

	if (store_begin(s, e) < 0)
		return -1;
	db_bind_text(q, 1, name);
	db_bind_i64(q, 2, seq);
	db_bind_i64(q, 3, s->now);
	db_bind_i64(q, 4, back);
	return db_run(q, e) < 0 ? -1 : store_commit(s, e);
}

/* A line of the log as its statement gives it. */
struct entry {
	int64_t seq, at, op, item, ref;
	struct str old, new; /* {NULL, 0}: none */
	struct str line;     /* of a message: as it was put */
	struct str by;       /* the record that made the change, as it was put */
};

static const char *const tables[] = {
	[ITEM_MESSAGE] = "messages", [ITEM_CONVERSATION] = "conversations", [ITEM_CONTACT] = "contacts"
};

static void add_image(struct buf *b, const char *key, const struct entry *c, struct str image,
		      struct arena *a)
{
	if (c->item == ITEM_MESSAGE && c->line.p) {
		json_key(b, key);
		image_message(b, c->line, image, STR_NONE, a);
	} else if (image.p) {
		json_add_raw(b, key, image);
	}
}

/* What the images have in common says which one it is. */
static void add_key(struct buf *b, const struct entry *c, struct arena *a)
{
	struct err e;
	struct str image = c->line.p ? c->line : c->new.p ? c->new : c->old;
	const struct json *v = json_parse(image, a, &e);

	json_key(b, "key");
	json_open(b, '{');
	json_opt_str(b, "id", json_get_str(v, "id"));
	if (c->item == ITEM_CONTACT) {
		json_add_i64(b, "seq", c->ref); /* of one that was erased there is nothing else */
		json_opt_str(b, "address", json_get_str(v, "address"));
	}
	json_close(b, '}');
}

static void write_entry(struct buf *b, const struct entry *c, struct str store, struct arena *a)
{
	static const char *const ops[] = {
		[OP_INSERT] = "insert", [OP_MODIFY] = "update", [OP_REMOVE] = "delete"
	};
	struct str number = arena_fmt(a, "%lld", (long long)c->seq);
	struct id id = id_derive((struct str[]){ STR("change"), store, number }, 3);
	struct err e;
	bool whole = c->line.n <= LINE_MAX_BYTES / 2; /* both images, or the line would be too long */

	json_open(b, '{');
	json_add_str(b, "id", id_str(&id));
	json_add_str(b, "kind", STR("change"));
	json_add_str(b, "at", clock_text(a, c->at));
	json_add_i64(b, "seq", c->seq);
	json_add_str(b, "op", str_c(ops[c->op]));
	json_add_str(b, "table", str_c(tables[c->item]));
	add_key(b, c, a);
	if (c->by.p)
		json_opt_str(b, "record", json_get_str(json_parse(c->by, a, &e), "id"));
	if (c->op != OP_INSERT && c->op != OP_REMOVE && whole)
		add_image(b, "before", c, c->old, a);
	if (c->op != OP_REMOVE)
		add_image(b, "after", c, c->new, a);
	json_close(b, '}');
}

/* Changes whose message has gone are passed over: that it went is an entry of its own. */
static const char log_sql[] =
	"SELECT c.seq, c.at, c.op, c.item, c.ref, c.old, c.new, m.line, b.line FROM"
	" (SELECT seq, stored AS at, 1 AS op, 1 AS item, seq AS ref, 0 AS record, NULL AS old, NULL AS new"
	"  FROM records WHERE kind = 1 AND seq > ?1"
	"  UNION ALL SELECT seq, at, op, item, ref, record, old, new FROM changes WHERE seq > ?1"
	"  ORDER BY seq LIMIT ?2) c"
	" LEFT JOIN records m ON c.item = 1 AND m.seq = c.ref"
	" LEFT JOIN records b ON b.seq = c.record";

static int pruned(struct err *e, int64_t after, int64_t trimmed)
{
	return err_set(e, FAULT_DATA, "cursor-pruned",
		       "the changes behind %lld are wanted, and those up to %lld have been pruned; begin anew with --from start",
		       (long long)after, (long long)trimmed);
}

static int give_entries(struct store *s, struct db_stmt *q, struct str store, int64_t *after,
			uint64_t *n, const struct store_sink *to, struct err *e)
{
	struct arena *a = arena_new();
	struct buf b = { .max = SIZE_MAX };
	int rc;

	(void)s;
	while ((rc = db_step(q, e)) > 0) {
		struct entry c = { db_i64(q, 0),  db_i64(q, 1),  db_i64(q, 2),
				   db_i64(q, 3),  db_i64(q, 4),  db_text(q, 5),
				   db_text(q, 6), db_text(q, 7), db_text(q, 8) };

		*after = c.seq;
		++*n;
		if (c.item == ITEM_MESSAGE && c.op != OP_REMOVE && !c.line.p)
			continue;
		buf_reset(&b);
		write_entry(&b, &c, store, a);
		arena_reset(a);
		rc = to->line(to->arg, buf_get(&b), e);
		if (rc < 0)
			break;
	}
	buf_free(&b);
	arena_free(a);
	return rc < 0 ? -1 : 0;
}

int store_log(struct store *s, int64_t *after, uint64_t max, const struct store_sink *to,
	      uint64_t *n, struct err *e)
{
	struct db_stmt *q = db_stmt(s->db, log_sql);
	struct db_stmt *name = db_stmt(s->db, "SELECT value FROM meta WHERE name = 'store'");
	int64_t trimmed = 0, last = 0;
	int rc = -1;

	*n = 0;
	if (db_begin_read(s->db, e) < 0)
		return -1;
	if (store_log_ends(s, &trimmed, &last, e) < 0 || db_step(name, e) < 0)
		goto out;
	if (*after < trimmed) {
		pruned(e, *after, trimmed);
		goto out;
	}
	db_bind_i64(q, 1, *after);
	db_bind_i64(q, 2, max > INT64_MAX ? INT64_MAX : (int64_t)max);
	rc = give_entries(s, q, db_text(name, 0), after, n, to, e);
out:
	db_reset(q);
	db_reset(name);
	db_rollback(s->db);
	return rc;
}

int store_wait(struct store *s, int ms, struct err *e)
{
	int64_t version, until = clock_mono() + ms;
	char *path = NULL, drain[4096];
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), came = 0;
	struct pollfd p = { .fd = fd, .events = POLLIN };

	/* Without it the version is asked for twenty times a second. */
	if (fd >= 0 && asprintf(&path, "%s-wal", db_path(s->db)) > 0)
		inotify_add_watch(fd, path, IN_MODIFY);
	for (;;) {
		if (db_version(s->db, &version, e) < 0)
			came = -1;
		if (came || version != s->seen || clock_mono() >= until)
			break;
		came = sig_poll(&p, fd >= 0 ? 1 : 0, 50);
		/* The log is written to before the commit can be seen. */
		if (fd >= 0 && read(fd, drain, sizeof(drain)) > 0 && came == 0)
			came = sig_poll(NULL, 0, 1);
	}
	if (came >= 0)
		s->seen = version;
	if (fd >= 0)
		close(fd);
	free(path);
	return came;
}
