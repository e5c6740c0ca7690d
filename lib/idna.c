/* SPDX-License-Identifier: MIT */
/*
 * The rules are regular expressions over the properties of characters that PCRE2 knows.  What it
 * does not know stands for itself: which characters NFKC changes is told by their blocks, joining
 * types by the scripts that join.
 */
#include "idna.h"

#include <pthread.h>

#include "diag.h"
#include "regex.h"

enum { LABEL_MAX = 63, NAME_BYTES = 253, WIDE_MAX = 1000, TEXT_MAX = 8192 };

/* RFC 5892: derived properties, then the rules of appendix A for single characters. */
#define VIRAMA                                                                                     \
	"\\x{94d}\\x{9cd}\\x{a4d}\\x{acd}\\x{b4d}\\x{bcd}\\x{c4d}\\x{ccd}\\x{d3b}\\x{d3c}\\x{d4d}" \
	"\\x{dca}\\x{e3a}\\x{eba}\\x{f84}\\x{1039}\\x{103a}\\x{1714}\\x{1734}\\x{17d2}\\x{1a60}"   \
	"\\x{1b44}\\x{1baa}\\x{1bab}\\x{1bf2}\\x{1bf3}\\x{2d7f}\\x{a806}\\x{a8c4}\\x{a953}"        \
	"\\x{a9c0}\\x{aaf6}\\x{abed}\\x{10a3f}\\x{11046}\\x{1107f}\\x{110b9}\\x{11133}\\x{11134}"  \
	"\\x{111c0}\\x{11235}\\x{112ea}\\x{1134d}\\x{11442}\\x{114c2}\\x{115bf}\\x{1163f}"         \
	"\\x{116b6}\\x{1172b}\\x{11839}\\x{11a34}\\x{11a47}\\x{11a99}\\x{11c3f}\\x{11d44}"         \
	"\\x{11d45}\\x{11d97}"
#define UNSTABLE                                                                                  \
	"\\x{aa}\\x{ba}\\x{640}\\x{7fa}\\x{2b0}-\\x{2b8}\\x{2e0}-\\x{2e4}\\x{302e}\\x{302f}"      \
	"\\x{3031}-\\x{3035}\\x{303b}\\x{2070}-\\x{209f}\\x{2100}-\\x{2149}\\x{1d400}-\\x{1d7ff}" \
	"\\x{f900}-\\x{faff}\\x{fb00}-\\x{fdff}\\x{fe70}-\\x{feff}\\x{ff00}-\\x{ffef}"            \
	"\\x{2f800}-\\x{2fa1f}"
#define JOINING "\\p{Arabic}\\p{Syriac}\\p{Mongolian}\\p{Nko}\\p{Mandaic}"

static const char label_text[] =
	"^(?!-)(?!..--)(?!\\p{M})(?!.*-$)"
	"(?!(?=.*[\\x{660}-\\x{669}]).*[\\x{6f0}-\\x{6f9}])"
	"(?!(?=.*\\x{30fb})(?!.*[\\p{sc:Hiragana}\\p{sc:Katakana}\\p{sc:Han}]))"
	"(?:(?![" UNSTABLE
	"])[-\\p{Ll}\\p{Lo}\\p{Lm}\\p{Mn}\\p{Mc}\\p{Nd}\\x{6fd}\\x{6fe}\\x{f0b}\\x{3007}\\x{30fb}]|"
	"(?<=l)\\x{b7}(?=l)|\\x{375}(?=\\p{sc:Greek})|(?<=\\p{sc:Hebrew})[\\x{5f3}\\x{5f4}]|"
	"(?<=[" VIRAMA "])[\\x{200c}\\x{200d}]|(?<=[" JOINING "])\\x{200c}(?=[" JOINING "]))+$";

/* RFC 5893, section 2: a name with a letter that runs to the left is written by rules. */
static const char bidi_text[] = "[\\p{bc:R}\\p{bc:AL}\\p{bc:AN}]";
static const char ordered_text[] =
	"^(?:[\\p{bc:R}\\p{bc:AL}](?!(?=.*\\p{bc:EN}).*\\p{bc:AN})"
	"(?:[\\p{bc:R}\\p{bc:AL}\\p{bc:AN}\\p{bc:EN}\\p{bc:ES}\\p{bc:CS}\\p{bc:ET}\\p{bc:ON}"
	"\\p{bc:BN}\\p{bc:NSM}]*[\\p{bc:R}\\p{bc:AL}\\p{bc:EN}\\p{bc:AN}])?\\p{bc:NSM}*|"
	"\\p{bc:L}(?:[\\p{bc:L}\\p{bc:EN}\\p{bc:ES}\\p{bc:CS}\\p{bc:ET}\\p{bc:ON}\\p{bc:BN}"
	"\\p{bc:NSM}]*[\\p{bc:L}\\p{bc:EN}])?\\p{bc:NSM}*)$";

static struct regex *label_rules, *bidi, *ordered;

