/* SPDX-License-Identifier: MIT */
#include "store_query.h"

/*
 * A character that a word can consist of, roughly: punctuation of ASCII alone is no word, and an empty
 * phrase would match nothing.
 */
static bool has_word(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c >= 0x80 || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
			return true;
	}
	return false;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\0';
}

/* Cut the next piece off ${s}: what stands in quotes, or up to white space. */
static struct str next_piece(struct str *s, bool *minus, bool *star)
{
	struct str piece;
	size_t n = 0;

	while (s->n > 0 && is_space(s->p[0]))
		*s = str_sub(*s, 1, s->n);
	*minus = s->n > 1 && s->p[0] == '-' && !is_space(s->p[1]);
	if (*minus)
		*s = str_sub(*s, 1, s->n);
	if (s->n > 0 && s->p[0] == '"') {
		*s = str_sub(*s, 1, s->n);
		n = str_find(*s, '"');
		piece = str_sub(*s, 0, n);
		*s = str_sub(*s, n + 1, s->n);
		*star = s->n > 0 && s->p[0] == '*';
		return piece;
	}
	while (n < s->n && !is_space(s->p[n]) && s->p[n] != '"')
		n++;
	piece = str_sub(*s, 0, n);
	*s = str_sub(*s, n, s->n);
	*star = n > 1 && piece.p[n - 1] == '*';
	return piece;
}

/* ${piece} as a phrase of FTS5, in which nothing but the quote has a meaning; a NUL would end it. */
static void add_phrase(struct buf *b, struct str piece, bool star)
{
	buf_char(b, '"');
	for (size_t i = 0; i < piece.n; i++)
		buf_char(b, piece.p[i] == '"' || piece.p[i] == '\0' ? ' ' : piece.p[i]);
	buf_char(b, '"');
	if (star)
		buf_char(b, '*');
}

struct str store_words(struct arena *a, struct str text)
{
	struct buf yes = { .max = SIZE_MAX }, no = { .max = SIZE_MAX };
	struct str out = STR_NONE;
	bool minus, star;

	while (text.n > 0) {
		struct str piece = next_piece(&text, &minus, &star);
		struct buf *b = minus ? &no : &yes;

		if (!has_word(piece))
			continue;
		if (b->n > 0)
			buf_str(b, minus ? STR(" OR ") : STR(" AND "));
		add_phrase(b, piece, star);
	}
	if (yes.n > 0 && no.n > 0) {
		buf_lit(&yes, ") NOT (");
		buf_str(&yes, buf_get(&no));
		out = arena_fmt(a, "(%.*s)", (int)yes.n, yes.p);
	} else if (yes.n > 0) {
		out = arena_str(a, buf_get(&yes));
	}
	buf_free(&yes);
	buf_free(&no);
	return out;
}
