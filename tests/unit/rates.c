/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rates.h"

#define SECOND RATES_SECOND
#define START  (INT64_C(1768381200) * SECOND)

static char dir[] = "/tmp/omni-rates-XXXXXX";

static struct rates_key key(uint64_t hash, int64_t per_second, int64_t burst)
{
	return (struct rates_key){ hash, { SECOND / per_second, burst, 1 }, 1 };
}

/* A leaky bucket, filled in nanoseconds: what GCRA must agree with. */
struct bucket {
	int64_t level, unit, size, at;
};

static bool bucket_take(struct bucket *b, int64_t now)
{
	b->level -= now - b->at;
	b->at = now;
	if (b->level < 0)
		b->level = 0;
	if (b->level + b->unit > b->size)
		return false;
	b->level += b->unit;
	return true;
}

static void allows_what_a_leaky_bucket_allows(void)
{
	struct rates *t = rates_memory();
	struct rates_key k = key(42, 10, 5);
	struct bucket b = { 0, SECOND / 10, SECOND / 2, START };
	int64_t now = START;
	int allowed = 0;

	srand48(1);
	for (int i = 0; i < 20000; i++) {
		bool ours;

		now += lrand48() % (SECOND / 6);
		ours = rates_take(t, &k, 1, now, NULL) == now;
		CHECK(ours == bucket_take(&b, now));
		allowed += ours;
	}
	CHECK(allowed > 10000 && allowed < 20000);
	rates_free(t);
}

static void says_when_to_come_back(void)
{
	struct rates *t = rates_memory();
	struct rates_key k = key(7, 10, 3);
	int64_t when;

	for (int i = 0; i < 3; i++)
		CHECK(rates_take(t, &k, 1, START, NULL) == START);
	when = rates_take(t, &k, 1, START, NULL);
	CHECK(when == START + SECOND / 10);
	CHECK(rates_when(t, &k, 1, START, NULL) == when);
	CHECK(rates_take(t, &k, 1, when - 1, NULL) == when);
	CHECK(rates_take(t, &k, 1, when, NULL) == when);
	rates_free(t);
}

static void takes_from_all_keys_or_from_none(void)
{
	struct rates *t = rates_memory();
	struct rates_key both[2] = { key(1, 100, 10), key(2, 1, 1) };
	unsigned slowest = 9;

	CHECK(rates_take(t, both, 2, START, &slowest) == START);
	CHECK(slowest == 9);
	for (int i = 0; i < 50; i++)
		CHECK(rates_take(t, both, 2, START, &slowest) == START + SECOND);
	CHECK(slowest == 1);
	for (int i = 0; i < 9; i++)
		CHECK(rates_take(t, &both[0], 1, START, NULL) == START);
	CHECK(rates_take(t, &both[0], 1, START, NULL) > START);
	rates_free(t);
}

static void a_record_of_several_units_waits_for_all_of_them(void)
{
	struct rates *t = rates_memory();
	struct rates_key k = key(3, 1, 5);

	k.rate.most = 9;
	k.units = 4;
	CHECK(rates_take(t, &k, 1, START, NULL) == START);
	CHECK(rates_take(t, &k, 1, START, NULL) == START + 3 * SECOND);
	k.units = 9; /* more than there ever are at once: when the key stands still */
	CHECK(rates_take(t, &k, 1, START, NULL) == START + 4 * SECOND);
	CHECK(rates_take(t, &k, 1, START + 4 * SECOND, NULL) == START + 4 * SECOND);
	k.units = 1;
	CHECK(rates_take(t, &k, 1, START + 4 * SECOND, NULL) == START + 9 * SECOND);
	rates_free(t);
}

static void grows_with_its_keys_and_forgets_those_that_stand_still(void)
{
	struct rates *t = rates_memory();
	uint64_t slots;

	for (uint64_t i = 1; i <= 100000; i++) {
		struct rates_key k = key(i * 0x9e3779b97f4a7c15u, 1, 1);

		CHECK(rates_take(t, &k, 1, START, NULL) == START);
	}
	CHECK(rates_stat(t, START).used == 100000);
	for (uint64_t i = 1; i <= 100000; i++) {
		struct rates_key k = key(i * 0x9e3779b97f4a7c15u, 1, 1);

		CHECK(rates_take(t, &k, 1, START, NULL) == START + SECOND);
	}
	slots = rates_stat(t, START).slots;
	for (uint64_t i = 1; i <= 1000000; i++) { /* others, one a millisecond, none for long */
		struct rates_key k = key(i * 0xbf58476d1ce4e5b9u, 1, 1);
		int64_t now = START + 2 * SECOND + (int64_t)i * SECOND / 1000;

		CHECK(rates_take(t, &k, 1, now, NULL) == now);
	}
	CHECK(rates_stat(t, START + 1000 * SECOND).slots <= slots);
	rates_free(t);
}

