/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "canon.h"
#include "store_state.h"

static const struct json *to(const char *text)
{
	struct err e;

	return json_parse(str_c(text), arena, &e);
}

static void take(struct state *st, const char *status, const char *recipient, int64_t part,
		 const char *list)
{
	struct receipt r = { .status = str_c(status),
			     .rank = canon_rank(status),
			     .recipient = str_c(recipient),
			     .part = part };

	state_receipt(st, &r, to(list), arena);
}

#define ONE "[{\"address\":\"a\"}]"
#define TWO "[{\"address\":\"a\"},{\"address\":\"b\"}]"

/* Every order of the receipts of one message gives the same. */
static void the_order_does_not_matter(void)
{
	static const char *const words[] = { "accepted", "sent", "delivered", "read" };

	for (unsigned n = 0; n < 256; n++) {
		struct state st = { .attempts = 0 };
		unsigned seen = 0;

		for (unsigned i = 0; i < 4; i++) {
			unsigned k = n >> 2 * i & 3;

			seen = k > seen ? k : seen;
			take(&st, words[k], "a", 0, ONE);
		}
		CHECK(str_eq(st.best.status, str_c(words[seen])));
		CHECK(st.n_receipts == 1);
	}
}

static void what_nobody_understands_is_lowest(void)
{
	struct state st = { .attempts = 0 };

	take(&st, "unknown", NULL, 0, ONE);
	CHECK_STR(st.best.status, "unknown");
	take(&st, "accepted", NULL, 0, ONE);
	take(&st, "unknown", NULL, 0, ONE);
	CHECK_STR(st.best.status, "accepted");
}

static void of_two_ends_the_first_stays(void)
{
	struct state st = { .attempts = 0 };

	take(&st, "expired", NULL, 0, ONE);
	take(&st, "failed", NULL, 0, ONE);
	CHECK_STR(st.best.status, "expired");
}

static void one_of_two_that_failed_is_no_end(void)
{
	struct state st = { .attempts = 0 };

	take(&st, "failed", "a", 0, TWO);
	CHECK(st.best.status.p == NULL);
	take(&st, "sent", "b", 0, TWO);
	CHECK_STR(st.best.status, "sent");
	take(&st, "failed", "b", 0, TWO);
	CHECK_STR(st.best.status, "failed");
}

static void a_participant_who_is_not_named_never_ends_a_message(void)
{
	struct state st = { .attempts = 0 };

	take(&st, "failed", "c", 0, ONE);
	CHECK(st.best.status.p == NULL);
	take(&st, "failed", "a", 0, ONE);
	CHECK_STR(st.best.status, "failed");
}

static void reads_what_it_wrote(void)
{
	struct state st = { .attempts = 3, .edited = STR("2026-01-14T09:00:00.000Z") }, again;
	struct str text;

	take(&st, "delivered", "a", 1, ONE);
	take(&st, "sent", "a", 2, ONE);
	state_reaction(&st, &(struct reaction){ STR("a"), STR("\"x\""), STR("1") }, arena);
	st.carrier = STR("twilio");
	st.external_id = STR("SM1");
	text = state_write(&st, arena);
	state_read(&again, text, arena);
	CHECK(str_eq(state_write(&again, arena), text));
	CHECK(again.n_receipts == 2 && again.receipts[1].part == 2 && again.attempts == 3);
	CHECK_STR(again.reactions[0].emoji, "\"x\"");
}

static void nothing_is_nothing(void)
{
	struct state st;

	state_read(&st, STR_NONE, arena);
	CHECK(state_write(&st, arena).p == NULL);
	state_reaction(&st, &(struct reaction){ STR("a"), STR(""), STR("1") }, arena);
	CHECK(state_write(&st, arena).p == NULL);
}

static void the_last_reaction_of_each_person_counts(void)
{
	struct state st = { .attempts = 0 };

	state_reaction(&st, &(struct reaction){ STR("a"), STR("x"), STR("2") }, arena);
	state_reaction(&st, &(struct reaction){ STR("a"), STR("old"), STR("1") }, arena);
	state_reaction(&st, &(struct reaction){ STR("b"), STR("y"), STR("1") }, arena);
	CHECK(st.n_reactions == 2);
	CHECK_STR(st.reactions[0].emoji, "x");
	state_reaction(&st, &(struct reaction){ STR("a"), STR(""), STR("3") }, arena);
	CHECK(st.n_reactions == 1);
	CHECK_STR(st.reactions[0].from, "b");
}

UNIT_MAIN(UNIT(the_order_does_not_matter), UNIT(what_nobody_understands_is_lowest),
	  UNIT(of_two_ends_the_first_stays), UNIT(one_of_two_that_failed_is_no_end),
	  UNIT(a_participant_who_is_not_named_never_ends_a_message), UNIT(reads_what_it_wrote),
	  UNIT(nothing_is_nothing), UNIT(the_last_reaction_of_each_person_counts))
