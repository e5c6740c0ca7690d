/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include "clock.h"
#include "store_keep.h"
#include "store_private.h"

int store_backup(struct store *s, const char *path, struct err *e)
{
	return db_backup(s->db, path, e);
}

struct check {
	const struct store_sink *to;
	struct buf line;
	int problems;
	struct err *e;
	bool failed;
};

static void problem(struct check *c, const char *table, int64_t row, struct str text)
{
	buf_reset(&c->line);
	json_open(&c->line, '{');
	json_add_str(&c->line, "kind", STR("problem"));
	json_opt_str(&c->line, "table", str_c(table));
	if (row)
		json_add_i64(&c->line, "row", row);
	json_add_str(&c->line, "text", text);
	json_close(&c->line, '}');
	c->problems++;
	if (!c->failed && c->to->line(c->to->arg, buf_get(&c->line), c->e) < 0)
		c->failed = true;
}

static void damage(void *arg, struct str text)
{
	problem(arg, NULL, 0, text);
}

/* Rows that should not be: each statement gives their numbers. */
static const struct {
	const char *table, *sql, *text;
} orphans[] = {
	{ "ids", "SELECT seq FROM ids WHERE seq NOT IN (SELECT seq FROM records)",
	  "an id without its record" },
	{ "records", "SELECT seq FROM records WHERE seq NOT IN (SELECT seq FROM ids)",
	  "a record without its id: it could be stored twice" },
	{ "records",
	  "SELECT seq FROM records r WHERE message IS NOT NULL AND NOT EXISTS"
	  " (SELECT 1 FROM records m WHERE m.seq = r.message AND m.kind = 1)",
	  "a record about a message that is not there" },
	{ "records",
	  "SELECT seq FROM records WHERE conversation IS NOT NULL AND"
	  " conversation NOT IN (SELECT seq FROM conversations)",
	  "a record of a conversation that is not there" },
	{ "conversations",
	  "SELECT seq FROM conversations WHERE seq NOT IN"
	  " (SELECT conversation FROM records WHERE conversation IS NOT NULL)",
	  "a conversation without records" },
	{ "participants",
	  "SELECT conversation FROM participants WHERE conversation NOT IN (SELECT seq FROM conversations)",
	  "a participant of a conversation that is not there" },
	{ "participants",
	  "SELECT conversation FROM participants WHERE address NOT IN (SELECT address FROM contacts)"
	  " AND joined IS NULL AND gone IS NULL AND read IS NULL",
	  "a participant who is no contact" },
	{ "parked", "SELECT record FROM parked WHERE record NOT IN (SELECT seq FROM records)",
	  "what waits for its message is not there" },
	{ "refs", "SELECT message FROM refs WHERE message NOT IN (SELECT seq FROM records WHERE kind = 1)",
	  "a carrier's id of a message that is not there" },
};

static int check_orphans(struct store *s, struct check *c)
{
	for (size_t i = 0; i < LEN(orphans); i++) {
		struct db_stmt *q = db_stmt(s->db, orphans[i].sql);
		int rc;

		while ((rc = db_step(q, c->e)) > 0)
			problem(c, orphans[i].table, db_i64(q, 0), str_c(orphans[i].text));
		db_reset(q);
		if (rc < 0)
			return -1;
	}
	return 0;
}

/* The index is compared with the texts; FTS5 takes the question as something to write. */
static int check_words(struct store *s, struct check *c)
{
	struct err why;

	if (db_begin(s->db, c->e) < 0)
		return -1;
	if (db_exec(s->db, "INSERT INTO words (words, rank) VALUES ('integrity-check', 1)", &why) < 0)
		problem(c, "words", 0, STR("the text index does not agree with the messages"));
	db_rollback(s->db);
	return 0;
}

int store_check(struct store *s, const struct store_sink *to, struct err *e)
{
	struct check c = { .to = to, .line = { .max = SIZE_MAX }, .e = e };
	int rc = db_check(s->db, damage, &c, e);

	/* In a damaged file what points to nothing is no news. */
	if (rc == 0 && c.problems == 0 && (check_words(s, &c) < 0 || check_orphans(s, &c) < 0))
		rc = -1;
	buf_free(&c.line);
	return rc < 0 || c.failed ? -1 : c.problems;
}

static int add_numbers(struct store *s, struct buf *b, struct err *e)
{
	static const struct {
		const char *name, *sql;
	} numbers[] = {
		{ "messages", "SELECT count(*) FROM records WHERE kind = 1" },
		{ "statuses", "SELECT count(*) FROM records WHERE kind = 2" },
		{ "events", "SELECT count(*) FROM records WHERE kind = 3" },
		{ "deliveries", "SELECT count(*) FROM records WHERE kind = 4" },
		{ "waiting", "SELECT count(DISTINCT record) FROM parked" },
		{ "conversations", "SELECT count(*) FROM conversations" },
		{ "contacts", "SELECT count(*) FROM contacts" },
		{ "devices", device_count_sql },
		{ "changes", "SELECT (SELECT count(*) FROM changes) + (SELECT count(*) FROM records"
			     " WHERE kind = 1 AND seq > (SELECT value FROM meta WHERE name = 'trimmed'))" },
		{ "pruned_to", "SELECT value FROM meta WHERE name = 'trimmed'" },
		{ "last", "SELECT value - 1 FROM meta WHERE name = 'next'" },
	};

	for (size_t i = 0; i < LEN(numbers); i++) {
		struct db_stmt *q = db_stmt(s->db, numbers[i].sql);
		int rc = db_step(q, e);

		if (rc > 0)
			json_add_i64(b, numbers[i].name, db_i64(q, 0));
		db_reset(q);
		if (rc < 0)
			return -1;
	}
	return 0;
}

static int add_cursors(struct store *s, struct buf *b, struct arena *a, struct err *e)
{
	struct db_stmt *q = db_stmt(s->db, "SELECT name, seq, at FROM cursors ORDER BY name");
	int rc;

	json_key(b, "cursors");
	json_open(b, '[');
	while ((rc = db_step(q, e)) > 0) {
		json_open(b, '{');
		json_add_str(b, "name", db_text(q, 0));
		json_add_i64(b, "seq", db_i64(q, 1));
		json_add_str(b, "at", clock_text(a, db_i64(q, 2)));
		json_close(b, '}');
	}
	db_reset(q);
	json_close(b, ']');
	return rc;
}

static int64_t size_of(struct arena *a, const char *path, const char *suffix)
{
	struct stat st;

	return stat(arena_fmt(a, "%s%s", path, suffix).p, &st) == 0 ? (int64_t)st.st_size : 0;
}

int store_stat(struct store *s, const struct store_sink *to, struct err *e)
{
	struct buf b = { .max = SIZE_MAX };
	struct arena *a = arena_new();
	const char *path = db_path(s->db);
	int rc = -1;

	json_open(&b, '{');
	json_add_str(&b, "kind", STR("stat"));
	json_add_str(&b, "at", clock_text(a, clock_now()));
	if (db_begin_read(s->db, e) == 0 && add_numbers(s, &b, e) == 0 && add_cursors(s, &b, a, e) == 0) {
		json_add_i64(&b, "bytes", size_of(a, path, ""));
		json_add_i64(&b, "log_bytes", size_of(a, path, "-wal"));
		json_close(&b, '}');
		rc = to->line(to->arg, buf_get(&b), e);
	}
	db_rollback(s->db);
	arena_free(a);
	buf_free(&b);
	return rc;
}
