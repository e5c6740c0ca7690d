/* SPDX-License-Identifier: MIT */
/* What a queue promises, whatever holds it; here SQLite. */
#include "queue.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "unit.h"

static char dir[] = "/tmp/omni-queue-XXXXXX";
static struct err e;
static struct queue_lease got[QUEUE_BATCH];
static size_t n;

/* A queue of its own for each test; ${name} tells them apart. */
static struct queue *open_at(const char *name, struct queue_place place)
{
	struct queue *q;

	place.dir = dir;
	place.create = true;
	q = queue_open(name, &place, 0, &e);
	if (!q) {
		printf("# %s\n", e.text);
		exit(1);
	}
	return q;
}

static struct queue *open_new(const char *name)
{
	return open_at(name, (struct queue_place){ 0 });
}

static bool put_item(struct queue *q, struct queue_item item, int64_t now)
{
	return queue_put(q, &item, 1, now, &e) == 0 && item.result == QUEUE_OK;
}

static bool put(struct queue *q, const char *line, int64_t now)
{
	return put_item(q, (struct queue_item){ .line = str_c(line), .priority = QUEUE_PRIORITY }, now);
}

static bool take(struct queue *q, size_t max, int64_t now)
{
	return queue_take(q, got, max, &n, now, &e) == 0;
}

/* The lines that a take at ${now} gives, with spaces between. */
static struct str taken(struct queue *q, size_t max, int64_t now)
{
	struct str all = STR("");

	if (!take(q, max, now))
		return str_c(e.text);
	for (size_t i = 0; i < n; i++) {
		if (i)
			all = arena_join(arena, all, STR(" "));
		all = arena_join(arena, all, got[i].line);
	}
	return all;
}

static struct queue_verdict verdict(struct str token, enum queue_what what, int64_t at)
{
	return (struct queue_verdict){ .token = token,
				       .what = what,
				       .at_ms = at,
				       .stage = STR("test"),
				       .code = STR("why"),
				       .detail = STR("so"),
				       .reject = STR("{}") };
}

static enum queue_result settle_at(struct queue *q, struct str token, enum queue_what what,
				   int64_t at, int64_t now)
{
	struct queue_verdict v = verdict(token, what, at);

	CHECK(queue_settle(q, &v, 1, now, &e) == 0);
	return v.result;
}

static enum queue_result done(struct queue *q, struct str token, int64_t now)
{
	return settle_at(q, token, QUEUE_DONE, 0, now);
}

static struct str token(size_t i)
{
	return arena_str(arena, got[i].token);
}

static struct queue_stat stat_of(struct queue *q, int64_t now)
{
	struct queue_stat s;

	CHECK(queue_stat(q, &s, now, &e) == 0);
	return s;
}

static void what_is_put_is_taken_in_order_and_gone_when_done(void)
{
	struct queue *q = open_new("order");
	struct queue_stat s;
	struct str t[3];

	CHECK(put(q, "a", 1000) && put(q, "b", 1001) && put(q, "c", 1002));
	CHECK_STR(taken(q, 2, 2000), "a b");
	CHECK(got[0].attempts == 1 && got[0].born_ms == 1000 && got[0].seq == 1 && got[1].seq == 2);
	CHECK(got[0].until_ms == 2000 + QUEUE_LEASE_MS - 1000);
	t[0] = token(0);
	t[1] = token(1);
	CHECK_STR(taken(q, 2, 2000), "c");
	t[2] = token(0);
	CHECK_STR(taken(q, 2, 2000), "");
	s = stat_of(q, 2000);
	CHECK(s.leased == 3 && s.ready == 0 && s.bytes == 3 && s.puts == 3 && s.takes == 3);
	for (int i = 0; i < 3; i++)
		CHECK(done(q, t[i], 3000) == QUEUE_OK);
	CHECK(done(q, t[0], 3000) == QUEUE_LOST);
	s = stat_of(q, 3000);
	CHECK(s.leased == 0 && s.ready == 0 && s.bytes == 0 && s.dones == 3 && s.oldest_ms == 0);
	queue_close(q);
	q = open_new("order");
	CHECK(put(q, "d", 4000));
	CHECK_STR(taken(q, 9, 4000), "d");
	CHECK(got[0].seq == 4); /* never given twice */
	queue_close(q);
}

