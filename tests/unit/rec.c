/* SPDX-License-Identifier: MIT */
#include "rec.h"

#include "unit.h"

static struct rec parsed(const char *line)
{
	struct rec r = { .file = "-", .lineno = 1 };
	struct err e;

	CHECK(rec_parse(&r, str_c(line), arena, &e) == 0);
	return r;
}

static struct str written(const struct rec *r)
{
	struct buf b = { .max = SIZE_MAX };
	struct str s;

	rec_write(&b, r);
	s = arena_str(arena, buf_get(&b));
	buf_free(&b);
	return s;
}

static struct err fault_of(const char *line)
{
	struct rec r = { .file = "-" };
	struct err e = { 0 };

	CHECK(rec_parse(&r, str_c(line), arena, &e) == -1);
	return e;
}

static void a_record_is_an_object(void)
{
	static const char *const not_objects[] = { "[]", "\"x\"", "1", "null", "true" };
	struct err e;

	for (size_t i = 0; i < sizeof(not_objects) / sizeof(*not_objects); i++) {
		e = fault_of(not_objects[i]);
		CHECK(e.fault == FAULT_DATA && strcmp(e.code, "not-object") == 0);
	}
	e = fault_of("{");
	CHECK(e.fault == FAULT_DATA && strcmp(e.code, "not-json") == 0);
	e = fault_of("{\"a\":\"\xff\"}");
	CHECK(e.fault == FAULT_DATA && strcmp(e.code, "not-utf8") == 0);
}

static void a_record_without_additions_is_its_line(void)
{
	struct rec r = parsed("  { \"kind\" : \"x\" }  ");

	CHECK_STR(written(&r), "  { \"kind\" : \"x\" }  ");
	CHECK(rec_is(&r, "x") && !rec_is(&r, "y"));
}

static void what_is_added_stands_at_the_end(void)
{
	struct rec r = parsed("{\"kind\":\"x\" \t}");

	rec_add(&r, "a", STR("1"));
	rec_add(&r, "b", STR("{\"c\":[]}"));
	CHECK_STR(written(&r), "{\"kind\":\"x\",\"a\":1,\"b\":{\"c\":[]}}");
	CHECK_STR(json_text(rec_get(&r, "a")), "1");
	CHECK(json_is(rec_get(&r, "b"), JSON_OBJECT));
	rec_add(&r, "a", STR("\"2\""));
	CHECK_STR(rec_str(&r, "a"), "2");
	CHECK_STR(written(&r), "{\"kind\":\"x\",\"a\":\"2\",\"b\":{\"c\":[]}}");
}

static void what_was_there_is_replaced(void)
{
	struct rec r = parsed(
		"{\"a\":{\"a\":1},\"kind\":\"a\" , \"\\u0061\" : \"}\",\"z\":[\"a\",{\"a\":2}],\"a\":3}");

	rec_add(&r, "a", STR("9"));
	CHECK_STR(written(&r), "{\"kind\":\"a\" ,\"z\":[\"a\",{\"a\":2}],\"a\":9}");
	r = parsed("{\"a\":1}");
	rec_add(&r, "a", STR("9"));
	CHECK_STR(written(&r), "{\"a\":9}");
	r = parsed("{ \r }");
	rec_add(&r, "a", STR("9"));
	CHECK_STR(written(&r), "{\"a\":9}");
}

static void there_is_room_for_many_additions(void)
{
	struct rec r = parsed("{\"m3\":0}");
	struct rec again = { .file = "-" };
	struct err e;

	for (int i = 0; i < 3 * REC_ADDED_MAX; i++)
		rec_add(&r, arena_fmt(arena, "m%d", i).p, arena_fmt(arena, "%d", i));
	rec_add(&r, "m0", STR("100"));
	CHECK(rec_parse(&again, written(&r), arena, &e) == 0);
	CHECK(json_len(again.root) == 3 * REC_ADDED_MAX);
	CHECK_STR(json_text(rec_get(&again, "m0")), "100");
	CHECK_STR(json_text(rec_get(&again, "m3")), "3");
}

/* The lease of share ${part} of ${parts} of a record whose lease is ${lease}. */
static struct str share(const char *lease, unsigned part, unsigned parts)
{
	struct rec parent = parsed(arena_fmt(arena, "{\"lease\":%s}", lease).p);
	struct buf b = { .max = SIZE_MAX };
	struct str s;

	buf_char(&b, '{');
	rec_inherit(&b, &parent, part, parts);
	buf_char(&b, '}');
	s = arena_str(arena, buf_get(&b));
	buf_free(&b);
	return s;
}

