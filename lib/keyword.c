/* SPDX-License-Identifier: MIT */
#include "keyword.h"

enum { WORD_MAX = 12 }; /* letters of the longest word below, and one */

/* Upper case, without spaces, hyphens and accents. */
static const struct {
	const char *word;
	enum keyword keyword;
} words[] = {
	{ "STOP", KEYWORD_OPT_OUT },
	{ "STOPALL", KEYWORD_OPT_OUT },
	{ "END", KEYWORD_OPT_OUT },
	{ "CANCEL", KEYWORD_OPT_OUT },
	{ "UNSUBSCRIBE", KEYWORD_OPT_OUT },
	{ "QUIT", KEYWORD_OPT_OUT },
	{ "REVOKE", KEYWORD_OPT_OUT },
	{ "OPTOUT", KEYWORD_OPT_OUT },
	{ "REMOVE", KEYWORD_OPT_OUT },
	{ "TD", KEYWORD_OPT_OUT },
	{ "ARRET", KEYWORD_OPT_OUT },
	{ "DESABONNER", KEYWORD_OPT_OUT },
	{ "ALTO", KEYWORD_OPT_OUT },
	{ "PARAR", KEYWORD_OPT_OUT },
	/* YES is left out on purpose: it is the answer to too many other questions. */
	{ "START", KEYWORD_OPT_IN },
	{ "UNSTOP", KEYWORD_OPT_IN },
	{ "SUBSCRIBE", KEYWORD_OPT_IN },
	{ "JOIN", KEYWORD_OPT_IN },
	{ "OPTIN", KEYWORD_OPT_IN },
	{ "NONARRET", KEYWORD_OPT_IN },
	{ "HELP", KEYWORD_HELP },
	{ "INFO", KEYWORD_HELP },
	{ "AIDE", KEYWORD_HELP },
	{ "AYUDA", KEYWORD_HELP },
};

/* What a character is to a word: a letter is its upper case without accent. */
enum { OTHER = 0, SPACE = 1, PUNCTUATION = 2, ACCENT = 3 };

struct range {
	unsigned from, to;
	int is;
};

/* Beyond ASCII; in order. */
static const struct range ranges[] = {
	{ 0x85, 0x85, SPACE },
	{ 0xa0, 0xa0, SPACE },
	{ 0xa1, 0xa1, PUNCTUATION }, /* inverted exclamation mark */
	{ 0xab, 0xab, PUNCTUATION }, /* guillemet */
	{ 0xad, 0xad, SPACE },       /* soft hyphen */
	{ 0xb4, 0xb4, PUNCTUATION }, /* acute accent as apostrophe */
	{ 0xbb, 0xbb, PUNCTUATION },
	{ 0xbf, 0xbf, PUNCTUATION },
	{ 0xc8, 0xcb, 'E' }, /* with grave, acute, circumflex, diaeresis */
	{ 0xe8, 0xeb, 'E' },
	{ 0x300, 0x302, ACCENT },
	{ 0x308, 0x308, ACCENT },
	{ 0x1680, 0x1680, SPACE },
	{ 0x2000, 0x200f, SPACE }, /* with the invisible ones that keyboards and copying put in */
	{ 0x2010, 0x2015, SPACE }, /* hyphens and dashes */
	{ 0x2018, 0x201f, PUNCTUATION }, /* quotation marks */
	{ 0x2026, 0x2026, PUNCTUATION }, /* ellipsis */
	{ 0x2028, 0x2029, SPACE },
	{ 0x202f, 0x202f, SPACE },
	{ 0x2039, 0x203a, PUNCTUATION },
	{ 0x205f, 0x2060, SPACE },
	{ 0x3000, 0x3000, SPACE },
	{ 0xfeff, 0xfeff, SPACE },
};

static int class_of(unsigned c)
{
	if (c < 0x80) {
		if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
			return (int)(c & ~0x20u);
		if (c == ' ' || c == '-' || (c >= '\t' && c <= '\r'))
			return SPACE;
		return c && strchr(".,!?\"'()*:;`", (int)c) ? PUNCTUATION : OTHER;
	}
	for (size_t i = 0; i < LEN(ranges) && c >= ranges[i].from; i++)
		if (c <= ranges[i].to)
			return ranges[i].is;
	return OTHER;
}

/* Take the next character off ${s}: its code, or 0 if it is none or beyond U+FFFF. */
static unsigned next_char(struct str *s)
{
	const unsigned char *p = (const unsigned char *)s->p;
	size_t n = p[0] < 0x80 ? 1 : p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	unsigned c = 0;

	if (n == 1)
		c = p[0];
	else if (n == 2 && s->n >= 2 && p[0] >= 0xc2 && (p[1] & 0xc0) == 0x80)
		c = (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
	else if (n == 3 && s->n >= 3 && (p[1] & 0xc0) == 0x80 && (p[2] & 0xc0) == 0x80)
		c = (p[0] & 0xfu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
	n = n < s->n ? n : s->n;
	s->p += n;
	s->n -= n;
	return c;
}

/* The capital of a small letter of Latin-1, Greek or Cyrillic: two bytes of UTF-8, all of them. */
static unsigned capital(unsigned c)
{
	if ((c >= 0xe0 && c <= 0xfe && c != 0xf7) || (c >= 0x3b1 && c <= 0x3c9 && c != 0x3c2) ||
	    (c >= 0x430 && c <= 0x44f))
		return c - 0x20;
	return c >= 0x450 && c <= 0x45f ? c - 0x50 : c;
}

size_t keyword_normal(struct str text, char *out, size_t max)
{
	bool ended = false; /* punctuation came behind the letters */
	size_t n = 0;

	while (text.n > 0) {
		const char *from = text.p;
		unsigned c = next_char(&text), big = capital(c);
		int class = class_of(c);
		char letter[2] = { (char)class, 0 };
		struct str add = { letter, 1 };

		if (class == SPACE || (class == ACCENT && n > 0 && out[n - 1] == 'E'))
			continue;
		if (class == PUNCTUATION) {
			ended = n > 0;
			continue;
		}
		if (class < 'A') { /* as it is, or its capital */
			add = (struct str){ from, (size_t)(text.p - from) };
			if (big != c) {
				letter[0] = (char)(0xc0 | big >> 6);
				letter[1] = (char)(0x80 | (big & 0x3f));
				add = (struct str){ letter, 2 };
			}
		}
		if (ended || add.n > max - n)
			return 0;
		memcpy(out + n, add.p, add.n);
		n += add.n;
	}
	return n;
}

enum keyword keyword_of(struct str text)
{
	char word[WORD_MAX];
	size_t n = keyword_normal(text, word, sizeof(word));

	for (size_t i = 0; n > 0 && i < LEN(words); i++)
		if (str_eq((struct str){ word, n }, str_c(words[i].word)))
			return words[i].keyword;
	return KEYWORD_NONE;
}
