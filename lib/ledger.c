/* SPDX-License-Identifier: MIT */
#include "ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db.h"
#include "db_tidy.h"
#include "diag.h"

enum { PRUNE_LOOK = 1000 }; /* rows that one call looks at */

/* part.state: what of struct ledger_entry can be written down. */
enum row_state { ROW_INTENT, ROW_SENT, ROW_FREE, ROW_UNKNOWN };

struct ledger {
	struct db *db;
	struct db_tidy *tidy;
	int owners;    /* the file of locks */
	int64_t owner; /* this process: the number of the byte that it has locked */
	dev_t dev;     /* of the file at its path, */
	ino_t ino;     /* when it was opened */
	unsigned char swept[LEDGER_SUBJECT]; /* ledger_prune has been here */
};

/*
 * The key comes first and there is no other index: messages that were made one after the other have ids that
 * lie side by side (UUIDv7), so that a commit touches few pages.
 */
static const char *const steps[] = {
	"CREATE TABLE meta(one INTEGER PRIMARY KEY, owners INTEGER);"
	"INSERT INTO meta VALUES(1, 0);"

	"CREATE TABLE part(subject BLOB, leg INTEGER, state INTEGER, owner INTEGER, attempt INTEGER,"
	" at_ms INTEGER, idempotent INTEGER, carrier TEXT, account TEXT, outcome TEXT,"
	" PRIMARY KEY(subject, leg)) WITHOUT ROWID;",
	NULL,
};

static const struct db_schema schema = {
	.magic = 0x6f6d6c01, /* "oml", 1 */
	.what = "ledger",
	.steps = steps,
	.page_size = 4096,
};

/* ---- who lives ---- */

/*
 * The lock of an open file (not of the process: another open of it, by a thread or by SQLite, would take that one away), on
 * the byte ${owner}.  Return 0, or -1 with errno.
 */
static int owner_lock(int fd, int cmd, int64_t owner, short *type)
{
	struct flock lock = { .l_type = *type, .l_whence = SEEK_SET, .l_start = owner, .l_len = 1 };
	int rc;

	do {
		rc = fcntl(fd, cmd, &lock);
	} while (rc < 0 && errno == EINTR);
	*type = lock.l_type;
	return rc;
}

static bool lives(const struct ledger *l, int64_t owner)
{
	short type = F_WRLCK;

	if (owner == l->owner)
		return true;
	/* Where the lock can not be asked for, nothing is sent twice. */
	return owner_lock(l->owners, F_OFD_GETLK, owner, &type) < 0 || type != F_UNLCK;
}

/* A number that no process has had before, and the lock that shows that its process lives. */
static int enroll(struct ledger *l, struct err *e)
{
	struct db_stmt *q;
	short type = F_WRLCK;
	int rc;

	if (db_begin(l->db, e) < 0)
		return -1;
	q = db_stmt(l->db, "UPDATE meta SET owners = owners + 1 WHERE one = 1 RETURNING owners");
	rc = db_step(q, e);
	l->owner = rc > 0 ? db_i64(q, 0) : 0;
	if (rc > 0) /* to its end, or nothing is written */
		rc = db_step(q, e) < 0 ? -1 : 1;
	db_reset(q);
	if (rc < 0)
		return -1;
	if (rc == 0) {
		db_rollback(l->db);
		return err_set(e, FAULT_IO, "db-damaged",
			       "%s: the file is damaged (no row in meta)", db_path(l->db));
	}
	if (owner_lock(l->owners, F_OFD_SETLK, l->owner, &type) < 0) {
		db_rollback(l->db);
		return err_set(e, FAULT_IO, "ledger-lock", "%s-owners: %s", db_path(l->db),
			       strerror(errno));
	}
	return db_commit(l->db, e);
}

static int open_owners(struct ledger *l, const char *path, struct err *e)
{
	char *name;

	if (asprintf(&name, "%s-owners", path) < 0)
		diag_oom();
	l->owners = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (l->owners < 0)
		err_set(e, FAULT_IO, "ledger-lock", "%s: %s", name, strerror(errno));
	free(name);
	return l->owners < 0 ? -1 : 0;
}

/* Which file it is. */
static int identify(struct ledger *l, struct err *e)
{
	struct stat st;

	if (stat(db_path(l->db), &st) < 0)
		return err_set(e, FAULT_IO, "ledger-gone", "%s: %s", db_path(l->db), strerror(errno));
	l->dev = st.st_dev;
	l->ino = st.st_ino;
	return 0;
}

bool ledger_gone(const struct ledger *l)
{
	struct stat st;

	return stat(db_path(l->db), &st) < 0 || st.st_dev != l->dev || st.st_ino != l->ino;
}

struct ledger *ledger_open(const char *path, struct err *e)
{
	struct ledger *l = calloc(1, sizeof(*l));

	if (!l)
		diag_oom();
	l->owners = -1;
	l->db = db_open(path, &schema, DB_CREATE, e);
	if (l->db && identify(l, e) == 0 && open_owners(l, path, e) == 0 && enroll(l, e) == 0) {
		l->tidy = db_tidy_start(l->db, e);
		if (l->tidy)
			return l;
	}
	ledger_close(l);
	return NULL;
}

void ledger_close(struct ledger *l)
{
	if (!l)
		return;
	db_tidy_stop(l->tidy);
	db_close(l->db);
	if (l->owners >= 0)
		close(l->owners);
	free(l);
}