static void learns_from_throttles_and_successes(void)
{
	struct rates *t = rates_memory();
	struct rates_key k = key(5, 100, 1);
	int64_t now = START;

	CHECK(rates_share(t, &k) == 1);
	rates_learn(t, &k, true, now);
	CHECK(rates_share(t, &k) == 0.5);
	rates_learn(t, &k, true, now + SECOND / 2);
	CHECK(rates_share(t, &k) == 0.5);
	CHECK(rates_take(t, &k, 1, now, NULL) == now);
	CHECK(rates_take(t, &k, 1, now, NULL) == now + SECOND / 50);
	for (int i = 0; i < 20; i++)
		rates_learn(t, &k, true, now += SECOND);
	CHECK(rates_share(t, &k) > 0.015 && rates_share(t, &k) < 0.017);
	for (int i = 0; i < 50; i++)
		rates_learn(t, &k, false, now);
	CHECK(rates_share(t, &k) > 0.5 && rates_share(t, &k) < 0.53);
	for (int i = 0; i < 60; i++)
		rates_learn(t, &k, false, now);
	CHECK(rates_share(t, &k) == 1);
	rates_free(t);
}

static struct rates *open_file(const char *name, uint64_t keys)
{
	struct err e = { .fault = FAULT_NONE };
	struct rates *t = rates_file(arena_fmt(arena, "%s/%s", dir, name).p, keys, &e);

	if (!t)
		printf("# %s\n", e.text);
	return t;
}

static void a_file_outlives_its_process_and_is_shared(void)
{
	struct rates *a = open_file("shared", 1000), *b;
	struct rates_key k = key(77, 1, 2);

	CHECK(rates_take(a, &k, 1, START, NULL) == START);
	b = open_file("shared", 5);
	CHECK(rates_seed(a) == rates_seed(b));
	CHECK(rates_take(b, &k, 1, START, NULL) == START);
	CHECK(rates_take(a, &k, 1, START, NULL) == START + SECOND);
	rates_free(a);
	rates_free(b);
	a = open_file("shared", 1000);
	CHECK(rates_take(a, &k, 1, START, NULL) == START + SECOND);
	rates_free(a);
}

static void processes_together_take_no_more_than_there_is(void)
{
	enum { PROCESSES = 4, TRIES = 20000, BURST = 10000 };
	struct rates *t = open_file("many", 100);
	int pipes[2], total = 0, n;

	CHECK(pipe(pipes) == 0);
	for (int p = 0; p < PROCESSES; p++) {
		if (fork() > 0)
			continue;
		n = 0;
		for (int i = 0; i < TRIES; i++) {
			struct rates_key k[2] = { key(1, 1000000, BURST), key(2, 1, BURST - 100) };

			n += rates_take(t, k, 2, START, NULL) == START;
		}
		_exit(write(pipes[1], &n, sizeof(n)) == sizeof(n) ? 0 : 1);
	}
	for (int p = 0; p < PROCESSES; p++) {
		CHECK(read(pipes[0], &n, sizeof(n)) == sizeof(n));
		total += n;
	}
	while (wait(NULL) > 0)
		;
	CHECK(total == BURST - 100);
	/* What was given back for want of the second key is still there to be taken from the first. */
	for (n = 0; n < 200; n++) {
		struct rates_key k = key(1, 1000000, BURST);

		if (rates_take(t, &k, 1, START, NULL) > START)
			break;
	}
	CHECK(n == 100);
	rates_free(t);
	close(pipes[0]);
	close(pipes[1]);
}

static void keys_of_one_record_keep_their_places_apart(void)
{
	struct rates *t = open_file("apart", 10);
	struct rates_key k[3] = { key(7, 1, 1), key(7 + 1024, 1, 1), key(7 + 2048, 1, 1) };

	CHECK(rates_take(t, k, 3, START, NULL) == START);
	CHECK(rates_stat(t, START).used == 3);
	for (int i = 0; i < 3; i++)
		CHECK(rates_take(t, &k[i], 1, START, NULL) == START + SECOND);
	rates_free(t);
}

