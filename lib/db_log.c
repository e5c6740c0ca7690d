/* SPDX-License-Identifier: MIT */
#include "db_log.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>

/* https://sqlite.org/fileformat2.html#wal_file_format */
enum { FRAME_HEADER = 24, FRAME_SIZE_AFTER_COMMIT = 4 };

/* A log; SQLite gives the room, and behind this the file of the layer below. */
struct log {
	sqlite3_file base;
	sqlite3_file *file;
	char *held; /* what is not written yet, NULL: nothing was ever held */
	int n;
	sqlite3_int64 at;
	bool ends; /* the frame being written ends a transaction */
};

static struct log *log_of(sqlite3_file *f)
{
	return (struct log *)f;
}

static int write_out(struct log *l)
{
	int n = l->n;

	l->n = 0;
	return n > 0 ? l->file->pMethods->xWrite(l->file, l->held, n, l->at) : SQLITE_OK;
}

static int log_close(sqlite3_file *f)
{
	struct log *l = log_of(f);
	int rc = write_out(l), closed = l->file->pMethods->xClose(l->file);

	sqlite3_free(l->held);
	l->held = NULL;
	return rc == SQLITE_OK ? closed : rc;
}

static int log_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
	struct log *l = log_of(f);
	int rc = write_out(l);

	return rc == SQLITE_OK ? l->file->pMethods->xRead(l->file, p, n, at) : rc;
}

static bool ends_transaction(const void *header)
{
	static const char none[4];

	return memcmp((const char *)header + FRAME_SIZE_AFTER_COMMIT, none, sizeof(none)) != 0;
}

static int log_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
	struct log *l = log_of(f);

	if (n == FRAME_HEADER)
		l->ends = ends_transaction(p);
	if (l->ends || at != l->at + l->n || n > DB_LOG_BUFFER - l->n) {
		int rc = write_out(l);

		if (rc != SQLITE_OK)
			return rc;
		l->at = at;
	}
	if (!l->held)
		l->held = sqlite3_malloc(DB_LOG_BUFFER);
	if (l->ends || n > DB_LOG_BUFFER || !l->held)
		return l->file->pMethods->xWrite(l->file, p, n, at);
	memcpy(l->held + l->n, p, (size_t)n);
	l->n += n;
	return SQLITE_OK;
}

static int log_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	struct log *l = log_of(f);
	int rc = write_out(l);

	return rc == SQLITE_OK ? l->file->pMethods->xTruncate(l->file, size) : rc;
}

static int log_sync(sqlite3_file *f, int flags)
{
	struct log *l = log_of(f);
	int rc = write_out(l);

	return rc == SQLITE_OK ? l->file->pMethods->xSync(l->file, flags) : rc;
}

static int log_size(sqlite3_file *f, sqlite3_int64 *size)
{
	struct log *l = log_of(f);
	int rc = write_out(l);

	return rc == SQLITE_OK ? l->file->pMethods->xFileSize(l->file, size) : rc;
}

/* Of a log there is nothing to lock. */
static int log_lock(sqlite3_file *f, int level)
{
	return log_of(f)->file->pMethods->xLock(log_of(f)->file, level);
}

static int log_unlock(sqlite3_file *f, int level)
{
	return log_of(f)->file->pMethods->xUnlock(log_of(f)->file, level);
}

static int log_locked(sqlite3_file *f, int *out)
{
	return log_of(f)->file->pMethods->xCheckReservedLock(log_of(f)->file, out);
}

static int log_control(sqlite3_file *f, int op, void *arg)
{
	return log_of(f)->file->pMethods->xFileControl(log_of(f)->file, op, arg);
}

static int log_sector(sqlite3_file *f)
{
	return log_of(f)->file->pMethods->xSectorSize(log_of(f)->file);
}

static int log_device(sqlite3_file *f)
{
	return log_of(f)->file->pMethods->xDeviceCharacteristics(log_of(f)->file);
}

static const sqlite3_io_methods methods = {
	.iVersion = 1,
	.xClose = log_close,
	.xRead = log_read,
	.xWrite = log_write,
	.xTruncate = log_truncate,
	.xSync = log_sync,
	.xFileSize = log_size,
	.xLock = log_lock,
	.xUnlock = log_unlock,
	.xCheckReservedLock = log_locked,
	.xFileControl = log_control,
	.xSectorSize = log_sector,
	.xDeviceCharacteristics = log_device,
};

static sqlite3_vfs *below, vfs;

/* Files that are no log are those of the layer below, in the same room. */
static int open_file(sqlite3_vfs *v, sqlite3_filename name, sqlite3_file *f, int flags, int *out)
{
	struct log *l = log_of(f);
	int rc;

	(void)v;
	if (!(flags & SQLITE_OPEN_WAL))
		return below->xOpen(below, name, f, flags, out);
	*l = (struct log){ .file = (sqlite3_file *)(l + 1) };
	rc = below->xOpen(below, name, l->file, flags, out);
	if (l->file->pMethods)
		l->base.pMethods = &methods;
	return rc;
}

static void add(void)
{
	below = sqlite3_vfs_find(NULL);
	if (!below)
		return;
	vfs = *below;
	vfs.zName = "omni";
	vfs.szOsFile = (int)sizeof(struct log) + below->szOsFile;
	vfs.xOpen = open_file;
	if (sqlite3_vfs_register(&vfs, 0) != SQLITE_OK)
		vfs.zName = NULL;
}

const char *db_log_vfs(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, add);
	return vfs.zName;
}
