/* SPDX-License-Identifier: MIT */
#include "regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <pthread.h>
#include <stdlib.h>

#include "diag.h"
#include "ecma.h"
#include "limit.h"

struct regex {
	pcre2_code *code;
	pcre2_match_context *bounds;
};

/* The position of the character that ${n} bytes of ${s} stand before, from 1. */
static size_t character(struct str s, size_t n)
{
	size_t at = 1;

	for (size_t i = 0; i < n && i < s.n; i++)
		at += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return at;
}

/* ${shown} is what the user wrote, ${pattern} what the library gets. */
static struct regex *compile(struct str shown, struct str pattern, uint32_t options, struct err *e)
{
	PCRE2_SPTR text = (PCRE2_SPTR)(pattern.p ? pattern.p : "");
	struct regex *r = calloc(1, sizeof(*r));
	PCRE2_UCHAR why[160];
	PCRE2_SIZE at;
	int bad;

	if (!r)
		diag_oom();
	options |= PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C;
	r->code = pcre2_compile(text, pattern.n, options, &bad, &at, NULL);
	if (!r->code) {
		pcre2_get_error_message(bad, why, sizeof(why));
		if (str_eq(shown, pattern))
			err_set(e, FAULT_CONFIG, "regex", "regular expression: %s, at character %zu",
				(const char *)why, character(pattern, at));
		else /* the place would be one in another text */
			err_set(e, FAULT_CONFIG, "regex", "regular expression: %s", (const char *)why);
		regex_free(r);
		return NULL;
	}
	/* Where there is no JIT the interpreter gives the same answers. */
	(void)pcre2_jit_compile(r->code, PCRE2_JIT_COMPLETE);
	r->bounds = pcre2_match_context_create(NULL);
	if (!r->bounds)
		diag_oom();
	pcre2_set_match_limit(r->bounds, REGEX_MATCH_LIMIT);
	return r;
}

struct regex *regex_new(struct str pattern, struct err *e)
{
	return compile(pattern, pattern, 0, e);
}

struct regex *regex_new_ecma(struct str pattern, struct err *e)
{
	struct buf b = { .max = SIZE_MAX };
	struct regex *r = NULL;

	if (ecma_translate(pattern, &b, e) == 0)
		r = compile(pattern, buf_get(&b), PCRE2_MATCH_UNSET_BACKREF | PCRE2_ALLOW_EMPTY_CLASS, e);
	buf_free(&b);
	return r;
}

void regex_free(struct regex *r)
{
	if (!r)
		return;
	pcre2_match_context_free(r->bounds);
	pcre2_code_free(r->code);
	free(r);
}

static pthread_key_t at_end;

static void forget(void *found)
{
	pcre2_match_data_free(found);
}

static void make_key(void)
{
	if (pthread_key_create(&at_end, forget) != 0)
		diag_oom();
}

/* What matches are put into: one for each thread, which goes with it. */
static pcre2_match_data *of_thread(void)
{
	static _Thread_local pcre2_match_data *found;
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	if (found)
		return found;
	pthread_once(&once, make_key);
	found = pcre2_match_data_create(1, NULL);
	if (!found || pthread_setspecific(at_end, found) != 0)
		diag_oom();
	return found;
}

int regex_match(const struct regex *r, struct str s)
{
	PCRE2_SPTR text = (PCRE2_SPTR)(s.p ? s.p : "");
	pcre2_match_data *found = of_thread();
	int rc;

	rc = pcre2_match(r->code, text, s.n, 0, PCRE2_NO_UTF_CHECK, found, r->bounds);
	/* JIT works on 32 KiB of stack; the interpreter takes what it needs from the heap. */
	if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
		rc = pcre2_match(r->code, text, s.n, 0, PCRE2_NO_JIT | PCRE2_NO_UTF_CHECK, found,
				 r->bounds);
	if (rc == PCRE2_ERROR_NOMATCH)
		return 0;
	return rc < 0 ? -1 : 1;
}
