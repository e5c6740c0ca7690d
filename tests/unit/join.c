/* SPDX-License-Identifier: MIT */
#include "join.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "unit.h"

enum { FINE, DEAD, AGAIN };

static void add(struct join *j, const char *key, int64_t part, int64_t parts)
{
	join_add(j, str_c(key), &(struct join_word){ FINE, 0, { part, parts }, STR_NONE });
}

static void say(struct join *j, int64_t part, unsigned what, int64_t at_ms, const char *text)
{
	join_add(j, STR("k"), &(struct join_word){ what, at_ms, { part, 4 }, str_c(text) });
}

/* The keys that have become whole, joined with spaces. */
static struct str whole(struct join *j, int64_t now_ms)
{
	struct join_done done;
	struct str all = STR("");
	struct err e;

	while (join_next(j, now_ms, &done, &e) > 0)
		all = arena_fmt(arena, "%.*s%s%.*s", STR_FMT(all), all.n ? " " : "", STR_FMT(done.key));
	CHECK(join_commit(j, &e) == 0);
	return all;
}

static struct join *opened(const char *path)
{
	struct err e = { .text = "" };
	struct join *j = join_new(path, &e);

	CHECK(j != NULL);
	if (!j) {
		printf("# %s\n", e.text);
		exit(1);
	}
	return j;
}

static char *new_path(void)
{
	static char path[64];

	snprintf(path, sizeof(path), "/tmp/unit-join.%ld", (long)getpid());
	return path;
}

static void remove_file(const char *path)
{
	unlink(path);
	unlink(arena_fmt(arena, "%s-wal", path).p);
	unlink(arena_fmt(arena, "%s-shm", path).p);
}

static void a_lease_is_whole_when_its_last_share_is_in(void)
{
	struct join *j = opened(NULL);

	add(j, "a", 1, 2);
	add(j, "b", 1, 3);
	add(j, "a", 1, 2);
	CHECK_STR(whole(j, 0), "");
	add(j, "b", 6, 6);
	add(j, "a", 2, 2);
	CHECK_STR(whole(j, 0), "a");
	add(j, "b", 2, 3);
	CHECK(join_waiting(j) == 1);
	add(j, "b", 5, 6);
	CHECK_STR(whole(j, 0), "b");
	CHECK(join_waiting(j) == 0 && join_forgotten(j) == 0);
	add(j, "a", 2, 2); /* late: the beginning of nothing */
	CHECK_STR(whole(j, 0), "");
	join_free(j);
}

static void four_say(struct join *j, const int order[4])
{
	for (int i = 0; i < 4; i++) {
		switch (order[i]) {
		case 1:
			say(j, 1, FINE, 0, NULL);
			break;
		case 2:
			say(j, 2, AGAIN, 50, "second");
			break;
		case 3:
			say(j, 3, AGAIN, 50, "third");
			break;
		default:
			say(j, 4, DEAD, 90, "fourth");
		}
	}
}

static void what_is_said_does_not_depend_on_the_order(void)
{
	static const int orders[][4] = { { 1, 2, 3, 4 }, { 4, 3, 2, 1 }, { 3, 4, 2, 1 }, { 2, 1, 4, 3 } };
	struct join *j = opened(NULL);
	struct join_done done;
	struct err e;

	for (size_t i = 0; i < LEN(orders); i++) {
		four_say(j, orders[i]);
		CHECK(join_next(j, 0, &done, &e) == 1);
		CHECK(done.word.what == AGAIN && done.word.at_ms == 50);
		CHECK_STR(done.word.text, "second");
		CHECK(join_next(j, 0, &done, &e) == 0);
		CHECK(join_commit(j, &e) == 0);
	}
	join_free(j);
}

