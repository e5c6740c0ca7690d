/* SPDX-License-Identifier: MIT */
#include "mdoc.h"

#include <ctype.h>

struct writer {
	struct buf *b;
	bool fresh; /* at the start of a line */
	bool macro; /* the line is a macro's: closing punctuation may follow as a word of its own */
};

static void end_line(struct writer *w)
{
	while (!w->fresh && w->b->n > 0 && w->b->p[w->b->n - 1] == ' ')
		w->b->n--;
	if (!w->fresh)
		buf_char(w->b, '\n');
	w->fresh = true;
	w->macro = false;
}

static void put_char(struct writer *w, char c)
{
	if (w->fresh && (c == '.' || c == '\''))
		buf_lit(w->b, "\\&");
	if (c == '\\')
		buf_lit(w->b, "\\e");
	else if (c == '^')
		buf_lit(w->b, "\\(ha");
	else if (c == '~')
		buf_lit(w->b, "\\(ti");
	else
		buf_char(w->b, c);
	w->fresh = false;
}

/* An argument of a macro. */
static void put_argument(struct writer *w, struct str s)
{
	bool quoted = str_find(s, ' ') < s.n || s.n == 0;

	if (quoted)
		buf_char(w->b, '"');
	if (s.n > 0 && s.n <= 2) /* could be read as a macro or as punctuation */
		buf_lit(w->b, "\\&");
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			buf_lit(w->b, "\\(dq");
		else
			put_char(w, s.p[i]);
	}
	if (quoted)
		buf_char(w->b, '"');
}

static void put_literal(struct writer *w, struct str s)
{
	end_line(w);
	buf_lit(w->b, ".Ql ");
	w->fresh = false;
	put_argument(w, s);
	w->macro = true;
}

/* The length of a reference "omni-recv(1)" at the start of ${s}, or 0. */
static size_t reference(struct str s)
{
	size_t n = 0;

	while (n < s.n && (islower((unsigned char)s.p[n]) || s.p[n] == '-'))
		n++;
	if (n == 0 || n + 3 > s.n || s.p[n] != '(' || !isdigit((unsigned char)s.p[n + 1]) ||
	    s.p[n + 2] != ')')
		return 0;
	return n + 3;
}

static void put_reference(struct writer *w, struct str s)
{
	end_line(w);
	buf_fmt(w->b, ".Xr %.*s %c", (int)s.n - 3, s.p, s.p[s.n - 2]);
	w->fresh = false;
	w->macro = true;
}

/* True if a parenthesis that begins here holds something that needs a macro. */
static bool needs_macro(struct str s)
{
	size_t end = str_find(s, ')');

	return str_find(str_sub(s, 0, end), '`') < end;
}

/* A sentence ends here, and another begins. */
static bool ends_sentence(struct str text, size_t i)
{
	return text.p[i] == '.' && i + 2 < text.n && text.p[i + 1] == ' ' &&
	       (isupper((unsigned char)text.p[i + 2]) || text.p[i + 2] == '`') &&
	       !(i > 0 && text.p[i - 1] == '.');
}

static void put_plain(struct writer *w, struct str text, size_t *at, bool *group)
{
	size_t i = *at;
	char c = text.p[i];

	if (c == '(' && needs_macro(str_sub(text, i, text.n))) {
		end_line(w);
		buf_lit(w->b, ".Po");
		w->fresh = false;
		end_line(w);
		*group = true;
	} else if (c == ')' && *group) {
		end_line(w);
		buf_lit(w->b, ".Pc");
		w->fresh = false;
		w->macro = true;
		*group = false;
	} else if (w->macro && strchr(".,;:)", c)) {
		buf_char(w->b, ' ');
		buf_char(w->b, c);
	} else if (w->macro && c == ' ') {
		end_line(w);
	} else {
		if (w->macro)
			end_line(w);
		if (!(w->fresh && c == ' '))
			put_char(w, c);
	}
	if (ends_sentence(text, i))
		end_line(w);
	*at = i + 1;
}

void mdoc_text(struct buf *b, struct str text)
{
	struct writer w = { .b = b, .fresh = true };
	bool group = false, word = true; /* at the start of a word */

	for (size_t i = 0; i < text.n;) {
		struct str rest = str_sub(text, i, text.n);
		size_t n = word ? reference(rest) : 0;

		word = !isalnum((unsigned char)text.p[i]) && text.p[i] != '-';
		if (n > 0) {
			put_reference(&w, str_sub(rest, 0, n));
			i += n;
		} else if (text.p[i] == '`') {
			n = str_find(str_sub(rest, 1, rest.n), '`');
			put_literal(&w, str_sub(rest, 1, n));
			i += n + 2;
		} else {
			put_plain(&w, text, &i, &group);
		}
	}
	end_line(&w);
}
