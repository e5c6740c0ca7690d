/* SPDX-License-Identifier: MIT */
#include "db_tidy.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

enum { COMMITS = 4000, PAGE = 4096 };

static const char *const steps[] = { "CREATE TABLE t(a INTEGER PRIMARY KEY, b BLOB);", NULL };
static const struct db_schema schema = { .magic = 0x74696479, .what = "test", .steps = steps };

static void fill(struct db *d, int64_t n)
{
	static const char some[3 * PAGE];
	struct db_stmt *s = db_stmt(d, "INSERT INTO t(b) VALUES(?1)");
	struct err e;

	for (int64_t i = 0; i < n; i++) {
		CHECK(db_begin(d, &e) == 0);
		db_bind_blob(s, 1, some, sizeof(some));
		CHECK(db_run(s, &e) == 0);
		CHECK(db_commit(d, &e) == 0);
	}
}

static int64_t count(struct db *d)
{
	struct db_stmt *s = db_stmt(d, "SELECT count(*) FROM t");
	struct err e;
	int64_t n = db_step(s, &e) > 0 ? db_i64(s, 0) : -1;

	db_reset(s);
	return n;
}

static off_t size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_size : -1;
}

static void the_log_stays_bounded_and_all_that_was_committed_is_in_the_file(void)
{
	char dir[] = "/tmp/tidy.XXXXXX", path[64], log[64];
	struct db_tidy *t;
	struct db *d;
	struct err e;

	CHECK(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/db", dir);
	snprintf(log, sizeof(log), "%s/db-wal", dir);
	d = db_open(path, &schema, DB_CREATE, &e);
	CHECK(d != NULL);
	CHECK(db_exec(d, "PRAGMA synchronous=OFF", &e) == 0); /* so that it is fast: nothing crashes here */
	t = db_tidy_start(d, &e);
	CHECK(t != NULL);
	fill(d, COMMITS);
	CHECK(size_of(log) < (off_t)(16000 + 100) * (PAGE + 24));
	CHECK(count(d) == COMMITS);
	db_tidy_stop(t);
	fill(d, 1); /* as it was before */
	db_close(d);
	CHECK(size_of(log) == -1);
	d = db_open(path, &schema, 0, &e);
	CHECK(d != NULL && count(d) == COMMITS + 1);
	db_close(d);
	unlink(path);
	rmdir(dir);
}

static void a_short_run_is_left_to_itself(void)
{
	char dir[] = "/tmp/tidy.XXXXXX", path[64];
	struct db *d;
	struct err e;

	CHECK(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/db", dir);
	d = db_open(path, &schema, DB_CREATE, &e);
	for (int i = 0; i < 3; i++) {
		struct db_tidy *t = db_tidy_start(d, &e);

		CHECK(t != NULL);
		fill(d, i);
		db_tidy_stop(t);
	}
	CHECK(count(d) == 3);
	db_tidy_stop(NULL);
	db_close(d);
	unlink(path);
	rmdir(dir);
}

UNIT_MAIN(UNIT(the_log_stays_bounded_and_all_that_was_committed_is_in_the_file),
	  UNIT(a_short_run_is_left_to_itself))
