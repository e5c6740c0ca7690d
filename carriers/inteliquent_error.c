/* SPDX-License-Identifier: MIT */
#include "inteliquent.h"

enum { TEXT_SEEN = 1024 }; /* bytes of a text: what matters stands at its start */

/* The err of receipts: what Sinch says of its routes over SMPP. */
static const struct cause codes[] = {
	{ 15, CAUSE_PERMANENT, NULL },   /* screened as spam */
	{ 60, CAUSE_CREDENTIALS, NULL }, /* campaign not active */
	{ 62, CAUSE_PERMANENT, NULL },   /* screened as spam */
	{ 64, CAUSE_THROTTLED, NULL },   /* quota exceeded */
	{ 257, CAUSE_OPTED_OUT, NULL },  /* recipient has opted out */
};

/*
 * What texts say, the first that fits; words are compared from their start, and to their end where
 * `whole`.
 */
static const struct {
	const char *words;
	bool whole;
	const char *class;
} texts[] = {
	{ "credential", false, CAUSE_CREDENTIALS },
	{ "unauthor", false, CAUSE_CREDENTIALS },
	{ "api key", false, CAUSE_CREDENTIALS },
	{ "authorization", false, CAUSE_CREDENTIALS },
	{ "rate", true, CAUSE_THROTTLED },
	{ "throttl", false, CAUSE_THROTTLED },
	{ "limit exceeded", false, CAUSE_THROTTLED },
	{ "too many", false, CAUSE_THROTTLED },
	{ "spam", false, CAUSE_PERMANENT },
	{ "opt", true, CAUSE_OPTED_OUT },
	{ "opted", true, CAUSE_OPTED_OUT },
	{ "optout", true, CAUSE_OPTED_OUT },
	{ "stop", true, CAUSE_OPTED_OUT },
	{ "blocked", true, CAUSE_OPTED_OUT },
	{ "blacklist", false, CAUSE_OPTED_OUT },
	{ "unsubscribed", true, CAUSE_OPTED_OUT },
	{ "not assigned", false, CAUSE_CREDENTIALS },
	{ "not enabled", false, CAUSE_CREDENTIALS },
	{ "not active", false, CAUSE_CREDENTIALS },
	{ "campaign", false, CAUSE_CREDENTIALS },
	{ "invalid from", false, CAUSE_CREDENTIALS },
};

const char *inteliquent_code_class(struct str code)
{
	const struct cause *known;
	uint64_t n;

	if (str_u64(code, &n) < 0 || n > INT64_MAX)
		return NULL;
	known = cause_find(codes, LEN(codes), (int64_t)n);
	return known ? known->class : NULL;
}

static bool is_letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool has_words(struct str text, struct str words, bool whole)
{
	for (size_t i = 0; i + words.n <= text.n; i++) {
		if (!str_eq_nocase(str_sub(text, i, words.n), words) ||
		    (i > 0 && is_letter(text.p[i - 1])))
			continue;
		if (!whole || i + words.n == text.n || !is_letter(text.p[i + words.n]))
			return true;
	}
	return false;
}

const char *inteliquent_text_class(struct str text)
{
	text = str_sub(text, 0, TEXT_SEEN);
	for (size_t i = 0; i < LEN(texts); i++)
		if (has_words(text, str_c(texts[i].words), texts[i].whole))
			return texts[i].class;
	return NULL;
}
