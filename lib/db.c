/* SPDX-License-Identifier: MIT */
#include "db.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "db_log.h"
#include "diag.h"
#include "file.h"

enum { STMTS_MAX = 128, BACKUP_PAGES = 1024 };

struct db_stmt {
	struct db *db;
	const char *sql;
	sqlite3_stmt *s; /* NULL: it could not be prepared, which db_step tells: */
	int rc;          /* why */
};

struct db {
	sqlite3 *h;
	char *path;
	const struct db_schema *schema;
	struct db_stmt stmts[STMTS_MAX];
	int n_stmts;
	bool quick;        /* PRAGMA synchronous is NORMAL just now */
	int64_t busy_from; /* clock_mono when waiting for the lock began */
	int (*on_commit)(void *arg, int pages, struct err *e);
	void *on_commit_arg;
};

/* What SQLite's code asks of the caller. */
static int fail(struct db *d, int rc, struct err *e)
{
	const char *why = d->h ? sqlite3_errmsg(d->h) : sqlite3_errstr(rc);

	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return err_set(e, FAULT_AWAY, "db-busy",
			       "%s: locked by another process for more than %d s; nothing was lost, run again",
			       d->path, DB_BUSY_MS / 1000);
	case SQLITE_FULL:
		return err_set(e, FAULT_IO, "disk-full",
			       "%s: no space left on its disk, or its size limit is reached", d->path);
	case SQLITE_CORRUPT:
		return err_set(e, FAULT_IO, "db-damaged",
			       "%s: the file is damaged (%s); keep a copy, then restore a backup",
			       d->path, why);
	case SQLITE_NOTADB:
		return err_set(e, FAULT_CONFIG, "db-foreign", "%s: not an SQLite file", d->path);
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return err_set(e, FAULT_IO, "db-readonly", "%s: can not be written to (%s)",
			       d->path, why);
	case SQLITE_CANTOPEN:
		return err_set(e, FAULT_IO, "db-io",
			       "%s: can not be opened together with its log, %s-wal; its directory must be writable",
			       d->path, d->path);
	case SQLITE_NOMEM:
		diag_oom();
	default:
		return err_set(e, FAULT_IO, "db-io", "%s: %s%s%s", d->path, why,
			       sqlite3_system_errno(d->h) ? ": " : "",
			       sqlite3_system_errno(d->h) ? strerror(sqlite3_system_errno(d->h)) : "");
	}
}

