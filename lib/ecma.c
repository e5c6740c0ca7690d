/* SPDX-License-Identifier: MIT */
#include "ecma.h"

/* White space and line ends of ECMA-262, and all other characters, as the inside of a class. */
#define SPACE                                                                          \
	"\\x09-\\x0d\\x20\\xa0\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}" \
	"\\x{205f}\\x{3000}\\x{feff}"
#define NO_SPACE                                                                        \
	"\\x00-\\x08\\x0e-\\x1f\\x21-\\x9f\\xa1-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-" \
	"\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-"  \
	"\\x{d7ff}\\x{e000}-\\x{fefe}\\x{ff00}-\\x{10ffff}"

struct ecma {
	struct str in;
	size_t i;
	struct buf *out;
	struct err *e;
	bool atom; /* what was written last can be repeated */
};

static int fail(struct ecma *x, const char *what)
{
	size_t at = 1;

	for (size_t i = 0; i < x->i && i < x->in.n; i++)
		at += ((unsigned char)x->in.p[i] & 0xc0) != 0x80;
	return err_set(x->e, FAULT_CONFIG, "regex", "regular expression: %s, at character %zu", what, at);
}

static char peek(const struct ecma *x, size_t ahead)
{
	return x->i + ahead < x->in.n ? x->in.p[x->i + ahead] : '\0';
}