static struct regex *rules(const char *text)
{
	struct err e;
	struct regex *r = regex_new(str_c(text), &e);

	if (!r)
		diag_oom(); /* our own text: nothing else can be wrong with it */
	return r;
}

static void compile(void)
{
	label_rules = rules(label_text);
	bidi = rules(bidi_text);
	ordered = rules(ordered_text);
}

static void prepare(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, compile);
}

/* ---- Punycode, RFC 3492 ---- */

enum { BASE = 36, T_MIN = 1, T_MAX = 26, SKEW = 38, DAMP = 700, BIAS = 72, FIRST = 128 };

static uint32_t adapt(uint32_t delta, uint32_t n, bool first)
{
	uint32_t k = 0;

	delta = first ? delta / DAMP : delta / 2;
	for (delta += delta / n; delta > (BASE - T_MIN) * T_MAX / 2; k += BASE)
		delta /= BASE - T_MIN;
	return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

static uint32_t threshold(uint32_t k, uint32_t bias)
{
	return k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0' + 26;
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	return c >= 'A' && c <= 'Z' ? c - 'A' : -1;
}

/* One number of variable length at ${*i}, added to ${*out}. */
static bool read_delta(struct str s, size_t *i, uint32_t bias, uint32_t *out)
{
	uint32_t w = 1, d, t;

	for (uint32_t k = BASE;; k += BASE) {
		int v = *i < s.n ? digit_value(s.p[(*i)++]) : -1;

		if (v < 0 || __builtin_mul_overflow((uint32_t)v, w, &d) ||
		    __builtin_add_overflow(*out, d, out))
			return false;
		t = threshold(k, bias);
		if ((uint32_t)v < t)
			return true;
		if (__builtin_mul_overflow(w, BASE - t, &w))
			return false;
	}
}

/* The characters of ${s}, at most LABEL_MAX as none is shorter than a byte; 0 if it is wrong. */
static size_t decode(struct str s, uint32_t out[LABEL_MAX])
{
	size_t n = 0, i = 0;
	uint32_t c = FIRST, at = 0, bias = BIAS;

	for (size_t k = 0; k < s.n; k++)
		if (s.p[k] == '-')
			i = k + 1;
	for (size_t k = 0; k + 1 < i; k++)
		out[n++] = (unsigned char)s.p[k];
	if (i == s.n)
		return 0; /* nothing but ASCII has no business here */
	while (i < s.n) {
		uint32_t before = at;

		if (!read_delta(s, &i, bias, &at))
			return 0;
		n++;
		bias = adapt(at - before, (uint32_t)n, before == 0);
		c += at / (uint32_t)n;
		at %= (uint32_t)n;
		if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000) || n > LABEL_MAX)
			return 0;
		memmove(out + at + 1, out + at, (n - 1 - at) * sizeof(*out));
		out[at++] = c;
	}
	return n;
}

static void put_digit(struct buf *b, uint32_t v)
{
	buf_char(b, (char)(v < 26 ? 'a' + v : '0' + (v - 26)));
}

static void put_delta(struct buf *b, uint32_t delta, uint32_t bias)
{
	for (uint32_t k = BASE;; k += BASE) {
		uint32_t t = threshold(k, bias);

		if (delta < t)
			break;
		put_digit(b, t + (delta - t) % (BASE - t));
		delta = (delta - t) / (BASE - t);
	}
	put_digit(b, delta);
}

/* The smallest of ${in} that is not below ${c}. */
static uint32_t next_char(const uint32_t *in, size_t n, uint32_t c)
{
	uint32_t least = UINT32_MAX;

	for (size_t i = 0; i < n; i++)
		if (in[i] >= c && in[i] < least)
			least = in[i];
	return least;
}

/* The Punycode of ${in}, at most WIDE_MAX characters: no number gets too large. */
static void encode(struct buf *b, const uint32_t *in, size_t n)
{
	uint32_t c = FIRST, delta = 0, bias = BIAS, done = 0, basic, next;

	for (size_t i = 0; i < n; i++)
		if (in[i] < FIRST) {
			buf_char(b, (char)in[i]);
			done++;
		}
	basic = done;
	if (basic > 0)
		buf_char(b, '-');
	for (; done < n; delta++, c++) {
		next = next_char(in, n, c);
		delta += (next - c) * (done + 1);
		c = next;
		for (size_t i = 0; i < n; i++) {
			delta += in[i] < c;
			if (in[i] != c)
				continue;
			put_delta(b, delta, bias);
			bias = adapt(delta, done + 1, done == basic);
			delta = 0;
			done++;
		}
	}
}

/* ---- labels ---- */

static void put_utf8(struct buf *b, uint32_t c)
{
	if (c < 0x80) {
		buf_char(b, (char)c);
	} else if (c < 0x800) {
		buf_char(b, (char)(0xc0 | c >> 6));
	} else if (c < 0x10000) {
		buf_char(b, (char)(0xe0 | c >> 12));
		buf_char(b, (char)(0x80 | (c >> 6 & 63)));
	} else {
		buf_char(b, (char)(0xf0 | c >> 18));
		buf_char(b, (char)(0x80 | (c >> 12 & 63)));
		buf_char(b, (char)(0x80 | (c >> 6 & 63)));
	}
	if (c >= 0x80)
		buf_char(b, (char)(0x80 | (c & 63)));
}