static void many_are_settled_at_once_but_only_those_that_are_out(void)
{
	struct queue *q = open_new("many");
	struct queue_item items[100];
	struct queue_verdict v[100];

	for (int i = 0; i < 100; i++)
		items[i] = (struct queue_item){ .line = STR("{}"), .priority = QUEUE_PRIORITY };
	CHECK(queue_put(q, items, 100, 1, &e) == 0);
	CHECK(take(q, 100, 1) && n == 100);
	for (int i = 0; i < 100; i++)
		v[i] = verdict(token((size_t)i), QUEUE_DONE, 0);
	CHECK(done(q, v[50].token, 2) == QUEUE_OK);
	CHECK(queue_settle(q, v, 100, 3, &e) == 0);
	for (int i = 0; i < 100; i++)
		CHECK(v[i].result == (i == 50 ? QUEUE_LOST : QUEUE_OK));
	CHECK(stat_of(q, 3).dones == 100 && stat_of(q, 3).leased == 0 && stat_of(q, 3).bytes == 0);
	queue_close(q);
}

static void a_lease_that_ran_out_is_given_again_and_counted(void)
{
	struct queue *q = open_new("expire");
	struct str first, second;

	CHECK(put(q, "a", 0) && put(q, "b", 0));
	CHECK_STR(taken(q, 1, 1000), "a");
	first = token(0);
	CHECK_STR(taken(q, 9, 1000), "b");
	CHECK(done(q, token(0), 1000) == QUEUE_OK);
	CHECK_STR(taken(q, 9, 1000 + QUEUE_LEASE_MS - 1), "");
	CHECK_STR(taken(q, 9, 1000 + QUEUE_LEASE_MS), "a");
	CHECK(got[0].attempts == 2 && got[0].seq == 1);
	second = token(0);
	CHECK(done(q, first, 70000) == QUEUE_LOST);
	CHECK(done(q, second, 70000) == QUEUE_OK);
	CHECK(stat_of(q, 70000).expiries == 1);
	queue_close(q);
}

static void what_nobody_took_since_may_be_settled_late(void)
{
	struct queue *q = open_new("late");
	struct str first;

	CHECK(put(q, "a", 0) && put(q, "b", 0));
	CHECK_STR(taken(q, 1, 0), "a");
	first = token(0);
	CHECK_STR(taken(q, 1, QUEUE_LEASE_MS), "a"); /* it is first again */
	CHECK_STR(taken(q, 1, 2 * QUEUE_LEASE_MS), "a");
	CHECK(done(q, first, 0) == QUEUE_LOST);
	first = token(0);
	/* Somebody takes b: the lease of a is over, but a waits still. */
	CHECK(settle_at(q, first, QUEUE_RETRY, 1000000, 2 * QUEUE_LEASE_MS) == QUEUE_OK);
	CHECK(done(q, first, 2 * QUEUE_LEASE_MS) == QUEUE_LOST); /* it said its word */
	CHECK_STR(taken(q, 1, 2 * QUEUE_LEASE_MS), "b");
	first = token(0);
	CHECK(put_item(q, (struct queue_item){ .line = STR("c"), .priority = 0 }, 0));
	CHECK_STR(taken(q, 1, 3 * QUEUE_LEASE_MS), "c"); /* b expires here, and is not taken */
	CHECK(done(q, first, 3 * QUEUE_LEASE_MS) == QUEUE_OK);
	CHECK(stat_of(q, 0).dones == 1);
	queue_close(q);
}

static void a_retry_waits_for_its_time_with_its_history(void)
{
	struct queue *q = open_new("retry");
	struct queue_dead d;
	char cursor[QUEUE_CURSOR] = "";
	struct queue_pick pick = { 0 };

	CHECK(put(q, "{\"id\":\"r-1\"}", 0));
	CHECK(take(q, 9, 1000) && n == 1);
	CHECK(settle_at(q, token(0), QUEUE_RETRY, 5000, 1000) == QUEUE_OK);
	CHECK(stat_of(q, 1000).delayed == 1 && stat_of(q, 1000).ready == 0 &&
	      stat_of(q, 5000).ready == 1);
	CHECK(take(q, 9, 4999) && n == 0);
	CHECK(take(q, 9, 5000) && n == 1 && got[0].attempts == 2);
	CHECK(settle_at(q, token(0), QUEUE_DEAD, 0, 6000) == QUEUE_OK);
	CHECK(queue_dead(q, &pick, &d, 1, &n, cursor, &e) == 0 && n == 1);
	CHECK_STR(d.line, "{\"id\":\"r-1\"}");
	CHECK_STR(d.id, "r-1");
	CHECK_STR(d.code, "why");
	CHECK_STR(d.stage, "test");
	CHECK_STR(d.detail, "so");
	CHECK_STR(d.reject, "{}");
	CHECK(d.seq == 1 && d.attempts == 2 && d.dead_ms == 6000 && d.born_ms == 0);
	CHECK_STR(d.history,
		  "[{\"at\":\"1970-01-01T00:00:01.000Z\",\"attempt\":1,\"stage\":\"test\",\"code\":\"why\",\"detail\":\"so\"},"
		  "{\"at\":\"1970-01-01T00:00:06.000Z\",\"attempt\":2,\"stage\":\"test\",\"code\":\"why\",\"detail\":\"so\"}]");
	CHECK(queue_dead(q, &pick, &d, 1, &n, cursor, &e) == 0 && n == 0);
	queue_close(q);
}

