/* SPDX-License-Identifier: MIT */
#include "ledger.h"

#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

static char path[64];

/* A place for a ledger, with nothing there. */
static void fresh(void)
{
	snprintf(path, sizeof(path), "/tmp/unit-ledger.%ld", (long)getpid());
	unlink(path);
	unlink(arena_fmt(arena, "%s-owners", path).p);
	unlink(arena_fmt(arena, "%s-wal", path).p);
	unlink(arena_fmt(arena, "%s-shm", path).p);
}

static struct ledger_part part_of(unsigned n)
{
	struct ledger_part p = { .to = 0, .part = n };

	p.subject[0] = (unsigned char)(n >> 8);
	p.subject[15] = (unsigned char)n;
	return p;
}

static int intend(struct ledger *l, unsigned n, struct err *e)
{
	struct ledger_part p = part_of(n);
	struct ledger_entry entry = {
		.attempt = 1, .at_ms = 7, .idempotent = n % 2, .carrier = STR("c"), .account = STR("a")
	};

	return ledger_intend(l, &p, &entry, e);
}

static enum ledger_state state(struct ledger *l, unsigned n, struct ledger_entry *out)
{
	struct ledger_part p = part_of(n);
	struct err e;

	CHECK(ledger_find(l, &p, arena, out, &e) == 0);
	return out->state;
}

static void a_part_is_new_then_busy_then_what_became_of_it(void)
{
	struct ledger_entry got;
	struct ledger_part p = part_of(1);
	struct ledger *l;
	struct err e;

	fresh();
	l = ledger_open(path, &e);
	CHECK(l != NULL);
	CHECK(ledger_begin(l, &e) == 0);
	CHECK(state(l, 1, &got) == LEDGER_NEW);
	CHECK(intend(l, 1, &e) == 0);
	CHECK(state(l, 1, &got) == LEDGER_BUSY);
	CHECK(got.attempt == 1 && got.at_ms == 7 && got.idempotent && !got.outcome.p);
	CHECK_STR(got.carrier, "c");
	CHECK(ledger_done(l, &p, LEDGER_FREE, 8, STR("no"), &e) == 0);
	CHECK(state(l, 1, &got) == LEDGER_FREE);
	CHECK(intend(l, 1, &e) == 0);
	CHECK(ledger_done(l, &p, LEDGER_SENT, 9, STR("yes"), &e) == 0);
	CHECK(ledger_commit(l, &e) == 0);
	ledger_close(l);
	l = ledger_open(path, &e);
	CHECK(state(l, 1, &got) == LEDGER_SENT);
	CHECK_STR(got.outcome, "yes");
	ledger_close(l);
}

static void an_intent_of_the_living_is_busy_and_of_the_dead_is_crashed(void)
{
	struct ledger_entry got;
	struct ledger *l;
	struct err e;
	int ready[2], end[2];
	char c;
	pid_t pid;

	fresh();
	CHECK(pipe(ready) == 0 && pipe(end) == 0);
	pid = fork();
	if (pid == 0) {
		struct ledger *theirs = ledger_open(path, &e);

		if (!theirs || ledger_begin(theirs, &e) < 0 || intend(theirs, 2, &e) < 0 ||
		    ledger_commit(theirs, &e) < 0)
			_exit(1);
		(void)!write(ready[1], "", 1);
		close(end[1]);
		(void)!read(end[0], &c, 1); /* until the other says, or has gone */
		_exit(0);                   /* without closing: as if it had been killed */
	}
	close(end[0]);
	CHECK(read(ready[0], &c, 1) == 1);
	l = ledger_open(path, &e);
	CHECK(state(l, 2, &got) == LEDGER_BUSY);
	close(end[1]);
	CHECK(waitpid(pid, NULL, 0) == pid);
	CHECK(state(l, 2, &got) == LEDGER_CRASHED);
	ledger_close(l);
	close(ready[0]);
	close(ready[1]);
}

static void what_was_sent_long_ago_is_forgotten_and_what_is_not_known_is_kept(void)
{
	struct ledger_entry got;
	struct ledger *l;
	struct err e;
	unsigned left = 0;

	fresh();
	l = ledger_open(path, &e);
	CHECK(ledger_begin(l, &e) == 0);
	for (unsigned n = 0; n < 5000; n++) {
		struct ledger_part p = part_of(n);

		CHECK(intend(l, n, &e) == 0);
		if (n % 10)
			CHECK(ledger_done(l, &p, n % 10 == 1 ? LEDGER_UNKNOWN : LEDGER_SENT,
					  n < 2500 ? 1 : 100, STR("x"), &e) == 0);
	}
	for (int i = 0; i < 6; i++)
		CHECK(ledger_prune(l, 50, &e) == 0);
	CHECK(ledger_commit(l, &e) == 0);
	for (unsigned n = 0; n < 5000; n++)
		left += state(l, n, &got) != LEDGER_NEW;
	CHECK(left == 2500 + 500);
	ledger_close(l);
	fresh();
}

UNIT_MAIN(UNIT(a_part_is_new_then_busy_then_what_became_of_it),
	  UNIT(an_intent_of_the_living_is_busy_and_of_the_dead_is_crashed),
	  UNIT(what_was_sent_long_ago_is_forgotten_and_what_is_not_known_is_kept))
