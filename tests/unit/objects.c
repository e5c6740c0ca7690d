/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "objects.h"

#define HELLO "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

static char dir[] = "/tmp/omni-objects.XXXXXX";

static struct objects *open_store(void)
{
	struct err e;
	struct objects *o = objects_open(arena_fmt(arena, "%s/a/store", dir).p, &e);

	if (!o)
		abort();
	return o;
}

static struct draft *draft_of(struct objects *o, struct str bytes)
{
	struct err e;
	struct draft *d = objects_draft(o, &e);

	if (!d || !draft_add(d, bytes))
		abort();
	return d;
}

static bool is_file(struct str path, off_t size)
{
	struct stat st;

	return stat(path.p, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == size;
}

static void what_is_kept_is_there_when_it_is_committed(void)
{
	struct objects *o = open_store();
	struct draft *d = draft_of(o, STR("hel"));
	struct object x;
	struct str path;
	struct err e;

	CHECK(draft_add(d, STR("lo")));
	CHECK(draft_size(d) == 5);
	objects_keep(o, d, &x);
	CHECK_STR(str_c(x.sha256), HELLO);
	CHECK(x.size == 5);
	path = objects_path(o, str_c(x.sha256), arena);
	CHECK(str_suffix(path, STR("/a/store/2c/f2/" HELLO)));
	CHECK(!is_file(path, 5) && !objects_has(o, STR(HELLO), 5));
	CHECK(objects_commit(o, &e) == 0);
	CHECK(is_file(path, 5) && objects_has(o, STR(HELLO), 5));
	CHECK(!objects_has(o, STR(HELLO), 6));
	CHECK(!objects_has(o, STR("2CF24DBA5FB0A30E26E83B2AC5B9E29E1B161E5C1FA7425E73043362938B9824"), 5));
	CHECK(!objects_has(o, STR("../../etc/passwd"), 5));
	CHECK(objects_commit(o, &e) == 0);
	objects_close(o);
}

static void the_same_bytes_are_one_file(void)
{
	struct objects *o = open_store(), *other = open_store();
	struct object x, y, z;
	struct err e;

	objects_keep(o, draft_of(o, STR("hello")), &x);
	objects_keep(o, draft_of(o, STR("hello")), &y);
	objects_keep(other, draft_of(other, STR("hello")), &z);
	CHECK(objects_commit(o, &e) == 0);
	CHECK(objects_commit(other, &e) == 0);
	CHECK_STR(str_c(y.sha256), HELLO);
	CHECK_STR(str_c(z.sha256), HELLO);
	CHECK(rmdir(arena_fmt(arena, "%s/a/store/new", dir).p) == 0); /* nothing is left in it */
	objects_close(o);
	objects_close(other);
}

static void a_draft_can_begin_again_or_be_dropped(void)
{
	struct objects *o = open_store();
	struct draft *d = draft_of(o, STR("something longer"));
	struct object x;
	struct err e;

	CHECK(draft_restart(d));
	CHECK(draft_size(d) == 0);
	CHECK(draft_add(d, STR("hello")));
	objects_keep(o, d, &x);
	CHECK_STR(str_c(x.sha256), HELLO);
	CHECK(objects_commit(o, &e) == 0);
	draft_drop(o, draft_of(o, STR("x")));
	draft_drop(o, NULL);
	CHECK(rmdir(arena_fmt(arena, "%s/a/store/new", dir).p) == 0);
	objects_close(o);
	objects_close(NULL);
}

static void what_nobody_writes_any_more_goes_and_nothing_else(void)
{
	struct objects *o, *other = open_store();
	struct draft *d = draft_of(other, STR("hello"));
	struct str left = arena_fmt(arena, "%s/a/store/new/left", dir);
	struct object x;
	struct err e;

	close(open(left.p, O_WRONLY | O_CREAT, 0600));
	o = open_store();
	CHECK(access(left.p, F_OK) < 0);
	objects_keep(other, d, &x);
	CHECK(objects_commit(other, &e) == 0);
	objects_keep(other, draft_of(other, STR("never committed")), &x);
	objects_close(other);
	CHECK(rmdir(arena_fmt(arena, "%s/a/store/new", dir).p) == 0);
	objects_close(o);
}

static void a_copy_is_bounded(void)
{
	struct objects *o = open_store();
	struct str from = arena_fmt(arena, "%s/from", dir);
	int fd = open(from.p, O_RDWR | O_CREAT | O_TRUNC, 0600);
	struct object x;
	struct err e;

	CHECK(write(fd, "hello", 5) == 5);
	lseek(fd, 0, SEEK_SET);
	CHECK(objects_copy(o, fd, 5, &x, &e) == 0);
	CHECK_STR(str_c(x.sha256), HELLO);
	lseek(fd, 0, SEEK_SET);
	CHECK(objects_copy(o, fd, 4, &x, &e) == 1);
	CHECK(objects_commit(o, &e) == 0);
	close(fd);
	fd = open(dir, O_RDONLY);
	CHECK(objects_copy(o, fd, 4, &x, &e) < 0 && e.fault == FAULT_IO);
	close(fd);
	objects_close(o);
}

static void a_store_that_can_not_be_says_so(void)
{
	struct err e;

	CHECK(!objects_open("/dev/null/store", &e));
	CHECK(e.fault == FAULT_IO);
}

static const struct unit_test tests[] = {
	UNIT(what_is_kept_is_there_when_it_is_committed),
	UNIT(the_same_bytes_are_one_file),
	UNIT(a_draft_can_begin_again_or_be_dropped),
	UNIT(what_nobody_writes_any_more_goes_and_nothing_else),
	UNIT(a_copy_is_bounded),
	UNIT(a_store_that_can_not_be_says_so),
};

int main(void)
{
	char remove[sizeof(dir) + 16];
	int rc;

	if (!mkdtemp(dir))
		return 1;
	rc = unit_run(tests, LEN(tests));
	snprintf(remove, sizeof(remove), "rm -rf %s", dir);
	return system(remove) != 0 || rc;
}