static void too_many_attempts_end_among_the_dead(void)
{
	struct queue *q = open_at("attempts", (struct queue_place){ .max_attempts = 3, .lease_ms = 10 });
	struct queue_dead d;
	char cursor[QUEUE_CURSOR] = "";

	CHECK(put(q, "a", 0));
	for (int i = 1; i <= 3; i++)
		CHECK(take(q, 9, i * 10) && n == 1 && got[0].attempts == (uint32_t)i);
	CHECK(take(q, 9, 40) && n == 0);
	CHECK(queue_dead(q, &(struct queue_pick){ 0 }, &d, 1, &n, cursor, &e) == 0 && n == 1);
	CHECK_STR(d.code, "attempts");
	CHECK_STR(d.id, "");
	CHECK(d.attempts == 3 && !d.reject.p &&
	      str_search(d.history, STR("\"expired\"")) < d.history.n);
	CHECK(stat_of(q, 40).dead == 1 && stat_of(q, 40).expiries == 3 && stat_of(q, 40).bytes == 0);
	queue_close(q);
}

static void urgent_ones_come_first_and_delayed_ones_later(void)
{
	struct queue *q = open_new("priority");

	CHECK(put(q, "a5", 0));
	CHECK(put_item(q, (struct queue_item){ .line = STR("b9"), .priority = 9 }, 0));
	CHECK(put_item(q, (struct queue_item){ .line = STR("c0"), .priority = 0 }, 0));
	CHECK(put_item(q, (struct queue_item){ .line = STR("d5"), .priority = 5, .at_ms = 100 }, 0));
	CHECK(put(q, "e5", 0));
	CHECK(put_item(q, (struct queue_item){ .line = STR("f0"), .priority = 0 }, 0));
	CHECK(stat_of(q, 0).delayed == 1 && stat_of(q, 0).ready == 5);
	CHECK_STR(taken(q, 3, 0), "c0 f0 a5");
	CHECK_STR(taken(q, 9, 100), "d5 e5 b9");
	queue_close(q);
}

static void a_lane_goes_on_only_when_the_one_before_is_settled(void)
{
	struct queue *q = open_at("lane", (struct queue_place){ .lease_ms = 1000 });
	const char *const lines[] = { "x1", "y1", "x2", "x3", "y2", "-" };
	struct str x, y;

	for (size_t i = 0; i < LEN(lines); i++)
		CHECK(put_item(q,
			       (struct queue_item){ .line = str_c(lines[i]),
						    .priority = QUEUE_PRIORITY,
						    .lane = lines[i][0] == '-' ?
								    STR_NONE :
								    (struct str){ lines[i], 1 } },
			       0));
	CHECK(stat_of(q, 0).held == 3 && stat_of(q, 0).lanes == 2);
	CHECK_STR(taken(q, 9, 0), "x1 y1 -");
	x = token(0);
	y = token(1);
	CHECK(done(q, token(2), 0) == QUEUE_OK);
	CHECK_STR(taken(q, 9, 0), "");
	CHECK(settle_at(q, x, QUEUE_RETRY, 500, 0) == QUEUE_OK);
	CHECK(done(q, y, 0) == QUEUE_OK);
	CHECK_STR(taken(q, 9, 0), "y2");
	CHECK_STR(taken(q, 9, 500), "x1");
	CHECK(settle_at(q, token(0), QUEUE_DEAD, 0, 500) == QUEUE_OK);
	CHECK_STR(taken(q, 9, 500), "x2");
	CHECK_STR(taken(q, 9, 1500), "x2 y2"); /* both ran out */
	CHECK(done(q, token(0), 1500) == QUEUE_OK && done(q, token(1), 1500) == QUEUE_OK);
	CHECK_STR(taken(q, 9, 1500), "x3");
	CHECK(done(q, token(0), 1500) == QUEUE_OK);
	CHECK(stat_of(q, 0).lanes == 0 && stat_of(q, 0).dead == 1);
	queue_close(q);
}

