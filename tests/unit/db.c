/* SPDX-License-Identifier: MIT */
#include "db.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

static char dir[] = "/tmp/omni-db-XXXXXX";
static struct err e;

static const char *const one[] = { "CREATE TABLE t(x)", NULL };
static const char *const two[] = { "CREATE TABLE t(x)", "ALTER TABLE t ADD y DEFAULT 7", NULL };
static const struct db_schema first = { .magic = 0x6f6d0001, .what = "thing", .steps = one };
static const struct db_schema second = { .magic = 0x6f6d0001, .what = "thing", .steps = two };
static const struct db_schema other = { .magic = 0x6f6d0002, .what = "other thing", .steps = one };

static const char *path(const char *name)
{
	static char p[128];

	snprintf(p, sizeof(p), "%s/%s", dir, name);
	return p;
}

static int64_t number(struct db *d, const char *sql)
{
	struct db_stmt *s = db_stmt(d, sql);
	int64_t v = db_step(s, &e) > 0 ? db_i64(s, 0) : -1;

	db_reset(s);
	return v;
}

static void a_file_is_made_for_its_owner_alone_with_its_directories(void)
{
	struct db *d = db_open(path("deep/er/a"), &first, DB_CREATE, &e);
	struct stat st;

	CHECK(d && stat(path("deep/er/a"), &st) == 0 && (st.st_mode & 0777) == 0600);
	CHECK(db_exec(d, "INSERT INTO t VALUES(1)", &e) == 0);
	CHECK(stat(path("deep/er/a-wal"), &st) == 0 && (st.st_mode & 0777) == 0600);
	CHECK(stat(path("deep/er"), &st) == 0 && (st.st_mode & 0777) == 0700);
	db_close(d);
	CHECK(!db_open(path("missing"), &first, 0, &e) && e.fault == FAULT_CONFIG);
}

static void an_older_file_is_brought_forward_and_a_newer_one_refused(void)
{
	struct db *d = db_open(path("m"), &first, DB_CREATE, &e);

	CHECK(d && db_exec(d, "INSERT INTO t VALUES(1)", &e) == 0);
	db_close(d);
	CHECK(!db_open(path("m"), &second, DB_READONLY, &e) && strcmp(e.code, "db-older") == 0);
	d = db_open(path("m"), &second, 0, &e);
	CHECK(d && number(d, "SELECT x + y FROM t") == 8);
	db_close(d);
	CHECK(!db_open(path("m"), &first, 0, &e) && strcmp(e.code, "db-newer") == 0);
	CHECK(!db_open(path("m"), &other, 0, &e) && strcmp(e.code, "db-foreign") == 0);
	CHECK(strstr(e.text, "other thing") && strstr(e.text, dir));
}

static void what_is_no_database_is_refused_as_it_is(void)
{
	int fd = open(path("text"), O_WRONLY | O_CREAT, 0600);
	struct stat st;

	CHECK(write(fd, "this is not a database, and it should stay as it is", 51) == 51);
	close(fd);
	CHECK(!db_open(path("text"), &first, DB_CREATE, &e) && e.fault == FAULT_CONFIG);
	CHECK(stat(path("text"), &st) == 0 && st.st_size == 51);
}

/* Whether this process holds SQLite's shared lock on the file, as another one sees it. */
static bool locked(const char *file)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		struct flock l = { .l_type = F_WRLCK, .l_start = 0x40000000 + 2, .l_len = 510 };
		int fd = open(file, O_RDWR);

		_exit(fd < 0 || fcntl(fd, F_GETLK, &l) < 0 || l.l_type == F_UNLCK);
	}
	waitpid(child, &status, 0);
	return status == 0;
}

static void a_second_handle_leaves_the_locks_of_the_first(void)
{
	struct db *a = db_open(path("locks"), &first, DB_CREATE, &e), *b;

	CHECK(a && number(a, "SELECT count(*) FROM t") == 0 && locked(path("locks")));
	b = db_open(path("locks"), &first, DB_CREATE, &e);
	CHECK(b && locked(path("locks")));
	db_close(b);
	CHECK(locked(path("locks")));
	db_close(a);
	CHECK(!locked(path("locks")));
}

static void a_commit_is_seen_by_others_and_a_rollback_is_not(void)
{
	struct db *a = db_open(path("v"), &first, DB_CREATE, &e),
		  *b = db_open(path("v"), &first, 0, &e);
	int64_t before, after;

	CHECK(a && b && db_version(b, &before, &e) == 0);
	CHECK(db_begin(a, &e) == 0 && db_exec(a, "INSERT INTO t VALUES(1)", &e) == 0);
	db_rollback(a);
	db_rollback(a);
	CHECK(number(b, "SELECT count(*) FROM t") == 0);
	CHECK(db_begin_quick(a, &e) == 0 && db_exec(a, "INSERT INTO t VALUES(1)", &e) == 0 &&
	      number(a, "PRAGMA synchronous") == 1 && db_commit(a, &e) == 0);
	CHECK(number(b, "SELECT count(*) FROM t") == 1 && db_version(b, &after, &e) == 0 &&
	      after != before);
	CHECK(db_begin(a, &e) == 0 && number(a, "PRAGMA synchronous") == 2 && db_commit(a, &e) == 0);
	db_close(b);
	db_close(a);
}