static void a_lease_is_divided(void)
{
	CHECK_STR(share("{\"q\":1}", 1, 1), "{\"lease\":{\"q\":1}}");
	CHECK_STR(share("{\"q\":1}", 2, 3), "{\"lease\":{\"q\":1,\"part\":2,\"parts\":3}}");
	CHECK_STR(share("{\"part\":2,\"q\":1,\"parts\":3}", 1, 4),
		  "{\"lease\":{\"q\":1,\"part\":5,\"parts\":12}}");
	CHECK_STR(share("{\"part\":2,\"parts\":3}", 1, 1), "{\"lease\":{\"part\":2,\"parts\":3}}");
	CHECK_STR(share("{}", 2, 2), "{\"lease\":{\"part\":2,\"parts\":2}}");
	CHECK_STR(share("7", 2, 2), "{}");
}

static void shares_that_are_none_settle_nothing(void)
{
	static const char *const none[] = {
		"{\"part\":0,\"parts\":2}",
		"{\"part\":3,\"parts\":2}",
		"{\"part\":-1,\"parts\":2}",
		"{\"part\":1}",
		"{\"parts\":1}",
		"{\"part\":\"1\",\"parts\":2}",
		"{\"part\":1.5,\"parts\":2}",
		"{\"part\":1e0,\"parts\":9223372036854775808}",
		"{\"part\":0,\"parts\":0}",
		/* shares, but too small to be divided */
		"{\"part\":9223372036854775807,\"parts\":9223372036854775807}",
		"{\"part\":1,\"parts\":4611686018427387904}",
	};

	for (size_t i = 0; i < LEN(none); i++)
		CHECK_STR(share(none[i], 2, 4), "{\"lease\":{\"part\":0,\"parts\":0}}");
	CHECK_STR(share("{\"part\":9223372036854775806,\"parts\":9223372036854775807}", 1, 1),
		  "{\"lease\":{\"part\":9223372036854775806,\"parts\":9223372036854775807}}");
}

static void a_member_is_taken_out(void)
{
	struct rec r = parsed("{\"a\":1,\"lease\":{\"q\":1}}");

	rec_drop(&r, "lease");
	rec_drop(&r, "b");
	CHECK(!rec_get(&r, "lease"));
	CHECK_STR(written(&r), "{\"a\":1}");
	rec_add(&r, "lease", STR("2"));
	CHECK_STR(written(&r), "{\"a\":1,\"lease\":2}");
	r = parsed("{\"a\":1}");
	rec_add(&r, "b", STR("2"));
	rec_drop(&r, "b");
	rec_drop(&r, "a");
	CHECK(!rec_get(&r, "b"));
	CHECK_STR(written(&r), "{}");
}

static void a_record_that_goes_on_gets_its_share(void)
{
	struct rec r = parsed("{\"lease\":{\"q\":1},\"kind\":\"x\"}");

	rec_share(&r, 1, 2);
	CHECK_STR(written(&r), "{\"kind\":\"x\",\"lease\":{\"q\":1,\"part\":1,\"parts\":2}}");
	r = parsed("{\"kind\":\"x\"}");
	rec_share(&r, 1, 2);
	CHECK_STR(written(&r), "{\"kind\":\"x\"}");
}

static void a_reject_begins_a_line_of_its_own(void)
{
	struct rec r = parsed("{\"id\":\"i\",\"kind\":\"x\",\"at\":\"t\",\"trace\":\"u\"}");
	struct buf b = { .max = SIZE_MAX };
	struct rec again = { .file = "-" };
	struct err e;
	size_t at;

	err_set(&e, FAULT_DENIED, "code", "why \"%s\"", "\xc3");
	buf_lit(&b, "{\"before\":1}\n");
	at = b.n;
	rec_reject(&b, "stage", &r, &e);
	CHECK(b.p[at] == '{');
	CHECK(rec_parse(&again, str_sub(buf_get(&b), at, b.n), arena, &e) == 0);
	CHECK(rec_is(&again, "reject"));
	CHECK_STR(rec_str(&again, "class"), "denied");
	CHECK_STR(rec_str(&again, "at"), "t");
	CHECK_STR(rec_str(&again, "trace"), "u");
	CHECK(json_is(rec_get(&again, "record"), JSON_OBJECT));
	buf_free(&b);
}

static void a_reject_for_later_says_when(void)
{
	struct rec r = parsed("{\"id\":\"i\",\"kind\":\"x\"}");
	struct buf b = { .max = SIZE_MAX };
	struct rec again = { .file = "-" };
	struct err e;

	err_set(&e, FAULT_TEMP, "code", "why");
	e.retry_ms = 1768381200000;
	rec_reject(&b, "stage", &r, &e);
	CHECK(rec_parse(&again, buf_get(&b), arena, &e) == 0);
	CHECK_STR(rec_str(&again, "retry_at"), "2026-01-14T09:00:00.000Z");
	buf_reset(&b);
	err_set(&e, FAULT_TEMP, "code", "why");
	rec_reject(&b, "stage", &r, &e);
	CHECK(rec_parse(&again, buf_get(&b), arena, &e) == 0 && !rec_get(&again, "retry_at"));
	buf_free(&b);
}

