/* SPDX-License-Identifier: MIT */
#include "sms.h"

enum { ESCAPED = 2 };

/* Septets of the characters below U+0100; 0: not in GSM 7-bit. */
static const char low[] =
	"0000000000102100" /* LF, FF, CR */
	"0000000000000000"
	"1111111111111111"
	"1111111111111111"
	"1111111111111111"
	"1111111111122221" /* [ \ ] ^ are in the extension table */
	"0111111111111111"
	"1111111111122220" /* { | } ~ likewise */
	"0000000000000000"
	"0000000000000000"
	"0101110100000000"  /* inverted !, pound, currency, yen, section */
	"0000000000000001"  /* inverted ? */
	"0000111101000000"  /* A umlaut, A ring, AE, C cedilla, E acute */
	"0100001010001001"  /* N tilde, O umlaut, O slash, U umlaut, sharp s */
	"1000111011001000"  /* a grave, a umlaut, a ring, ae, e grave, e acute, i grave */
	"0110001011001000"; /* n tilde, o grave, o umlaut, o slash, u grave, u umlaut */

/* The character at the start of ${s}, which is not empty, and its bytes in ${n}; broken UTF-8 stands for itself. */
static uint32_t first(struct str s, size_t *n)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t want = p[0] < 0xc0 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	uint32_t c = p[0];

	*n = want <= s.n ? want : 1;
	if (*n == 1)
		return c;
	c &= 0x7fu >> want;
	for (size_t i = 1; i < want; i++)
		c = c << 6 | (p[i] & 0x3fu);
	return c;
}

/* Septets of ${c}; 0: GSM 7-bit has it not. */
static unsigned septets(uint32_t c)
{
	/* Gamma, Theta, Lambda, Xi, Pi, Sigma, Phi, Psi, Omega; the others look like Latin ones and are not there. */
	static const uint32_t greek[] = { 0x394, 0x3a6, 0x393, 0x39b, 0x3a9,
					  0x3a0, 0x3a8, 0x3a3, 0x398, 0x39e };

	if (c < LEN(low) - 1)
		return (unsigned)low[c] - '0';
	if (c == 0x20ac)
		return ESCAPED;
	for (size_t i = 0; i < LEN(greek); i++)
		if (c == greek[i])
			return 1;
	return 0;
}

/* What the character at the start of ${s} costs; its bytes go into ${n}. */
static unsigned cost(struct str s, size_t *n, enum sms_measure measure)
{
	uint32_t c = first(s, n);
	unsigned gsm;

	switch (measure) {
	case SMS_SEPTETS:
		gsm = septets(c);
		return gsm ? gsm : 1;
	case SMS_UTF16:
		return c > 0xffff ? 2 : 1;
	case SMS_CHARACTERS:
		return 1;
	case SMS_BYTES:
		break;
	}
	return (unsigned)*n;
}

/* Fill in units, parts and room, where no more than ${one} go into a message, ${many} into each of several. */
static void fill(struct str text, unsigned one, unsigned many, enum sms_measure m, struct sms_plan *p)
{
	size_t total = 0, parts = 1, n;
	unsigned used = 0;

	for (size_t i = 0; i < text.n; i += n) {
		unsigned c = 1;

		n = 1;
		if ((unsigned char)text.p[i] >= 0x80)
			c = cost(str_sub(text, i, text.n), &n, m);
		else if (m == SMS_SEPTETS)
			c = (unsigned)low[(unsigned char)text.p[i]] - '0';
		total += c;
		if (used + c > many) {
			parts++;
			used = 0;
		}
		used += c;
	}
	p->units = total;
	p->joined = total > one;
	p->parts = p->joined ? parts : 1;
	p->room = p->joined ? many - used : one - (unsigned)total;
}

/* Where the first character of ${text} begins that GSM 7-bit has not, from byte ${i} on; text.n: there is none. */
static size_t stranger(struct str text, size_t i)
{
	size_t n;

	for (; i < text.n; i += n) {
		unsigned char c = (unsigned char)text.p[i];

		n = 1;
		if (c < 0x80 ? low[c] == '0' : septets(first(str_sub(text, i, text.n), &n)) == 0)
			break;
	}
	return i;
}

void sms_plan(struct str text, struct sms_plan *p)
{
	size_t n;

	*p = (struct sms_plan){ .stranger = stranger(text, 0) };
	for (size_t i = p->stranger; i < text.n; i = stranger(text, i + n)) {
		(void)first(str_sub(text, i, text.n), &n);
		p->strangers++;
	}
	p->encoding = p->strangers ? SMS_UCS2 : SMS_GSM7;
	if (p->encoding == SMS_GSM7)
		fill(text, 160, 153, SMS_SEPTETS, p);
	else
		fill(text, 70, 67, SMS_UTF16, p);
}

const char *sms_encoding_name(enum sms_encoding encoding)
{
	return encoding == SMS_GSM7 ? "gsm7" : "ucs2";
}

/* ---- what looks almost the same ---- */

struct alike {
	uint32_t from, to;
	const char *text;
};