static void a_statement_that_can_not_be_is_told_when_it_is_run(void)
{
	struct db *d = db_open(path("bad"), &first, DB_CREATE, &e);

	CHECK(d && db_begin(d, &e) == 0 && db_exec(d, "INSERT INTO t VALUES(1)", &e) == 0);
	CHECK(db_run(db_stmt(d, "SELECT nonsense FROM nowhere"), &e) == -1 && e.fault == FAULT_IO);
	CHECK(strstr(e.text, "nowhere"));
	CHECK(number(d, "SELECT count(*) FROM t") == 0); /* rolled back */
	db_close(d);
}

static void values_come_back_as_they_were_bound(void)
{
	struct db *d = db_open(path("values"), &first, DB_CREATE, &e);
	struct db_stmt *s = db_stmt(d, "SELECT ?1, ?2, ?3, ?4, ?5, 1.5");

	db_bind_i64(s, 1, INT64_MIN);
	db_bind_text(s, 2, STR("a\0b"));
	db_bind_blob(s, 3, "\xff\0", 2);
	db_bind_text(s, 4, STR_NONE);
	db_bind_null(s, 5);
	CHECK(db_step(s, &e) == 1 && db_i64(s, 0) == INT64_MIN);
	CHECK_STR(db_text(s, 1), "a\0b");
	CHECK_STR(db_blob(s, 2), "\xff\0");
	CHECK(db_is_null(s, 3) && db_is_null(s, 4) && !db_text(s, 3).p);
	CHECK(db_step(s, &e) == 0);
	db_reset(s);
	CHECK(db_stmt(d, "SELECT 1") != s);
	db_close(d);
}

static void a_backup_is_a_file_of_its_own(void)
{
	struct db *d = db_open(path("from"), &first, DB_CREATE, &e), *copy;

	CHECK(d && db_exec(d, "INSERT INTO t VALUES(1)", &e) == 0);
	CHECK(db_backup(d, path("to"), &e) == 0);
	CHECK(access(path("to-wal"), F_OK) < 0);
	CHECK(db_exec(d, "INSERT INTO t VALUES(2)", &e) == 0);
	copy = db_open(path("to"), &first, 0, &e);
	CHECK(copy && number(copy, "SELECT count(*) FROM t") == 1);
	db_close(copy);
	CHECK(db_backup(d, path("no/where"), &e) == -1 && e.fault == FAULT_IO);
	db_close(d);
}

static void the_directory_is_made(void)
{
	CHECK(mkdtemp(dir) != NULL);
}

static void the_directory_is_removed(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	CHECK(system(command) == 0);
}

static void processes_that_make_a_file_at_once_all_have_it(void)
{
	enum { ROUNDS = 30, PROCESSES = 8 };
	char place[] = "/tmp/db-race.XXXXXX", path[64];

	CHECK(mkdtemp(place) != NULL);
	for (int round = 0; round < ROUNDS; round++) {
		int gate[2], failed = 0, status;

		snprintf(path, sizeof(path), "%s/%d", place, round);
		CHECK(pipe(gate) == 0);
		for (int p = 0; p < PROCESSES; p++) {
			struct err why;
			struct db *made;

			if (fork() > 0)
				continue;
			close(gate[1]);
			(void)!read(gate[0], path + sizeof(path) - 1, 1); /* until all are there */
			made = db_open(path, &first, DB_CREATE, &why);
			if (!made)
				dprintf(STDERR_FILENO, "# %s\n", why.text);
			db_close(made);
			_exit(made ? 0 : 1);
		}
		close(gate[0]);
		close(gate[1]);
		while (wait(&status) > 0)
			failed += status != 0;
		CHECK(failed == 0);
	}
	CHECK(system(arena_fmt(arena, "rm -rf %s", place).p) == 0);
}

UNIT_MAIN(UNIT(processes_that_make_a_file_at_once_all_have_it), UNIT(the_directory_is_made),
	  UNIT(a_file_is_made_for_its_owner_alone_with_its_directories),
	  UNIT(an_older_file_is_brought_forward_and_a_newer_one_refused),
	  UNIT(what_is_no_database_is_refused_as_it_is),
	  UNIT(a_second_handle_leaves_the_locks_of_the_first),
	  UNIT(a_commit_is_seen_by_others_and_a_rollback_is_not),
	  UNIT(a_statement_that_can_not_be_is_told_when_it_is_run),
	  UNIT(values_come_back_as_they_were_bound), UNIT(a_backup_is_a_file_of_its_own),
	  UNIT(the_directory_is_removed))