static void memory_is_bounded(void)
{
	struct join *j = opened(NULL);
	char key[32], *big = arena_alloc(arena, MIB(1));

	for (int i = 0; i < JOIN_LEASES + 10; i++) {
		snprintf(key, sizeof(key), "%d", i);
		add(j, key, 1, 2);
	}
	CHECK(join_waiting(j) == JOIN_LEASES && join_forgotten(j) == 10);
	add(j, "9", 2, 2); /* its first share is forgotten, and so it is the eleventh */
	CHECK_STR(whole(j, 0), "");
	add(j, "20", 2, 2);
	CHECK_STR(whole(j, 0), "20");
	memset(big, 'x', MIB(1));
	for (int i = 0; i < 100; i++) {
		snprintf(key, sizeof(key), "big%d", i);
		join_add(j, str_c(key), &(struct join_word){ DEAD, 0, { 1, 2 }, { big, MIB(1) } });
	}
	CHECK(join_waiting(j) < 64);
	add(j, "big99", 2, 2);
	CHECK_STR(whole(j, 0), "big99");
	for (int64_t i = 0; i < 5000; i++)
		add(j, "gaps", 2 * i + 1, 10000);
	CHECK(join_waiting(j) < 64);
	join_free(j);
}

static void a_file_joins_what_comes_in_at_several_places(void)
{
	char *path = new_path();
	struct join *j = opened(path), *k = opened(path);
	struct join_done done;
	struct err e;

	say(j, 1, DEAD, 0, "first");
	add(j, "other", 1, 2);
	CHECK_STR(whole(j, 1000), "");
	say(k, 4, FINE, 0, NULL);
	say(k, 3, DEAD, 0, "third");
	CHECK_STR(whole(k, 1000), "");
	join_free(j);
	j = opened(path); /* it came again */
	say(j, 3, DEAD, 0, "third");
	CHECK_STR(whole(j, 1000), "");
	say(j, 2, DEAD, 0, "second");
	CHECK(join_next(j, 1000, &done, &e) == 1);
	CHECK(done.word.what == DEAD);
	CHECK_STR(done.key, "k");
	CHECK_STR(done.word.text, "first");
	join_free(j); /* without a commit: it has not happened */
	say(k, 2, FINE, 0, NULL);
	CHECK_STR(whole(k, 1000), "k");
	add(k, "other", 2, 2);
	CHECK_STR(whole(k, 1000), "other");
	join_free(k);
	remove_file(path);
}

static void what_a_file_holds_takes_no_room_in_memory(void)
{
	char *path = new_path(), *text = arena_alloc(arena, KIB(8));
	struct join *j = opened(path), *k = opened(path);

	memset(text, 'x', KIB(8));
	join_add(j, STR("a"), &(struct join_word){ DEAD, 0, { 1, 2 }, { text, KIB(8) } });
	CHECK_STR(whole(j, 1000), "");
	add(k, "a", 2, 2);
	CHECK_STR(whole(k, 1000), "a");
	/* There is as much as there was. */
	for (int i = 1; i <= 2; i++) {
		add(k, "b", i, 2);
		add(k, "c", i, 2);
		add(k, "d", i, 2);
	}
	CHECK_STR(whole(k, 1000), "b c d");
	CHECK(join_forgotten(k) == 0);
	join_free(j);
	join_free(k);
	remove_file(path);
}

static void a_file_forgets_after_a_day(void)
{
	char *path = new_path();
	struct join *j = opened(path);

	add(j, "a", 1, 2);
	CHECK_STR(whole(j, 1000), "");
	add(j, "b", 1, 2);
	CHECK_STR(whole(j, 2000), "");
	add(j, "a", 2, 2);
	add(j, "b", 2, 2);
	CHECK_STR(whole(j, 1500 + JOIN_KEEP_MS), "b");
	join_free(j);
	remove_file(path);
}

UNIT_MAIN(UNIT(a_lease_is_whole_when_its_last_share_is_in),
	  UNIT(what_is_said_does_not_depend_on_the_order), UNIT(memory_is_bounded),
	  UNIT(a_file_joins_what_comes_in_at_several_places),
	  UNIT(what_a_file_holds_takes_no_room_in_memory), UNIT(a_file_forgets_after_a_day))