static enum queue_result put_id(struct queue *q, const char *id, int64_t now)
{
	struct queue_item item = { .line = STR("{}"), .id = str_c(id), .priority = QUEUE_PRIORITY };

	CHECK(queue_put(q, &item, 1, now, &e) == 0);
	return item.result;
}

static void an_id_is_refused_while_it_is_in_and_for_a_window_after(void)
{
	struct queue *q = open_at("dedupe", (struct queue_place){ .dedupe_ms = 1000 });
	static const char uuid[] = "0198c0de-0000-7000-8000-000000000001";

	CHECK(put_id(q, "x", 0) == QUEUE_OK && put_id(q, "x", 0) == QUEUE_DUP);
	CHECK(put_id(q, uuid, 0) == QUEUE_OK && put_id(q, uuid, 0) == QUEUE_DUP);
	CHECK(put_id(q, "0198C0DE-0000-7000-8000-000000000001", 0) == QUEUE_DUP);
	CHECK(put_id(q, "0198c0de-0000-8000-8000-000000000001", 0) == QUEUE_OK);
	CHECK(take(q, 9, 0) && n == 3);
	CHECK(put_id(q, "x", 50000) == QUEUE_DUP); /* however long it is in */
	CHECK(done(q, token(0), 50000) == QUEUE_OK);
	CHECK(settle_at(q, token(1), QUEUE_DEAD, 0, 50000) == QUEUE_OK);
	CHECK(put_id(q, "x", 50999) == QUEUE_DUP && put_id(q, "x", 51000) == QUEUE_OK);
	CHECK(put_id(q, uuid, 99999999) == QUEUE_DUP);
	CHECK(queue_redrive(q, &(struct queue_pick){ 0 }, true, false, &(uint64_t){ 0 }, 1, &e) == 0);
	CHECK(put_id(q, uuid, 99999999) == QUEUE_OK);
	queue_close(q);
}

static void what_is_above_the_limit_is_refused_with_all_behind_it(void)
{
	struct queue *q = open_at("full", (struct queue_place){ .max_bytes = 10, .max_records = 3 });
	struct queue_item items[] = { { .line = STR("123456"), .priority = 5 },
				      { .line = STR("12345"), .priority = 5 },
				      { .line = STR("1"), .priority = 5 } };

	CHECK(queue_put(q, items, 3, 0, &e) == 0);
	CHECK(items[0].result == QUEUE_OK && items[1].result == QUEUE_FULL &&
	      items[2].result == QUEUE_FULL);
	CHECK(put(q, "1", 0) && put(q, "1", 0) && !put(q, "1", 0));
	CHECK(take(q, 1, 0) && done(q, token(0), 0) == QUEUE_OK && put(q, "1", 0));
	queue_close(q);
}

static void dead_letters_go_back_or_away_by_choice(void)
{
	struct queue *q = open_new("redrive");
	char line[32], cursor[QUEUE_CURSOR] = "";
	struct queue_dead d[4];
	struct str ids[] = { STR("i3"), STR("5"), STR("none") };
	uint64_t moved;

	for (int i = 1; i <= 6; i++) {
		snprintf(line, sizeof(line), "{\"id\":\"i%d\"}", i);
		CHECK(put(q, line, 0));
	}
	CHECK(take(q, 9, 0) && n == 6);
	for (size_t i = 0; i < 6; i++) {
		struct queue_verdict v = verdict(token(i), QUEUE_DEAD, 0);

		v.code = i % 2 ? STR("odd") : STR("even");
		CHECK(queue_settle(q, &v, 1, (int64_t)i * 100, &e) == 0 && v.result == QUEUE_OK);
	}
	CHECK(queue_dead(q, &(struct queue_pick){ .code = STR("odd") }, d, 2, &n, cursor, &e) == 0);
	CHECK(n == 2 && d[0].seq == 2 && d[1].seq == 4);
	CHECK(queue_dead(q, &(struct queue_pick){ .code = STR("odd") }, d, 2, &n, cursor, &e) == 0);
	CHECK(n == 1 && d[0].seq == 6);
	CHECK(queue_redrive(q, &(struct queue_pick){ .ids = ids, .n_ids = 3 }, false, true, &moved,
			    0, &e) == 0);
	CHECK(moved == 2 && stat_of(q, 0).dead == 6);
	CHECK(queue_redrive(q, &(struct queue_pick){ .ids = ids, .n_ids = 3 }, false, false, &moved,
			    0, &e) == 0);
	CHECK(moved == 2 && stat_of(q, 0).dead == 4 && stat_of(q, 0).ready == 2);
	CHECK(put(q, "new", 0));
	CHECK_STR(taken(q, 9, 1000), "{\"id\":\"i3\"} {\"id\":\"i5\"} new");
	CHECK(got[0].attempts == 1);
	CHECK(queue_redrive(q, &(struct queue_pick){ .since_ms = 100, .until_ms = 500 }, true,
			    false, &moved, 0, &e) == 0);
	CHECK(moved == 2 && stat_of(q, 0).dead == 2); /* 2 and 4; 1 and 6 stay */
	strcpy(cursor, "nonsense");
	CHECK(queue_dead(q, &(struct queue_pick){ 0 }, d, 2, &n, cursor, &e) == -1 &&
	      e.fault == FAULT_USAGE);
	queue_close(q);
}