/* ---- a transaction ---- */

int ledger_begin(struct ledger *l, struct err *e)
{
	return db_begin(l->db, e);
}

int ledger_commit(struct ledger *l, struct err *e)
{
	return db_commit(l->db, e);
}

static void bind_part(struct db_stmt *q, const struct ledger_part *p)
{
	db_bind_blob(q, 1, p->subject, sizeof(p->subject));
	db_bind_i64(q, 2, (int64_t)p->to << 32 | p->part);
}

static enum ledger_state state_of(const struct ledger *l, int64_t state, int64_t owner)
{
	switch (state) {
	case ROW_INTENT:
		return lives(l, owner) ? LEDGER_BUSY : LEDGER_CRASHED;
	case ROW_SENT:
		return LEDGER_SENT;
	case ROW_FREE:
		return LEDGER_FREE;
	default:
		return LEDGER_UNKNOWN;
	}
}

int ledger_find(struct ledger *l, const struct ledger_part *part, struct arena *a,
		struct ledger_entry *out, struct err *e)
{
	struct db_stmt *q = db_stmt(l->db, "SELECT state, owner, attempt, at_ms, idempotent, carrier, account, outcome"
					   " FROM part WHERE subject = ?1 AND leg = ?2");
	int rc;

	bind_part(q, part);
	rc = db_step(q, e);
	*out = (struct ledger_entry){ .state = LEDGER_NEW };
	if (rc > 0)
		*out = (struct ledger_entry){ .state = state_of(l, db_i64(q, 0), db_i64(q, 1)),
					      .attempt = db_i64(q, 2),
					      .at_ms = db_i64(q, 3),
					      .idempotent = db_i64(q, 4) != 0,
					      .carrier = arena_str(a, db_text(q, 5)),
					      .account = arena_str(a, db_text(q, 6)),
					      .outcome = db_is_null(q, 7) ?
								 STR_NONE :
								 arena_str(a, db_text(q, 7)) };
	db_reset(q);
	return rc < 0 ? -1 : 0;
}

int ledger_intend(struct ledger *l, const struct ledger_part *part,
		  const struct ledger_entry *entry, struct err *e)
{
	struct db_stmt *q = db_stmt(
		l->db, "INSERT OR REPLACE INTO part (subject, leg, state, owner, attempt, at_ms,"
		       " idempotent, carrier, account) VALUES (?1, ?2, 0, ?3, ?4, ?5, ?6, ?7, ?8)");

	bind_part(q, part);
	db_bind_i64(q, 3, l->owner);
	db_bind_i64(q, 4, entry->attempt);
	db_bind_i64(q, 5, entry->at_ms);
	db_bind_i64(q, 6, entry->idempotent);
	db_bind_text(q, 7, entry->carrier);
	db_bind_text(q, 8, entry->account);
	return db_run(q, e);
}

int ledger_done(struct ledger *l, const struct ledger_part *part, enum ledger_state state,
		int64_t at_ms, struct str outcome, struct err *e)
{
	struct db_stmt *q = db_stmt(l->db, "UPDATE part SET state = ?3, at_ms = ?4, outcome = ?5"
					   " WHERE subject = ?1 AND leg = ?2");

	bind_part(q, part);
	db_bind_i64(q, 3,
		    state == LEDGER_SENT ? ROW_SENT :
		    state == LEDGER_FREE ? ROW_FREE :
					   ROW_UNKNOWN);
	db_bind_i64(q, 4, at_ms);
	db_bind_text(q, 5, outcome);
	return db_run(q, e);
}

/* The subject that stands PRUNE_LOOK rows behind where the last call ended; false: the end is nearer. */
static int next_stop(struct ledger *l, unsigned char out[LEDGER_SUBJECT], struct err *e)
{
	struct db_stmt *q = db_stmt(l->db, "SELECT subject FROM part WHERE subject > ?1"
					   " ORDER BY subject LIMIT 1 OFFSET ?2");
	int rc;

	db_bind_blob(q, 1, l->swept, sizeof(l->swept));
	db_bind_i64(q, 2, PRUNE_LOOK);
	rc = db_step(q, e);
	memset(out, 0xff, LEDGER_SUBJECT);
	if (rc > 0 && db_blob(q, 0).n == LEDGER_SUBJECT)
		memcpy(out, db_blob(q, 0).p, LEDGER_SUBJECT);
	db_reset(q);
	return rc;
}

int ledger_prune(struct ledger *l, int64_t before_ms, struct err *e)
{
	struct db_stmt *q = db_stmt(l->db, "DELETE FROM part WHERE subject > ?1 AND subject <= ?2"
					   " AND at_ms < ?3 AND state IN (1, 2)");
	unsigned char stop[LEDGER_SUBJECT];
	int more = next_stop(l, stop, e);

	if (more < 0)
		return -1;
	db_bind_blob(q, 1, l->swept, sizeof(l->swept));
	db_bind_blob(q, 2, stop, sizeof(stop));
	db_bind_i64(q, 3, before_ms);
	if (db_run(q, e) < 0)
		return -1;
	if (more)
		memcpy(l->swept, stop, sizeof(stop));
	else
		memset(l->swept, 0, sizeof(l->swept)); /* from the beginning */
	return 0;
}