/* Processes that are killed in the middle of making a table and of using it leave one that can be used. */
static void who_is_killed_leaves_a_table_that_can_be_used(void)
{
	enum { ROUNDS = 60, KEYS = 1000 };
	struct rates *t;
	uint64_t seed = 0;
	pid_t pid;

	srand48(4);
	for (int round = 0; round < ROUNDS; round++) {
		struct rates_key k[4];

		pid = fork();
		if (pid == 0) {
			t = open_file("killed", KEYS);
			for (int64_t i = 0;; i++) {
				for (int n = 0; n < 4; n++)
					k[n] = key((uint64_t)(i * 4 + n) % KEYS * 0x9e3779b97f4a7c15u + 1,
						   1000000, 1000);
				rates_take(t, k, 4, START + i, NULL);
				rates_learn(t, &k[1], i % 3 == 0, START + i);
			}
		}
		usleep((useconds_t)(lrand48() % (round < ROUNDS / 2 ? 1500 : 10000)));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		t = open_file("killed", KEYS);
		CHECK(t != NULL);
		if (!t)
			return;
		CHECK(seed == 0 || seed == rates_seed(t));
		seed = rates_seed(t);
		k[0] = key(0x517cc1b727220a95u + (uint64_t)round, 1, 1);
		CHECK(rates_take(t, k, 1, START, NULL) == START);
		CHECK(rates_take(t, k, 1, START, NULL) == START + SECOND);
		CHECK(rates_stat(t, START).used <= KEYS + ROUNDS);
		CHECK(rates_stat(t, START).spilled == 0);
		rates_free(t);
	}
}

static void a_table_that_was_only_begun_is_finished(void)
{
	struct rates *t = open_file("begun", 5000);
	uint64_t slots = rates_stat(t, START).slots, seed = rates_seed(t);

	rates_free(t);
	CHECK(truncate(arena_fmt(arena, "%s/begun", dir).p, 4096) == 0);
	t = open_file("begun", 10);
	CHECK(t && rates_stat(t, START).slots == slots && rates_seed(t) == seed);
	rates_free(t);
	CHECK(truncate(arena_fmt(arena, "%s/begun", dir).p, 5000) == 0);
	CHECK(!rates_file(arena_fmt(arena, "%s/begun", dir).p, 10, &(struct err){ 0 }));
}

/* A table holds as many keys as it was made for, and says of each the same as before. */
static void a_file_holds_the_keys_that_it_was_made_for(void)
{
	enum { KEYS = 1572864 }; /* three quarters of 2^21: as full as it gets */
	struct rates *t = open_file("three-quarters", KEYS);
	int wrong = 0;

	CHECK(rates_stat(t, START).slots == 1 << 21);
	for (int64_t round = 0; round < 2; round++)
		for (uint64_t i = 1; i <= KEYS; i++) {
			uint64_t hash = i * 0x9e3779b97f4a7c15u;
			struct rates_key k = key((hash ^ hash >> 29) * 0xbf58476d1ce4e5b9u, 1, 1);

			wrong += rates_take(t, &k, 1, START, NULL) != START + round * SECOND;
		}
	CHECK(wrong == 0);
	CHECK(rates_stat(t, START).spilled == 0);
	CHECK(rates_stat(t, START).used == KEYS);
	rates_free(t);
}

static void a_full_file_gives_the_rest_to_memory(void)
{
	struct rates *t = open_file("full", 1);
	uint64_t keys = rates_stat(t, START).slots * 2;

	for (int round = 0; round < 2; round++)
		for (uint64_t i = 1; i <= keys; i++) {
			struct rates_key k = key(i * 0x9e3779b97f4a7c15u, 1, 1);

			CHECK(rates_take(t, &k, 1, START, NULL) == START + round * SECOND);
		}
	CHECK(rates_stat(t, START).spilled > 0);
	/* An hour later all stand still, and others take their places. */
	rates_free(t);
	t = open_file("full", 1);
	for (uint64_t i = 1; i <= keys / 4; i++) {
		struct rates_key k = key(i * 0xbf58476d1ce4e5b9u, 1, 1);

		CHECK(rates_take(t, &k, 1, START + 3600 * SECOND, NULL) == START + 3600 * SECOND);
	}
	CHECK(rates_stat(t, START + 3600 * SECOND).spilled == 0);
	CHECK(rates_stat(t, START + 3600 * SECOND).used == keys / 4);
	rates_free(t);
}