int db_exec(struct db *d, const char *sql, struct err *e)
{
	int rc = sqlite3_exec(d->h, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : fail(d, rc, e);
}

static int pragma_get(struct db *d, const char *sql, int64_t *value, struct err *e)
{
	struct db_stmt *s = db_stmt(d, sql);
	int rc = db_step(s, e);

	*value = rc > 0 ? db_i64(s, 0) : 0;
	db_reset(s);
	return rc < 0 ? -1 : 0;
}

static int pragma_set(struct db *d, const char *name, long value, struct err *e)
{
	char sql[64];

	snprintf(sql, sizeof(sql), "PRAGMA %s=%ld", name, value);
	return db_exec(d, sql, e);
}

static int foreign(const struct db *d, struct err *e)
{
	return err_set(e, FAULT_CONFIG, "db-foreign", "%s: an SQLite file, but not a %s", d->path,
		       d->schema->what);
}

/* Whether ${d} is ours, and which version it has; a file without any table is version 0. */
static int identify(struct db *d, int64_t *version, struct err *e)
{
	int64_t magic, tables;

	/* Tables first: whoever makes the file in this moment commits them together with the rest. */
	if (pragma_get(d, "SELECT count(*) FROM sqlite_schema", &tables, e) < 0 ||
	    pragma_get(d, "PRAGMA application_id", &magic, e) < 0 ||
	    pragma_get(d, "PRAGMA user_version", version, e) < 0)
		return -1;
	if (magic != (int64_t)d->schema->magic && (magic != 0 || tables > 0))
		return foreign(d, e);
	return 0;
}

static int migrate(struct db *d, unsigned flags, struct err *e)
{
	int64_t version, newest = 0;

	while (d->schema->steps[newest])
		newest++;
	if (identify(d, &version, e) < 0)
		return -1;
	if (version > newest)
		return err_set(e, FAULT_CONFIG, "db-newer",
			       "%s: a %s of version %lld, and this program knows up to %lld; use the program that made it, or a newer one",
			       d->path, d->schema->what, (long long)version, (long long)newest);
	if (version == newest)
		return 0;
	if (flags & DB_READONLY)
		return err_set(e, FAULT_CONFIG, "db-older",
			       "%s: a %s of version %lld; open it for writing once, to bring it to version %lld",
			       d->path, d->schema->what, (long long)version, (long long)newest);
	if (db_begin(d, e) < 0)
		return -1;
	if (identify(d, &version, e) < 0) /* another process may have been faster */
		goto fail;
	for (; version < newest; version++)
		if (db_exec(d, d->schema->steps[version], e) < 0)
			goto fail;
	if (pragma_set(d, "application_id", (long)d->schema->magic, e) < 0 ||
	    pragma_set(d, "user_version", (long)newest, e) < 0 || db_commit(d, e) < 0)
		goto fail;
	return 0;
fail:
	db_rollback(d);
	return -1;
}

/*
 * SQLite makes files with mode 0644: ours hold people's messages, so the file is made before; its
 * log and index take over its mode.
 */
static int make(const struct db *d, struct err *e)
{
	int fd;

	if (file_parents(d->path, e) < 0)
		return -1;
	/*
	 * Only where it is missing: closing a descriptor of a file that this process has open takes away
	 * the locks of its other handles (POSIX), and with them the safety of the file.
	 */
	fd = open(d->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	else if (errno != EEXIST)
		return err_set(e, FAULT_IO, "db-io", "%s: %s", d->path, strerror(errno));
	return 0;
}

/*
 * SQLite's own handler sleeps up to 100 ms: with commits of less than one, that is a tenfold of what
 * others need, and whoever came late may wait for ever.  So: short sleeps, the longer it takes the
 * longer, up to 2 ms.
 */
static int busy(void *arg, int tries)
{
	struct db *d = arg;
	struct timespec t = { .tv_nsec = (tries < 20 ? tries + 1 : 20) * 100000L };

	if (tries == 0)
		d->busy_from = clock_mono();
	if (clock_mono() - d->busy_from > DB_BUSY_MS)
		return 0;
	nanosleep(&t, NULL);
	return 1;
}

/* SQLite does not wait by itself for the lock that it needs to change to a log. */
static int use_log(struct db *d, struct err *e)
{
	int64_t from = clock_mono(), unused;

	while (pragma_get(d, "PRAGMA journal_mode=WAL", &unused, e) < 0) {
		if (e->fault != FAULT_AWAY || clock_mono() - from > DB_BUSY_MS)
			return -1;
		usleep(1000);
	}
	return 0;
}

static int settings(struct db *d, unsigned flags, struct err *e)
{
	int64_t unused;

	sqlite3_extended_result_codes(d->h, 1);
	sqlite3_busy_handler(d->h, busy, d);
	/* The file may come from elsewhere: its schema is data, not a program. */
	sqlite3_db_config(d->h, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(d->h, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	/* Before anything is set: what is not ours stays as it is. */
	if (identify(d, &unused, e) < 0)
		return -1;
	if (d->schema->page_size && pragma_set(d, "page_size", d->schema->page_size, e) < 0)
		return -1;
	if (!(flags & DB_READONLY) && use_log(d, e) < 0)
		return -1;
	return db_exec(d, "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY", e);
}

/*
 * SQLite takes some names for something else than a file: ":memory:" would be durable for as long as the
 * process lives, "file:" may be a URI.
 */
static int connect(struct db *d, const char *path, int flags)
{
	char *file;
	int rc;

	if (asprintf(&file, "%s%s", path[0] == '/' ? "" : "./", path) < 0)
		diag_oom();
	rc = sqlite3_open_v2(file, &d->h, flags, db_log_vfs());
	free(file);
	return rc;
}

struct db *db_open(const char *path, const struct db_schema *schema, unsigned flags, struct err *e)
{
	struct db *d = calloc(1, sizeof(*d));
	int mode = (flags & DB_READONLY) ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
	int rc;

	if (!d)
		diag_oom();
	d->path = str_dup(str_c(path));
	d->schema = schema;
	if ((flags & DB_CREATE) && make(d, e) < 0)
		goto fail;
	if (access(path, F_OK) < 0) {
		err_set(e, FAULT_CONFIG, "db-missing", "%s: %s", path, strerror(errno));
		goto fail;
	}
	/* Of a read-only file system SQLite says that there is no such file. */
	if (!(flags & DB_READONLY) && faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) < 0) {
		err_set(e, FAULT_IO, "db-readonly", "%s: can not be written to: %s", path,
			strerror(errno));
		goto fail;
	}
	rc = connect(d, path, mode | SQLITE_OPEN_NOMUTEX);
	if (rc != SQLITE_OK) {
		fail(d, rc, e);
		goto fail;
	}
	if (settings(d, flags, e) < 0 || migrate(d, flags, e) < 0)
		goto fail;
	return d;
fail:
	db_close(d);
	return NULL;
}

void db_close(struct db *d)
{
	if (!d)
		return;
	for (int i = 0; i < d->n_stmts; i++)
		sqlite3_finalize(d->stmts[i].s);
	sqlite3_close(d->h);
	free(d->path);
	free(d);
}

const char *db_path(const struct db *d)
{
	return d->path;
}

/* A pragma can not be set inside a transaction, nor prepared before. */
static int sync_mode(struct db *d, bool quick, struct err *e)
{
	if (d->quick == quick)
		return 0;
	d->quick = quick;
	return db_exec(d, quick ? "PRAGMA synchronous=NORMAL" : "PRAGMA synchronous=FULL", e);
}

int db_begin_quick(struct db *d, struct err *e)
{
	return sync_mode(d, true, e) < 0 ? -1 : db_run(db_stmt(d, "BEGIN IMMEDIATE"), e);
}

int db_begin(struct db *d, struct err *e)
{
	if (sync_mode(d, false, e) < 0)
		return -1;
	return db_run(db_stmt(d, "BEGIN IMMEDIATE"), e);
}

int db_begin_read(struct db *d, struct err *e)
{
	return db_run(db_stmt(d, "BEGIN"), e);
}

int db_commit(struct db *d, struct err *e)
{
	if (db_run(db_stmt(d, "COMMIT"), e) == 0)
		return 0;
	db_rollback(d);
	return -1;
}

void db_rollback(struct db *d)
{
	if (!sqlite3_get_autocommit(d->h))
		sqlite3_exec(d->h, "ROLLBACK", NULL, NULL, NULL);
}

struct db_stmt *db_stmt(struct db *d, const char *sql)
{
	struct db_stmt *s;

	int i = 0;

	while (i < d->n_stmts && d->stmts[i].sql != sql)
		i++;
	if (i == STMTS_MAX)
		abort(); /* statements are literals: there are as many as the source has */
	s = &d->stmts[i];
	if (i == d->n_stmts) {
		d->n_stmts++;
		*s = (struct db_stmt){ .db = d, .sql = sql };
	}
	if (!s->s)
		s->rc = sqlite3_prepare_v3(d->h, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->s, NULL);
	return s;
}

void db_bind_i64(struct db_stmt *s, int i, int64_t v)
{
	sqlite3_bind_int64(s->s, i, v);
}

void db_bind_text(struct db_stmt *s, int i, struct str v)
{
	sqlite3_bind_text64(s->s, i, v.p, v.n, SQLITE_STATIC, SQLITE_UTF8);
}

void db_bind_blob(struct db_stmt *s, int i, const void *p, size_t n)
{
	sqlite3_bind_blob64(s->s, i, p, n, SQLITE_STATIC);
}

void db_bind_null(struct db_stmt *s, int i)
{
	sqlite3_bind_null(s->s, i);
}

int db_step(struct db_stmt *s, struct err *e)
{
	struct db *d = s->db;
	/* Never prepared here: it would run without the parameters that were bound to nothing. */
	int rc = s->s ? sqlite3_step(s->s) : s->rc;

	if (rc == SQLITE_ROW)
		return 1;
	if (rc == SQLITE_DONE)
		return 0;
	fail(d, rc, e);
	sqlite3_reset(s->s);
	db_rollback(d);
	return -1;
}

void db_reset(struct db_stmt *s)
{
	sqlite3_reset(s->s);
}

int db_run(struct db_stmt *s, struct err *e)
{
	int rc = db_step(s, e);

	db_reset(s);
	return rc < 0 ? -1 : 0;
}

int64_t db_i64(const struct db_stmt *s, int i)
{
	return sqlite3_column_int64(s->s, i);
}

struct str db_text(const struct db_stmt *s, int i)
{
	const unsigned char *p = sqlite3_column_text(s->s, i);

	return (struct str){ (const char *)p, p ? (size_t)sqlite3_column_bytes(s->s, i) : 0 };
}

struct str db_blob(const struct db_stmt *s, int i)
{
	const void *p = sqlite3_column_blob(s->s, i);

	return (struct str){ p, p ? (size_t)sqlite3_column_bytes(s->s, i) : 0 };
}

bool db_is_null(const struct db_stmt *s, int i)
{
	return sqlite3_column_type(s->s, i) == SQLITE_NULL;
}

int64_t db_changes(const struct db *d)
{
	return sqlite3_changes64(d->h);
}

int db_version(struct db *d, int64_t *version, struct err *e)
{
	return pragma_get(d, "PRAGMA data_version", version, e);
}

int db_checkpoint(struct db *d, int *moved, struct err *e)
{
	int rc = sqlite3_wal_checkpoint_v2(d->h, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, moved);

	if (rc != SQLITE_OK || *moved < 0)
		*moved = 0;
	return rc == SQLITE_OK || (rc & 0xff) == SQLITE_BUSY ? 0 : fail(d, rc, e);
}

struct db *db_open_again(const struct db *d, struct err *e)
{
	return db_open(d->path, d->schema, 0, e);
}

/* What goes wrong here is no fault of the commit, and comes again in the next one. */
static int committed(void *arg, sqlite3 *h, const char *name, int pages)
{
	struct db *d = arg;
	struct err e;

	(void)h, (void)name;
	(void)d->on_commit(d->on_commit_arg, pages, &e);
	return SQLITE_OK;
}

void db_on_commit(struct db *d, int (*fn)(void *arg, int pages, struct err *e), void *arg)
{
	d->on_commit = fn;
	d->on_commit_arg = arg;
	if (fn)
		sqlite3_wal_hook(d->h, committed, d);
	else
		sqlite3_wal_autocheckpoint(d->h, 1000);
}

/* Copy page by page into ${to}, an empty file; a writer in between makes SQLite begin again by itself. */
static int copy(struct db *d, const char *to, struct err *e)
{
	sqlite3 *h = NULL;
	sqlite3_backup *b = NULL;
	int rc = sqlite3_open_v2(to, &h, SQLITE_OPEN_READWRITE, NULL);

	if (rc == SQLITE_OK)
		b = sqlite3_backup_init(h, "main", d->h, "main");
	if (b) {
		int tries = 0;

		while ((rc = sqlite3_backup_step(b, BACKUP_PAGES)) == SQLITE_OK ||
		       ((rc == SQLITE_BUSY || rc == SQLITE_LOCKED) && tries++ < DB_BUSY_MS / 10))
			if (rc != SQLITE_OK)
				usleep(10000);
		sqlite3_backup_finish(b);
	} else {
		rc = sqlite3_errcode(h);
	}
	if (rc == SQLITE_DONE) {
		/* One file, without a log beside it. */
		sqlite3_exec(h, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
		rc = SQLITE_OK;
	}
	if (rc != SQLITE_OK)
		err_set(e, FAULT_IO, "backup", "%s: %s", to, h ? sqlite3_errmsg(h) : sqlite3_errstr(rc));
	sqlite3_close(h);
	return rc == SQLITE_OK ? 0 : -1;
}

int db_backup(struct db *d, const char *path, struct err *e)
{
	char *tmp;
	int fd, rc = -1;

	if (file_replaceable(path, e) < 0)
		return -1;
	if (asprintf(&tmp, "%s.tmp.%ld", path, (long)getpid()) < 0)
		diag_oom();
	fd = open(tmp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		err_set(e, FAULT_IO, "backup", "%s: %s", tmp, strerror(errno));
		goto out;
	}
	if (copy(d, tmp, e) == 0) {
		if (fsync(fd) == 0 && rename(tmp, path) == 0)
			rc = file_sync_dir(path, e);
		else
			err_set(e, FAULT_IO, "backup", "%s: %s", path, strerror(errno));
	}
	if (rc < 0)
		unlink(tmp);
	close(fd);
out:
	free(tmp);
	return rc;
}

int db_check(struct db *d, void (*problem)(void *arg, struct str text), void *arg, struct err *e)
{
	struct db_stmt *s = db_stmt(d, "PRAGMA integrity_check(1000)");
	int rc;

	while ((rc = db_step(s, e)) > 0)
		if (!str_eq(db_text(s, 0), STR("ok")))
			problem(arg, db_text(s, 0));
	db_reset(s);
	return rc;
}
