/* SPDX-License-Identifier: MIT */
/*
 * A test is a function of checks; a program is a list of tests.  Output is TAP: "ok 1 - name", the
 * checks that failed before it as "# file:line: text".
 */
#ifndef OMNI_UNIT_H
#define OMNI_UNIT_H

#include <stdio.h>

#include "arena.h"

struct unit_test {
	const char *name; /* the function's; underscores are shown as spaces */
	void (*run)(void);
};

/* clang-format off */
#define UNIT(fn) { #fn, (fn) }
/* clang-format on */

#define UNIT_MAIN(...)                                                   \
	int main(void)                                                   \
	{                                                                \
		static const struct unit_test tests[] = { __VA_ARGS__ }; \
                                                                         \
		return unit_run(tests, sizeof(tests) / sizeof(*tests));  \
	}

/* The check fails unless ${cond} holds. */
#define CHECK(cond) unit_check((cond), __FILE__, __LINE__, #cond)

/* The check fails unless the struct str ${s} has the characters of the literal ${lit}. */
#define CHECK_STR(s, lit) unit_check_str((s), STR(lit), __FILE__, __LINE__)

static int unit_failures;

/* For what a test needs; emptied after each. */
static struct arena *arena;

static inline void unit_check(bool held, const char *file, int line, const char *text)
{
	if (held)
		return;
	unit_failures++;
	printf("# %s:%d: %s\n", file, line, text);
}

static inline void unit_show(const char *what, struct str s)
{
	printf("#   %s ", what);
	for (size_t i = 0; i < s.n && i < 2000; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x20 || c >= 0x7f || c == '\\')
			printf("\\x%02x", c);
		else
			putchar(c);
	}
	printf("%s (%zu bytes)\n", s.p ? "" : "NULL", s.n);
}

static inline void unit_check_str(struct str s, struct str want, const char *file, int line)
{
	if (s.p && str_eq(s, want))
		return;
	unit_failures++;
	printf("# %s:%d: texts differ\n", file, line);
	unit_show("want", want);
	unit_show("have", s);
}

static inline int unit_run(const struct unit_test *tests, size_t n)
{
	int failed = 0;

	arena = arena_new();
	printf("1..%zu\n", n);
	for (size_t i = 0; i < n; i++) {
		unit_failures = 0;
		tests[i].run();
		printf("%s %zu - ", unit_failures ? "not ok" : "ok", i + 1);
		for (const char *p = tests[i].name; *p; p++)
			putchar(*p == '_' ? ' ' : *p);
		putchar('\n');
		fflush(stdout);
		failed |= unit_failures != 0;
		arena_reset(arena);
	}
	arena_free(arena);
	return failed;
}

#endif