static bool looking_at(const struct ecma *x, struct str s)
{
	return str_prefix(str_sub(x->in, x->i, x->in.n), s);
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* ${n} hexadecimal digits at ${at}; -1 if they are not there. */
static int32_t read_hex(const struct ecma *x, size_t at, size_t n)
{
	int32_t v = 0;

	for (size_t i = 0; i < n; i++) {
		int d = at + i < x->in.n ? hex(x->in.p[at + i]) : -1;

		if (d < 0)
			return -1;
		v = v << 4 | d;
	}
	return v;
}

static void put_char(struct ecma *x, int32_t c)
{
	buf_fmt(x->out, "\\x{%x}", (unsigned)c);
}

/* Behind "\u": four digits, two times four for a pair of surrogates, or any number in braces. */
static int unicode(struct ecma *x)
{
	int32_t v = 0, low;
	size_t i = x->i;

	if (peek(x, 0) == '{') {
		for (i++; i < x->in.n && hex(x->in.p[i]) >= 0 && v <= 0x10ffff; i++)
			v = v << 4 | hex(x->in.p[i]);
		if (i == x->i + 1 || i >= x->in.n || x->in.p[i] != '}' || v > 0x10ffff)
			return fail(x, "\\u{ is not followed by the number of a character and }");
		x->i = i + 1;
		put_char(x, v);
		return 0;
	}
	v = read_hex(x, i, 4);
	if (v < 0)
		return fail(x, "\\u is not followed by four hexadecimal digits");
	x->i += 4;
	if (v >= 0xd800 && v < 0xdc00 && looking_at(x, STR("\\u"))) {
		low = read_hex(x, x->i + 2, 4);
		if (low >= 0xdc00 && low < 0xe000) {
			v = 0x10000 + ((v - 0xd800) << 10) + (low - 0xdc00);
			x->i += 6;
		}
	}
	if (v >= 0xd800 && v < 0xe000)
		return fail(x, "half of a pair of surrogates is no character");
	put_char(x, v);
	return 0;
}

/* Long names of ECMA-262 and what PCRE2 calls them. */
static const struct {
	struct str name, pcre;
} properties[] = {
	{ STR("Letter"), STR("L") },
	{ STR("Cased_Letter"), STR("L&") },
	{ STR("LC"), STR("L&") },
	{ STR("Uppercase_Letter"), STR("Lu") },
	{ STR("Lowercase_Letter"), STR("Ll") },
	{ STR("Titlecase_Letter"), STR("Lt") },
	{ STR("Modifier_Letter"), STR("Lm") },
	{ STR("Other_Letter"), STR("Lo") },
	{ STR("Mark"), STR("M") },
	{ STR("Combining_Mark"), STR("M") },
	{ STR("Nonspacing_Mark"), STR("Mn") },
	{ STR("Spacing_Mark"), STR("Mc") },
	{ STR("Enclosing_Mark"), STR("Me") },
	{ STR("Number"), STR("N") },
	{ STR("Decimal_Number"), STR("Nd") },
	{ STR("digit"), STR("Nd") },
	{ STR("Letter_Number"), STR("Nl") },
	{ STR("Other_Number"), STR("No") },
	{ STR("Punctuation"), STR("P") },
	{ STR("punct"), STR("P") },
	{ STR("Connector_Punctuation"), STR("Pc") },
	{ STR("Dash_Punctuation"), STR("Pd") },
	{ STR("Open_Punctuation"), STR("Ps") },
	{ STR("Close_Punctuation"), STR("Pe") },
	{ STR("Initial_Punctuation"), STR("Pi") },
	{ STR("Final_Punctuation"), STR("Pf") },
	{ STR("Other_Punctuation"), STR("Po") },
	{ STR("Symbol"), STR("S") },
	{ STR("Math_Symbol"), STR("Sm") },
	{ STR("Currency_Symbol"), STR("Sc") },
	{ STR("Modifier_Symbol"), STR("Sk") },
	{ STR("Other_Symbol"), STR("So") },
	{ STR("Separator"), STR("Z") },
	{ STR("Space_Separator"), STR("Zs") },
	{ STR("Line_Separator"), STR("Zl") },
	{ STR("Paragraph_Separator"), STR("Zp") },
	{ STR("Other"), STR("C") },
	{ STR("Control"), STR("Cc") },
	{ STR("cntrl"), STR("Cc") },
	{ STR("Format"), STR("Cf") },
	{ STR("Surrogate"), STR("Cs") },
	{ STR("Private_Use"), STR("Co") },
	{ STR("Unassigned"), STR("Cn") },
};

/* "\p" or "\P" and a name in braces. */
static int property(struct ecma *x)
{
	struct str rest = str_sub(x->in, x->i + 1, x->in.n), name, kind = STR_NONE;
	char which = peek(x, 0);
	size_t n;

	if (peek(x, 1) != '{')
		return fail(x, "\\p is not followed by the name of a property in braces");
	name = str_sub(rest, 1, rest.n);
	n = str_find(name, '}');
	if (n == 0 || n == name.n)
		return fail(x, "\\p is not followed by the name of a property in braces");
	name.n = n;
	for (size_t i = 0; i < n; i++)
		if (!letter(name.p[i]) && !digit(name.p[i]) && name.p[i] != '_' && name.p[i] != '=')
			return fail(x, "no such property");
	x->i += n + 3;
	n = str_find(name, '=');
	if (n < name.n) {
		kind = str_sub(name, 0, n);
		name = str_sub(name, n + 1, name.n);
	}
	for (size_t i = 0; i < LEN(properties); i++)
		if (str_eq(properties[i].name, name))
			name = properties[i].pcre;
	buf_fmt(x->out, "\\%c{", which);
	if (str_eq(kind, STR("Script")) || str_eq(kind, STR("sc")))
		buf_lit(x->out, "sc:");
	else if (str_eq(kind, STR("Script_Extensions")) || str_eq(kind, STR("scx")))
		buf_lit(x->out, "scx:");
	else if (kind.p && !str_eq(kind, STR("General_Category")) && !str_eq(kind, STR("gc")))
		return fail(x, "no such property");
	buf_str(x->out, name);
	buf_char(x->out, '}');
	return 0;
}

/* A back reference; "\10" must not be read as octal. */
static int reference(struct ecma *x)
{
	size_t n = 0;

	while (digit(peek(x, n)))
		n++;
	if (n > 4)
		return fail(x, "there is no such group");
	buf_fmt(x->out, "\\g{%.*s}", (int)n, x->in.p + x->i);
	x->i += n;
	return 0;
}

/*
 * Behind a backslash, in a class or not.  ${set} is told whether it stands for many characters,
 * which can not begin or end a range.
 */
static int escape(struct ecma *x, bool in_class, bool *set)
{
	char c = peek(x, 0);
	int32_t v;

	*set = c && strchr("dDwWsSpP", c);
	if (x->i >= x->in.n)
		return fail(x, "\\ at the end");
	if (c == 'p' || c == 'P')
		return property(x);
	if (digit(c) && c != '0')
		return in_class ? fail(x, "no such escape in a class") : reference(x);
	x->i++;
	switch (c) {
	case 'd':
	case 'D':
	case 'w':
	case 'W':
	case 'f':
	case 'n':
	case 'r':
	case 't':
	case 'b':
		buf_fmt(x->out, "\\%c", c);
		return 0;
	case 'B':
		buf_lit(x->out, "\\B");
		return in_class ? fail(x, "no such escape in a class") : 0;
	case 's':
		buf_str(x->out, in_class ? STR(SPACE) : STR("[" SPACE "]"));
		return 0;
	case 'S':
		buf_str(x->out, in_class ? STR(NO_SPACE) : STR("[^" SPACE "]"));
		return 0;
	case 'v':
		put_char(x, 0x0b);
		return 0;
	case '0':
		put_char(x, 0);
		return digit(peek(x, 0)) ? fail(x, "octal numbers are no escapes") : 0;
	case 'c':
		if (!letter(peek(x, 0)))
			return fail(x, "\\c is not followed by a letter");
		put_char(x, peek(x, 0) & 31);
		x->i++;
		return 0;
	case 'x':
		v = read_hex(x, x->i, 2);
		if (v < 0)
			return fail(x, "\\x is not followed by two hexadecimal digits");
		put_char(x, v);
		x->i += 2;
		return 0;
	case 'u':
		return unicode(x);
	case 'k':
		if (in_class || peek(x, 0) != '<')
			return fail(x, "\\k is not followed by the name of a group");
		buf_lit(x->out, "\\k");
		for (c = 0; c != '>' && x->i < x->in.n;) {
			c = x->in.p[x->i++];
			buf_char(x->out, c);
		}
		return 0;
	default:
		if (letter(c) || digit(c) || (unsigned char)c >= 0x80 || (unsigned char)c <= ' ' ||
		    c == '_')
			return fail(x, "no such escape");
		buf_fmt(x->out, "\\%c", c);
		return 0;
	}
}

/* From behind "[" to behind "]". */
static int class(struct ecma *x)
{
	/* What stands on the left can begin a range; it stands for many characters; "-" came. */
	bool left = false, many = false, range = false, dash, set;

	if (looking_at(x, STR("]")) || looking_at(x, STR("^]"))) { /* no character, or any */
		buf_str(x->out, peek(x, 0) == ']' ? STR("[^\\x{0}-\\x{10ffff}]") :
						    STR("[\\x{0}-\\x{10ffff}]"));
		x->i += peek(x, 0) == ']' ? 1 : 2;
		return 0;
	}
	buf_char(x->out, '[');
	if (peek(x, 0) == '^') {
		buf_char(x->out, '^');
		x->i++;
	}
	for (; x->i < x->in.n && x->in.p[x->i] != ']'; range = dash) {
		char c = x->in.p[x->i++];

		dash = c == '-' && left && !range && peek(x, 0) != ']';
		set = false;
		if (dash)
			buf_char(x->out, '-');
		else if (c == '\\' && escape(x, true, &set) < 0)
			return -1;
		else if (c == '-' || c == '[')
			buf_fmt(x->out, "\\%c", c);
		else if (c != '\\')
			buf_char(x->out, c);
		if ((dash && many) || (range && set))
			return fail(x, "a range from or to many characters");
		left = !range;
		many = set;
	}
	if (x->i >= x->in.n)
		return fail(x, "[ without ]");
	buf_char(x->out, ']');
	x->i++;
	return 0;
}

/* Behind "(": an assertion, a group with or without a name, and nothing else. */
static int group(struct ecma *x)
{
	static const struct str kinds[] = { STR("?:"), STR("?="), STR("?!"), STR("?<="), STR("?<!") };

	buf_char(x->out, '(');
	if (peek(x, 0) == '*')
		return fail(x, "nothing to repeat");
	if (peek(x, 0) != '?')
		return 0;
	for (size_t i = 0; i < LEN(kinds); i++)
		if (looking_at(x, kinds[i])) {
			buf_str(x->out, kinds[i]);
			x->i += kinds[i].n;
			return 0;
		}
	if (!looking_at(x, STR("?<")))
		return fail(x, "no such group");
	buf_lit(x->out, "?<");
	x->i += 2;
	return 0;
}

/* A quantifier: it needs something to repeat, and has no more than a "?" behind it. */
static int quantifier(struct ecma *x)
{
	char c = peek(x, 0);
	size_t n = 1, comma;

	if (!x->atom)
		return fail(x, "nothing to repeat");
	if (c == '{') {
		while (digit(peek(x, n)))
			n++;
		if (n == 1)
			return fail(x, "{ does not begin a quantifier: write \\{");
		comma = n;
		if (peek(x, n) == ',')
			for (n++; digit(peek(x, n));)
				n++;
		if (peek(x, n) != '}' || comma > 6 || n - comma > 6)
			return fail(x, "{ does not begin a quantifier: write \\{");
		n++;
	}
	buf_str(x->out, str_sub(x->in, x->i, n));
	x->i += n;
	if (peek(x, 0) == '?') {
		buf_char(x->out, '?');
		x->i++;
	}
	x->atom = false;
	return 0;
}

static int item(struct ecma *x)
{
	char c = peek(x, 0);
	bool set;

	switch (c) {
	case '*':
	case '+':
	case '?':
	case '{':
		return quantifier(x);
	case '}':
	case ']':
		return fail(x, "a bracket that closes nothing: write a \\ before it");
	case '\\':
		x->i++;
		x->atom = peek(x, 0) != 'b' && peek(x, 0) != 'B';
		return escape(x, false, &set);
	case '[':
		x->i++;
		x->atom = true;
		return class(x);
	case '(':
		x->i++;
		x->atom = false;
		return group(x);
	case '.':
		x->i++;
		x->atom = true;
		buf_lit(x->out, "[^\\n\\r\\x{2028}\\x{2029}]");
		return 0;
	default:
		x->i++;
		x->atom = c != '|' && c != '^' && c != '$';
		buf_char(x->out, c);
		return 0;
	}
}

int ecma_translate(struct str pattern, struct buf *out, struct err *e)
{
	struct ecma x = { .in = pattern, .out = out, .e = e };

	while (x.i < x.in.n)
		if (item(&x) < 0)
			return -1;
	return 0;
}