/* The characters of valid UTF-8; 0 where there are more than WIDE_MAX. */
static size_t characters(struct str s, uint32_t out[WIDE_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; n++) {
		unsigned char c = (unsigned char)s.p[i++];
		uint32_t v = c < 0x80 ? c : c < 0xe0 ? c & 31 : c < 0xf0 ? c & 15 : c & 7;

		for (; i < s.n && ((unsigned char)s.p[i] & 0xc0) == 0x80; i++)
			v = v << 6 | ((unsigned char)s.p[i] & 63);
		if (n == WIDE_MAX)
			return 0;
		out[n] = v;
	}
	return n;
}

static bool ascii(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

/* What the A-label stands for, into ${b}; false where it does not do so in the one form. */
static bool to_u_label(struct str label, struct buf *b)
{
	uint32_t text[LABEL_MAX + 1];
	struct buf again = { .max = TEXT_MAX };
	struct str tail = str_sub(label, 4, label.n);
	size_t n = label.n <= LABEL_MAX ? decode(tail, text) : 0;
	bool same;

	if (n == 0)
		return false;
	for (size_t i = 0; i < n; i++)
		put_utf8(b, text[i]);
	encode(&again, text, n);
	same = str_eq_nocase(buf_get(&again), tail);
	buf_free(&again);
	return same && !ascii(buf_get(b)) && regex_match(label_rules, buf_get(b)) == 1;
}

bool idna_a_label(struct str label)
{
	struct buf b = { .max = TEXT_MAX };
	bool ok;

	prepare();
	ok = to_u_label(label, &b) &&
	     (regex_match(bidi, buf_get(&b)) == 0 || regex_match(ordered, buf_get(&b)) == 1);
	buf_free(&b);
	return ok;
}

static bool u_label(struct str s)
{
	uint32_t text[WIDE_MAX];
	struct buf b = { .max = TEXT_MAX };
	size_t n = characters(s, text);
	bool fits;

	if (n == 0 || regex_match(label_rules, s) != 1)
		return false;
	encode(&b, text, n);
	fits = b.n + 4 <= LABEL_MAX && !b.over;
	buf_free(&b);
	return fits;
}

static bool ascii_label(struct str s)
{
	if (s.n == 0 || s.n > LABEL_MAX || s.p[0] == '-' || s.p[s.n - 1] == '-' ||
	    (s.n > 3 && s.p[2] == '-' && s.p[3] == '-'))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '-'))
			return false;
	}
	return true;
}

/* The length of the label that ${s} begins with; ${dot} that of the dot behind it, of four kinds. */
static size_t label_end(struct str s, size_t *dot)
{
	static const struct str dots[] = { STR("."), STR("\xe3\x80\x82"), STR("\xef\xbc\x8e"),
					   STR("\xef\xbd\xa1") };

	for (size_t i = 0; i < s.n; i++)
		for (size_t k = 0; k < LEN(dots); k++)
			if (str_prefix(str_sub(s, i, s.n), dots[k])) {
				*dot = dots[k].n;
				return i;
			}
	*dot = 0;
	return s.n;
}

/* Each label by itself; all of them as U-labels, with line ends between them, go into ${all}. */
static bool labels(struct str s, struct buf *all)
{
	size_t n, dot;

	for (;; s = str_sub(s, n + dot, s.n)) {
		struct str label;
		struct buf u = { .max = TEXT_MAX };
		bool ok;

		n = label_end(s, &dot);
		label = str_sub(s, 0, n);
		if (str_eq_nocase(str_sub(label, 0, 4), STR("xn--"))) {
			ok = to_u_label(label, &u);
			buf_str(all, buf_get(&u));
		} else {
			ok = ascii(label) ? ascii_label(label) : u_label(label);
			buf_str(all, label);
		}
		buf_free(&u);
		buf_char(all, '\n');
		if (!ok)
			return false;
		if (dot == 0)
			return true;
	}
}

bool idna_name(struct str name)
{
	struct buf all = { .max = TEXT_MAX };
	struct str rest;
	bool ok;

	prepare();
	ok = name.n > 0 && name.n <= WIDE_MAX && labels(name, &all) && !all.over &&
	     (!ascii(name) || name.n <= NAME_BYTES);
	if (ok && regex_match(bidi, buf_get(&all)) != 0)
		for (rest = buf_get(&all); ok && rest.n > 0;) {
			size_t n = str_find(rest, '\n');

			ok = regex_match(ordered, str_sub(rest, 0, n)) == 1;
			rest = str_sub(rest, n + 1, rest.n);
		}
	buf_free(&all);
	return ok;
}