static void extending_one_lease_leaves_its_brothers_alone(void)
{
	struct queue *q = open_at("extend", (struct queue_place){ .lease_ms = 1000, .max_attempts = 9 });
	struct queue_verdict v[2];
	struct str b;

	CHECK(put(q, "a", 0) && put(q, "b", 0) && put(q, "c", 0));
	CHECK(take(q, 3, 0) && n == 3);
	b = token(1);
	v[0] = verdict(b, QUEUE_DONE, 0);
	v[1] = verdict(STR("1.2.3"), QUEUE_DONE, 0);
	CHECK(queue_extend(q, v, 2, 5000, 0, &e) == 0);
	CHECK(v[0].result == QUEUE_OK && v[1].result == QUEUE_LOST && stat_of(q, 0).leased == 3);
	CHECK_STR(taken(q, 9, 1000), "a c");
	CHECK(queue_extend(q, NULL, 0, 9000, 1000, &e) == 0);
	CHECK_STR(taken(q, 9, 4999), "");
	CHECK(done(q, b, 4999) == QUEUE_OK);
	CHECK_STR(taken(q, 9, 8999), "");
	CHECK_STR(taken(q, 9, 9000), "a c");
	CHECK(got[0].attempts == 3);
	queue_close(q);
}

static void a_handle_has_no_more_out_than_it_may(void)
{
	struct queue *q = open_at("flight", (struct queue_place){ .in_flight = 4 });
	struct queue *other = open_new("flight");

	for (int i = 0; i < 12; i++)
		CHECK(put(q, "{}", 0));
	CHECK(take(q, 3, 0) && n == 3);
	CHECK(take(q, 3, 0) && n == 1);
	CHECK(take(q, 3, 0) && n == 0);
	CHECK(take(other, 2, 0) && n == 2); /* each has its own bound */
	CHECK(done(other, token(0), 0) == QUEUE_OK && take(q, 3, 0) && n == 0);
	queue_close(other);
	queue_close(q);
}

static void a_clock_that_is_set_neither_loses_nor_locks(void)
{
	struct queue *q = open_at("clock", (struct queue_place){ .lease_ms = 1000 });
	const int64_t hour = 3600000;
	struct str old;

	CHECK(put(q, "a", hour) && put(q, "b", hour));
	CHECK_STR(taken(q, 1, hour), "a");
	old = token(0);
	CHECK_STR(taken(q, 1, 0), "b"); /* an hour back: what is ready is ready */
	CHECK(done(q, token(0), 0) == QUEUE_OK);
	CHECK_STR(taken(q, 1, 999), "");
	CHECK_STR(taken(q, 1, 1000), "a"); /* not after an hour */
	CHECK(done(q, old, 1000) == QUEUE_LOST);
	old = token(0);
	CHECK_STR(taken(q, 1, 2 * hour), "a"); /* forth: it ran out */
	CHECK(done(q, old, 2 * hour) == QUEUE_LOST);
	CHECK_STR(taken(q, 1, 2 * hour + 999), "");
	CHECK_STR(taken(q, 1, 2 * hour + 1000), "a");
	CHECK(got[0].attempts == 4);
	queue_close(q);
}

static bool refused(const char *url, const char *why)
{
	struct queue *q = queue_open(url, &(struct queue_place){ .dir = dir }, 0, &e);
	bool yes = !q && e.fault == FAULT_CONFIG && strstr(e.text, why);

	if (!yes)
		printf("# %s: %s\n", url, e.text);
	queue_close(q);
	return yes;
}