/* In order. */
static const struct alike alikes[] = {
	{ 0x9, 0x9, " " },         { 0x60, 0x60, "'" },
	{ 0x85, 0x85, "\n" },      { 0xa0, 0xa0, " " },
	{ 0xab, 0xab, "\"" },      { 0xb4, 0xb4, "'" },
	{ 0xbb, 0xbb, "\"" },      { 0x2000, 0x200a, " " },
	{ 0x200b, 0x200c, "" }, /* zero width; the joiner behind them makes emoji, which no replacement saves */
	{ 0x2010, 0x2015, "-" },   { 0x2018, 0x201b, "'" },
	{ 0x201c, 0x201e, "\"" },  { 0x2022, 0x2022, "*" },
	{ 0x2026, 0x2026, "..." }, { 0x2028, 0x2029, "\n" },
	{ 0x202f, 0x202f, " " },   { 0x2032, 0x2032, "'" },
	{ 0x2033, 0x2033, "\"" },  { 0x205f, 0x205f, " " },
	{ 0x2060, 0x2060, "" },    { 0x2212, 0x2212, "-" },
	{ 0x3000, 0x3000, " " },   { 0xfeff, 0xfeff, "" },
};

static const struct alike *alike(uint32_t c)
{
	for (size_t i = 0; i < LEN(alikes) && c >= alikes[i].from; i++)
		if (c <= alikes[i].to)
			return &alikes[i];
	return NULL;
}

bool sms_smart(struct str text, struct buf *out)
{
	bool changed = false;
	size_t n;

	for (struct str s = text; s.n > 0; s = str_sub(s, n, s.n)) {
		const struct alike *a = alike(first(s, &n));

		if (a)
			buf_str(out, str_c(a->text));
		else
			buf_add(out, s.p, n);
		changed |= a != NULL;
	}
	return changed;
}

/* ---- cutting ---- */

size_t sms_length(struct str text, enum sms_measure measure)
{
	size_t total = 0, n;

	for (struct str s = text; s.n > 0; s = str_sub(s, n, s.n))
		total += cost(s, &n, measure);
	return total;
}

enum { JOINER = 0x200d };

static bool in(uint32_t c, uint32_t from, uint32_t to)
{
	return c >= from && c <= to;
}

/* True for what changes the character before it. */
static bool extends(uint32_t c)
{
	return c >= 0x300 &&
	       (in(c, 0x300, 0x36f) || in(c, 0x483, 0x489) || in(c, 0x591, 0x5bd) ||
		in(c, 0x610, 0x61a) || in(c, 0x64b, 0x65f) || in(c, 0x93a, 0x94f) ||
		in(c, 0xe31, 0xe3a) || in(c, 0xe47, 0xe4e) || in(c, 0x1ab0, 0x1aff) ||
		in(c, 0x1dc0, 0x1dff) || c == JOINER || in(c, 0x20d0, 0x20ff) ||
		in(c, 0x3099, 0x309a) || in(c, 0xfe00, 0xfe0f) || in(c, 0xfe20, 0xfe2f) ||
		in(c, 0x1f3fb, 0x1f3ff) || in(c, 0xe0020, 0xe007f) || in(c, 0xe0100, 0xe01ef));
}

static bool flag_half(uint32_t c)
{
	return in(c, 0x1f1e6, 0x1f1ff);
}

/* The first character of ${s} with what belongs to it, and its cost: no longer than ${room}. */
static struct str cluster(struct str s, size_t room, enum sms_measure m, size_t *used)
{
	size_t n, end;
	uint32_t c = first(s, &n), before = c;
	bool flag = flag_half(c);

	*used = cost(s, &n, m);
	for (end = n; end < s.n; end += n) {
		size_t more = cost(str_sub(s, end, s.n), &n, m);

		c = first(str_sub(s, end, s.n), &n);
		if (!extends(c) && before != JOINER && !(flag && flag_half(c)) &&
		    !(c == '\n' && before == '\r'))
			break;
		if (*used + more > room)
			break;
		*used += more;
		flag = false;
		before = c;
	}
	return str_sub(s, 0, end);
}

/*
 * As much of ${s} as fits into ${room}, and at least a cluster.  ${space}: the end of it up to the last space near its
 * end, 0 if there is none.
 */
static size_t greedy(struct str s, size_t room, enum sms_measure m, size_t *space)
{
	size_t used = 0, end = 0, units;

	*space = 0;
	while (end < s.n) {
		struct str one = cluster(str_sub(s, end, s.n), room, m, &units);

		if (end > 0 && used + units > room)
			return end;
		used += units;
		end += one.n;
		if (one.p[0] == ' ' && used + SMS_SPACE_UNITS >= room)
			*space = end;
	}
	return end;
}

/* How many parts ${s} takes; ${most} + 1 for more than ${most}. */
static size_t count(struct str s, size_t room, enum sms_measure m, size_t most)
{
	size_t parts = 0, space;

	for (; s.n > 0 && parts <= most; parts++)
		s = str_sub(s, greedy(s, room, m, &space), s.n);
	return parts;
}

struct str sms_cut(struct str text, size_t room, enum sms_measure measure)
{
	size_t space, end = greedy(text, room, measure, &space), rest;

	if (end < text.n && space > 0 && space < end) {
		rest = count(str_sub(text, end, text.n), room, measure, SMS_SPACE_PARTS);
		if (rest <= SMS_SPACE_PARTS &&
		    count(str_sub(text, space, text.n), room, measure, rest) <= rest)
			end = space;
	}
	return str_sub(text, 0, end);
}
