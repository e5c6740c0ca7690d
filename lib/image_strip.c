/* SPDX-License-Identifier: MIT */
#include "image_strip.h"

enum { /* ITU T.81, table B.1 */
       SOF0 = 0xc0,
       SOF1 = 0xc1,
       DHT = 0xc4,
       RST0 = 0xd0,
       RST7 = 0xd7,
       SOI = 0xd8,
       EOI = 0xd9,
       SOS = 0xda,
       DQT = 0xdb,
       DRI = 0xdd,
       APP0 = 0xe0,
       APP14 = 0xee,
       APP15 = 0xef,
       COM = 0xfe,
};

enum { JFIF = 14, ADOBE = 12 }; /* bytes of their segments, without thumbnail */

static unsigned byte(struct str s, size_t i)
{
	return (unsigned char)s.p[i];
}

/* The end of the coded pixels that begin at ${i}: a marker other than those among them, or the end of ${s}. */
static size_t scan_end(struct str s, size_t i)
{
	for (; i + 1 < s.n; i++)
		if (byte(s, i) == 0xff && byte(s, i + 1) != 0 &&
		    (byte(s, i + 1) < RST0 || byte(s, i + 1) > RST7))
			return i;
	return s.n;
}

static void put_segment(struct buf *b, unsigned marker, struct str segment)
{
	buf_char(b, (char)0xff);
	buf_char(b, (char)marker);
	buf_char(b, (char)((segment.n + 2) >> 8));
	buf_char(b, (char)((segment.n + 2) & 0xff));
	buf_str(b, segment);
}

/* Of what programs add to a JPEG only this is kept: density, without its thumbnail, and how colours are coded. */
static void put_application(struct buf *b, unsigned marker, struct str segment)
{
	if (marker == APP0 && segment.n >= JFIF && str_prefix(segment, (struct str){ "JFIF", 5 })) {
		put_segment(b, APP0, str_sub(segment, 0, JFIF));
		b->p[b->n - 1] = b->p[b->n - 2] = '\0';
	} else if (marker == APP14 && segment.n == ADOBE && str_prefix(segment, STR("Adobe"))) {
		put_segment(b, marker, segment);
	}
}

/* Take over the segment ${marker}.  False if it is none that belongs there. */
static bool take(struct buf *b, unsigned marker, struct str segment)
{
	switch (marker) {
	case SOF0:
	case SOF1:
	case DHT:
	case SOS:
	case DQT:
	case DRI:
		put_segment(b, marker, segment);
		return true;
	case COM:
		return true;
	default:
		put_application(b, marker, segment);
		return marker >= APP0 && marker <= APP15;
	}
}

bool image_strip(struct str s, struct buf *b)
{
	size_t i = 2, end;
	bool scanned = false;

	if (s.n < 4 || byte(s, 0) != 0xff || byte(s, 1) != SOI)
		return false;
	buf_str(b, str_sub(s, 0, 2));
	while (i + 4 <= s.n && byte(s, i) == 0xff && byte(s, i + 1) != EOI) {
		unsigned marker = byte(s, i + 1);
		size_t n = byte(s, i + 2) << 8 | byte(s, i + 3);

		if (marker == 0xff) { /* any number of these may stand before a marker */
			i++;
			continue;
		}
		if (n < 2 || n > s.n - i - 2 || !take(b, marker, str_sub(s, i + 4, n - 2)))
			return false;
		i += 2 + n;
		if (marker != SOS)
			continue;
		end = scan_end(s, i);
		buf_str(b, str_sub(s, i, end - i));
		scanned = true;
		i = end;
	}
	if (!scanned || i + 2 > s.n || byte(s, i) != 0xff || byte(s, i + 1) != EOI)
		return false;
	buf_str(b, str_sub(s, i, 2));
	return !b->over;
}
