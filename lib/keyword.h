/* SPDX-License-Identifier: MIT */
/* Opt-out, opt-in and help words in the text of a message (CTIA, 47 CFR 64.1200(a)(10)). */
#ifndef OMNI_KEYWORD_H
#define OMNI_KEYWORD_H

#include "bytes.h"

enum keyword { KEYWORD_NONE, KEYWORD_OPT_OUT, KEYWORD_OPT_IN, KEYWORD_HELP };

/**
 * keyword_of(text):
 * Say what ${text} asks for, if the whole of it is one of the words: case, surrounding white space,
 * quotes and punctuation do not count, nor do spaces and hyphens inside ("opt-out", "Opt out!").
 */
enum keyword keyword_of(struct str text);

/**
 * keyword_normal(text, out, max):
 * Write the form of ${text} in which words are compared to ${out}: in capitals, without what does
 * not count.  Return its length, or 0 if ${text} can be no word: empty, punctuation inside, or
 * longer than ${max} bytes.
 */
size_t keyword_normal(struct str text, char *out, size_t max);

#endif