static void bytes_that_are_no_record_are_kept_as_text_or_base64(void)
{
	struct buf b = { .max = SIZE_MAX };
	struct rec again = { .file = "-" };
	struct err e, none;

	err_set(&e, FAULT_DATA, "code", "why");
	rec_reject_raw(&b, "stage", STR("a\0\"b"), 7, &e);
	CHECK(rec_parse(&again, buf_get(&b), arena, &none) == 0);
	CHECK_STR(rec_str(&again, "raw"), "a\0\"b");
	CHECK_STR(json_text(rec_get(&again, "line")), "7");
	buf_reset(&b);
	rec_reject_raw(&b, "stage", STR("\xff"), 0, &e);
	CHECK(rec_parse(&again, buf_get(&b), arena, &none) == 0);
	CHECK_STR(rec_str(&again, "raw64"), "/w==");
	CHECK(!rec_get(&again, "line") && !rec_get(&again, "raw"));
	buf_free(&b);
}

/* What another stage of the same process gets when ${r} was put, and its line where it was written. */
static struct rec passed_on(const struct rec *r)
{
	struct rec next = *r;

	next.n_settled = r->n_added;
	return next;
}

static void what_an_earlier_stage_added_is_as_if_it_had_been_read(void)
{
	static const char *const lines[] = { "{\"kind\":\"x\"}", " { \"a\":1 , \"b\" : 2 , \"a\":3 } ",
					     "{\"b\":{} ,\"kind\":1}", "{ }",
					     "{\"\\u0061\":[1] , \"c\":0 }" };
	static const char *const keys[] = { "a", "b", "c" };

	/* One stage adds two members, a second one two, a third drops one: all ways to choose them. */
	for (unsigned n = 0; n < 5 * 3 * 3 * 3 * 3 * 3 * 3; n++) {
		unsigned k = n / 5;
		struct rec fused = parsed(lines[n % 5]), piped = parsed(lines[n % 5]);

		for (int stage = 0; stage < 3; stage++) {
			struct str text;

			for (int i = 0; i < 2; i++, k /= 3) {
				if (stage == 2) {
					rec_drop(&fused, keys[k % 3]);
					rec_drop(&piped, keys[k % 3]);
					continue;
				}
				rec_add(&fused, keys[k % 3], i ? STR("[7]") : STR("\"v\""));
				rec_add(&piped, keys[k % 3], i ? STR("[7]") : STR("\"v\""));
			}
			text = written(&piped);
			CHECK(str_eq(text, written(&fused)));
			for (size_t i = 0; i < 3; i++)
				CHECK(!rec_get(&fused, keys[i]) == !rec_get(&piped, keys[i]));
			piped = parsed(arena_cstr(arena, text));
			fused = passed_on(&fused);
		}
		CHECK(str_eq(json_compact(arena, rec_root(&fused)), json_compact(arena, piped.root)));
		CHECK(fused.n_added == 0 && str_eq(fused.line, piped.line));
	}
}

static void a_ninth_member_makes_room_by_what_was_settled(void)
{
	static const char *const keys[] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j" };
	struct rec r = parsed("{\"kind\":\"x\"}");

	for (int i = 0; i < 5; i++)
		rec_add(&r, keys[i], STR("1"));
	r = passed_on(&r);
	for (int i = 5; i < 10; i++)
		rec_add(&r, keys[i], STR("2"));
	CHECK_STR(written(&r), "{\"kind\":\"x\",\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,"
			       "\"f\":2,\"g\":2,\"h\":2,\"i\":2,\"j\":2}");
	CHECK(r.n_added == 5);
}

UNIT_MAIN(UNIT(a_record_is_an_object), UNIT(a_record_without_additions_is_its_line),
	  UNIT(what_is_added_stands_at_the_end), UNIT(what_was_there_is_replaced),
	  UNIT(there_is_room_for_many_additions), UNIT(a_lease_is_divided),
	  UNIT(shares_that_are_none_settle_nothing), UNIT(a_member_is_taken_out),
	  UNIT(a_record_that_goes_on_gets_its_share), UNIT(a_reject_begins_a_line_of_its_own),
	  UNIT(a_reject_for_later_says_when), UNIT(bytes_that_are_no_record_are_kept_as_text_or_base64),
	  UNIT(what_an_earlier_stage_added_is_as_if_it_had_been_read),
	  UNIT(a_ninth_member_makes_room_by_what_was_settled))
