/* SPDX-License-Identifier: MIT */
#include "arena.h"

#include <stdalign.h>

#include "unit.h"

static void pieces_are_aligned_and_apart(void)
{
	unsigned char *pieces[200];

	for (size_t i = 0; i < 200; i++) {
		pieces[i] = arena_alloc(arena, i * 7);
		CHECK((uintptr_t)pieces[i] % alignof(max_align_t) == 0);
		memset(pieces[i], (int)i, i * 7);
	}
	for (size_t i = 0; i < 200; i++)
		for (size_t k = 0; k < i * 7; k++)
			CHECK(pieces[i][k] == (unsigned char)i);
}

static void large_pieces_are_had_too(void)
{
	char *small = arena_alloc(arena, 10), *big = arena_alloc(arena, (size_t)5 << 20), *after;

	memset(small, 's', 10);
	memset(big, 'b', (size_t)5 << 20);
	after = arena_alloc(arena, 10);
	memset(after, 'a', 10);
	CHECK(small[9] == 's' && big[((size_t)5 << 20) - 1] == 'b');
}

static void cleared_pieces_are_cleared(void)
{
	char *p;

	memset(arena_alloc(arena, 5000), 'x', 5000);
	arena_reset(arena);
	p = arena_calloc(arena, 100, 50);
	for (size_t i = 0; i < 5000; i++)
		CHECK(p[i] == 0);
}

static void the_last_piece_grows_in_place(void)
{
	char *p = arena_alloc(arena, 10), *q;

	memcpy(p, "123456789", 10);
	q = arena_resize(arena, p, 10, 1000);
	CHECK(q == p);
	memset(q + 10, 'x', 990);
	q = arena_resize(arena, p, 1000, 100);
	CHECK(q == p);
	CHECK((char *)arena_alloc(arena, 1) >= p + 100);
}

static void any_other_piece_is_copied(void)
{
	char *p = arena_alloc(arena, 10), *other, *q;

	memcpy(p, "123456789", 10);
	other = arena_alloc(arena, 16);
	memset(other, 'o', 16);
	q = arena_resize(arena, p, 10, 200);
	CHECK(q != p && memcmp(q, "123456789", 10) == 0);
	memset(q, 'q', 200);
	CHECK(other[0] == 'o' && other[15] == 'o' && p[0] == '1');
	q = arena_resize(arena, p, 10, 4);
	CHECK(memcmp(q, "1234", 4) == 0);
	CHECK(arena_resize(arena, NULL, 0, 10) != NULL);
}

static void a_piece_that_outgrows_its_chunk_is_copied(void)
{
	char *p = arena_alloc(arena, 100);

	memset(p, 'x', 100);
	for (size_t n = 100; n < (size_t)4 << 20; n *= 2) {
		p = arena_resize(arena, p, n, n * 2);
		memset(p + n, 'x', n);
		CHECK(p[0] == 'x' && p[n - 1] == 'x' && p[99] == 'x');
	}
}

static void texts_end_with_a_nul(void)
{
	struct str s = arena_str(arena, STR("text")), none = arena_str(arena, STR_NONE);
	struct str joined = arena_join(arena, STR("one"), STR("two")),
		   fmt = arena_fmt(arena, "%s-%d", "a", 7);

	CHECK_STR(s, "text");
	CHECK(s.p[4] == '\0');
	CHECK(none.p && none.n == 0 && none.p[0] == '\0');
	CHECK(strcmp(arena_cstr(arena, str_sub(STR("abcdef"), 1, 3)), "bcd") == 0);
	CHECK(strcmp(arena_cstr(arena, STR_NONE), "") == 0);
	CHECK_STR(joined, "onetwo");
	CHECK(joined.p[6] == '\0');
	CHECK_STR(arena_join(arena, STR_NONE, STR("x")), "x");
	CHECK_STR(fmt, "a-7");
	CHECK(fmt.p[3] == '\0');
	CHECK_STR(arena_str(arena, STR("a\0b")), "a\0b");
	CHECK(arena_fmt(arena, "%5000d", 1).n == 5000);
}

static void arenas_are_reset_and_freed(void)
{
	struct arena *a = arena_new();

	arena_reset(a);
	for (int round = 0; round < 100; round++) {
		for (int i = 0; i < 100; i++)
			memset(arena_alloc(a, 1000), 'x', 1000);
		arena_reset(a);
	}
	memset(arena_alloc(a, (size_t)3 << 20), 'x', (size_t)3 << 20);
	arena_reset(a);
	memset(arena_alloc(a, 100), 'x', 100);
	arena_free(a);
	arena_free(NULL);
}

static void one_chunk_stays(void)
{
	struct arena *a = arena_new();
	void *first = arena_alloc(a, 100);

	for (int i = 0; i < 3; i++) {
		arena_reset(a);
		CHECK(arena_alloc(a, 100) == first);
	}
	arena_free(a);
}

UNIT_MAIN(UNIT(pieces_are_aligned_and_apart), UNIT(large_pieces_are_had_too),
	  UNIT(cleared_pieces_are_cleared), UNIT(the_last_piece_grows_in_place),
	  UNIT(any_other_piece_is_copied), UNIT(a_piece_that_outgrows_its_chunk_is_copied),
	  UNIT(texts_end_with_a_nul), UNIT(arenas_are_reset_and_freed), UNIT(one_chunk_stays))