static void refuses_a_file_that_is_no_table(void)
{
	static const char *const texts[] = { "short", "omnirate" };
	char path[100];
	struct err e;

	for (size_t i = 0; i < LEN(texts); i++) {
		FILE *f;

		snprintf(path, sizeof(path), "%s/bad%zu", dir, i);
		f = fopen(path, "w");
		fputs(texts[i], f);
		for (int n = 0; i > 0 && n < 5000; n++)
			fputc(n & 0xff, f);
		fclose(f);
		CHECK(!rates_file(path, 10, &e));
		CHECK(e.fault == FAULT_CONFIG);
	}
	CHECK(!rates_file("/proc/nowhere/x", 10, &e));
	CHECK(e.fault == FAULT_IO);
	CHECK(system(arena_fmt(arena, "rm -rf %s", dir).p) == 0);
}

/* A clock that is set back, or a flipped bit, holds nobody longer than an empty bucket does. */
static void a_place_far_ahead_is_not_waited_for(void)
{
	struct rates *t = rates_memory();
	struct rates_key k = key(42, 10, 5), large = { 43, { SECOND, 1, 100 }, 50 };

	for (int i = 0; i < 5; i++)
		CHECK(rates_take(t, &k, 1, START, NULL) == START);
	CHECK(rates_when(t, &k, 1, START - 3600 * SECOND, NULL) == START - 3600 * SECOND + SECOND / 10);
	CHECK(rates_take(t, &k, 1, START - 3600 * SECOND + SECOND / 10, NULL) ==
	      START - 3600 * SECOND + SECOND / 10);
	/* What many units take is waited for, though the burst is small. */
	CHECK(rates_take(t, &large, 1, START, NULL) == START);
	large.units = 1;
	CHECK(rates_when(t, &large, 1, START, NULL) == START + 50 * SECOND);
	rates_free(t);
}

static void any_bytes_in_a_file_are_survived(void)
{
	const char *path = arena_fmt(arena, "%s/noise", dir).p;
	struct rates *t = rates_file(path, 100, NULL);
	FILE *f = fopen(path, "r+");
	struct err e;

	rates_free(t);
	fseek(f, 4096, SEEK_SET);
	srand48(7);
	for (int i = 0; i < 1024 * 24; i++)
		fputc((int)(lrand48() & 0xff) | (i % 3 ? 0 : 0x80), f);
	fclose(f);
	t = rates_file(path, 0, &e);
	CHECK(t != NULL);
	for (int i = 0; i < 2000; i++) {
		struct rates_key k = key((uint64_t)i * 0x9e3779b97f4a7c15u, 10, 5);

		CHECK(rates_when(t, &k, 1, START, NULL) <= START + SECOND * 64);
		rates_take(t, &k, 1, START, NULL);
		rates_learn(t, &k, i % 2, START);
	}
	rates_free(t);
}

static void has_a_place_of_its_own(void)
{
	CHECK(mkdtemp(dir) != NULL);
}

UNIT_MAIN(UNIT(has_a_place_of_its_own), UNIT(allows_what_a_leaky_bucket_allows),
	  UNIT(says_when_to_come_back), UNIT(takes_from_all_keys_or_from_none),
	  UNIT(a_record_of_several_units_waits_for_all_of_them),
	  UNIT(grows_with_its_keys_and_forgets_those_that_stand_still),
	  UNIT(learns_from_throttles_and_successes), UNIT(a_file_outlives_its_process_and_is_shared),
	  UNIT(processes_together_take_no_more_than_there_is),
	  UNIT(keys_of_one_record_keep_their_places_apart),
	  UNIT(who_is_killed_leaves_a_table_that_can_be_used),
	  UNIT(a_table_that_was_only_begun_is_finished),
	  UNIT(a_file_holds_the_keys_that_it_was_made_for),
	  UNIT(a_full_file_gives_the_rest_to_memory), UNIT(a_place_far_ahead_is_not_waited_for),
	  UNIT(any_bytes_in_a_file_are_survived), UNIT(refuses_a_file_that_is_no_table))