static void a_queue_is_named_by_url_or_by_name(void)
{
	struct queue *q = open_new("named-1.x_Y");
	char url[128];

	CHECK_STR(str_c(queue_name(q)), "named-1.x_Y");
	queue_close(q);
	snprintf(url, sizeof(url), "sqlite:%s/named-1.x_Y.queue", dir);
	q = queue_open(url, &(struct queue_place){ 0 }, QUEUE_LANES | QUEUE_SYNCED, &e);
	CHECK(q && strcmp(queue_name(q), "named-1.x_Y") == 0);
	queue_close(q);
	CHECK(refused("missing", "missing.queue"));
	CHECK(refused("", "no name"));
	CHECK(refused("../up", "no name") && refused("-x", "no name") && refused(".x", "no name"));
	CHECK(refused("nats://h/q", "\"nats\"") && refused("sqlite:", "file") &&
	      refused("sqlite:/x/", "file"));
	CHECK(refused("a b", "sqlite:PATH"));
}

static void remove_dir(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	if (system(command) != 0)
		printf("# %s stays\n", dir);
}

static void the_directory_is_made(void)
{
	CHECK(mkdtemp(dir) != NULL);
	atexit(remove_dir);
}

static void a_purge_leaves_nothing_but_what_is_known_to_be_done(void)
{
	struct queue *q = open_new("purge");
	struct queue_item item = { .line = STR("a"), .id = STR("1"), .priority = QUEUE_PRIORITY };
	struct queue_stat stat;
	uint64_t gone = 0;

	CHECK(put_item(q, item, 1000));
	CHECK(take(q, 1, 1000) && n == 1);
	CHECK(settle_at(q, got[0].token, QUEUE_DONE, 0, 1000) == QUEUE_OK);
	item.id = STR("2");
	CHECK(put_item(q, item, 1000) && take(q, 1, 1000) && n == 1);
	CHECK(settle_at(q, got[0].token, QUEUE_DEAD, 0, 1000) == QUEUE_OK);
	item.id = STR("3");
	item.lane = STR("l");
	CHECK(put_item(q, item, 1000) && take(q, 1, 1000) && n == 1);
	item.id = STR("4");
	CHECK(put_item(q, item, 1000) && put(q, "b", 1000));
	item.lane = STR_NONE;
	item.id = STR("5");
	item.at_ms = 9000;
	CHECK(put_item(q, item, 1000));
	CHECK(queue_purge(q, &gone, &e) == 0 && gone == 5);
	CHECK(queue_stat(q, &stat, 9000, &e) == 0);
	CHECK(stat.ready + stat.delayed + stat.leased + stat.held + stat.dead + stat.bytes == 0);
	CHECK(stat.puts == 6 && stat.oldest_ms == 0);
	CHECK(settle_at(q, got[0].token, QUEUE_DONE, 0, 9000) == QUEUE_LOST);
	CHECK_STR(taken(q, 9, 9000), "");
	item.id = STR("4");
	item.at_ms = 0;
	CHECK(put_item(q, item, 9000));
	item.id = STR("1");
	CHECK(!put_item(q, item, 9000));
	CHECK_STR(taken(q, 9, 9000), "a");
	queue_close(q);
}

UNIT_MAIN(UNIT(the_directory_is_made), UNIT(what_is_put_is_taken_in_order_and_gone_when_done),
	  UNIT(many_are_settled_at_once_but_only_those_that_are_out),
	  UNIT(a_lease_that_ran_out_is_given_again_and_counted),
	  UNIT(what_nobody_took_since_may_be_settled_late),
	  UNIT(a_retry_waits_for_its_time_with_its_history), UNIT(too_many_attempts_end_among_the_dead),
	  UNIT(urgent_ones_come_first_and_delayed_ones_later),
	  UNIT(a_lane_goes_on_only_when_the_one_before_is_settled),
	  UNIT(an_id_is_refused_while_it_is_in_and_for_a_window_after),
	  UNIT(what_is_above_the_limit_is_refused_with_all_behind_it),
	  UNIT(dead_letters_go_back_or_away_by_choice),
	  UNIT(a_purge_leaves_nothing_but_what_is_known_to_be_done),
	  UNIT(extending_one_lease_leaves_its_brothers_alone),
	  UNIT(a_handle_has_no_more_out_than_it_may),
	  UNIT(a_clock_that_is_set_neither_loses_nor_locks), UNIT(a_queue_is_named_by_url_or_by_name))
