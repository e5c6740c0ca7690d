/* SPDX-License-Identifier: MIT */
/* Judge of all tests: a connection of SQLite's own, without the layer that is tested. */
#include "db_log.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "unit.h"

static char dir[] = "/tmp/omni-db-log-XXXXXX";
static uint64_t seed = 1;

static unsigned any(unsigned below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % below;
}

static const char *path(const char *name)
{
	static char p[4][128];
	static unsigned i;

	snprintf(p[++i % 4], sizeof(p[0]), "%s/%s", dir, name);
	return p[i % 4];
}

static sqlite3 *open_as(const char *name, const char *vfs)
{
	sqlite3 *h = NULL;

	CHECK(sqlite3_open_v2(name, &h, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs) == SQLITE_OK);
	return h;
}

static bool run(sqlite3 *h, const char *sql)
{
	return sqlite3_exec(h, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static int keep(void *arg, int n, char **values, char **names)
{
	(void)n, (void)names;
	*(struct str *)arg = arena_str(arena, str_c(values[0]));
	return 0;
}

static struct str ask(sqlite3 *h, const char *sql)
{
	struct str answer = STR_NONE;

	CHECK(sqlite3_exec(h, sql, keep, &answer, NULL) == SQLITE_OK);
	return answer;
}

static const char sum[] =
	"SELECT count(*) || ' ' || sum(x) || ' ' || sum(length(y)) || ' ' || sum(unicode(y))"
	" FROM t";

/* What a crash of the process would leave. */
static struct str after_crash(void)
{
	char command[512];
	struct str answer;
	sqlite3 *h;

	snprintf(command, sizeof(command),
		 "cd %s && rm -f c c-wal c-shm && cp a c && cp a-wal c-wal", dir);
	CHECK(system(command) == 0);
	h = open_as(path("c"), NULL);
	answer = ask(h, sum);
	CHECK_STR(ask(h, "PRAGMA integrity_check"), "ok");
	sqlite3_close(h);
	return answer;
}

static bool change_some(sqlite3 *h, unsigned n)
{
	char sql[256];
	bool ok = true;

	for (unsigned i = 0; i < n && ok; i++) {
		snprintf(sql, sizeof(sql),
			 "INSERT INTO t VALUES(%u, printf('%%.*c', %u, '%c')) ON CONFLICT DO UPDATE SET y = excluded.y",
			 any(4000), any(any(10) ? 200 : 20000), 'a' + (int)any(26));
		ok = run(h, sql);
	}
	return ok;
}

/*
 * Transactions, small and large; some are taken back, whole or, with ${savepoints}, from the middle.
 * (SQLite 3.40 damages its log by itself where pages went there before a savepoint was taken back.)
 */
static void work(const char *settings, bool savepoints)
{
	sqlite3 *h = open_as(path("a"), db_log_vfs()), *judge;
	struct str last;

	CHECK(run(h, "PRAGMA journal_mode=WAL; CREATE TABLE IF NOT EXISTS t(x INTEGER PRIMARY KEY, y)"));
	CHECK(run(h, "INSERT OR IGNORE INTO t VALUES(0, 'a')"));
	CHECK(run(h, settings));
	judge = open_as(path("a"), NULL);
	last = ask(h, sum);
	for (int i = 0; i < 24; i++) {
		bool back = any(5) == 0;

		CHECK(run(h, "BEGIN IMMEDIATE") && change_some(h, 1 + any(any(4) ? 30 : 600)));
		if (savepoints && any(3) == 0)
			CHECK(run(h, "SAVEPOINT s") && change_some(h, any(300)) &&
			      run(h, "ROLLBACK TO s; RELEASE s") && change_some(h, any(100)));
		CHECK(str_eq(ask(judge, sum), last)); /* nothing is seen of what is not committed */
		if (i % 6 == 0)
			CHECK(str_eq(after_crash(), last));
		if (!back)
			last = ask(h, sum);
		CHECK(run(h, back ? "ROLLBACK" : "COMMIT"));
		CHECK(str_eq(ask(judge, sum), last));
		if (i % 6 == 1)
			CHECK(str_eq(after_crash(), last));
		if (i % 12 == 11)
			CHECK_STR(ask(judge, "PRAGMA integrity_check"), "ok");
	}
	sqlite3_close(judge);
	sqlite3_close(h);
}

static void what_is_committed_is_what_others_see_and_a_crash_leaves(void)
{
	work("PRAGMA synchronous=FULL", true);
}

static void also_where_a_commit_does_not_wait_for_the_disk(void)
{
	work("PRAGMA synchronous=NORMAL", true);
	work("PRAGMA synchronous=OFF; PRAGMA wal_autocheckpoint=10", true);
}

static void also_where_a_transaction_is_larger_than_the_memory_for_it(void)
{
	work("PRAGMA synchronous=FULL; PRAGMA cache_size=8; PRAGMA cache_spill=8", false);
	work("PRAGMA synchronous=NORMAL; PRAGMA cache_size=8; PRAGMA cache_spill=8; PRAGMA wal_autocheckpoint=10",
	     false);
}

static void pages_may_be_of_any_size(void)
{
	CHECK(system(arena_fmt(arena, "rm -f %s/a*", dir).p) == 0);
	work("PRAGMA journal_mode=DELETE; PRAGMA page_size=65536; VACUUM; PRAGMA journal_mode=WAL", true);
	work("PRAGMA synchronous=NORMAL; PRAGMA cache_size=8; PRAGMA cache_spill=8", false);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(what_is_committed_is_what_others_see_and_a_crash_leaves),
		UNIT(also_where_a_commit_does_not_wait_for_the_disk),
		UNIT(also_where_a_transaction_is_larger_than_the_memory_for_it),
		UNIT(pages_may_be_of_any_size),
	};
	char command[128];
	int rc;

	if (!mkdtemp(dir) || !db_log_vfs())
		return 1;
	rc = unit_run(tests, LEN(tests));
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command) == 0 ? rc : 1;
}
