/* SPDX-License-Identifier: MIT */
/* What tests ask of an answer, whichever door it came through. */
#ifndef OMNI_UNIT_ANSWER_H
#define OMNI_UNIT_ANSWER_H

#include "fetch.h"

/* The value of the header ${name}, or {NULL, 0}. */
static inline struct str header_of(const struct fetch_request *x, struct str name)
{
	for (size_t i = 0; i < x->n_answer; i++)
		if (str_eq(x->answer[i].name, name))
			return x->answer[i].value;
	return STR_NONE;
}

static inline bool holds(struct str s, const char *text)
{
	return str_search(s, str_c(text)) < s.n;
}

#endif
