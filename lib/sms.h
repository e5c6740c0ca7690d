/* SPDX-License-Identifier: MIT */
/*
 * Texts as short messages: in which encoding they go, how many parts they take (3GPP TS 23.038 and
 * 23.040), and where a text is cut for those who do not cut it themselves.
 *
 * Texts are UTF-8.  They are taken as they are: who wants decomposed letters to count for one has them
 * composed before (lib/nfc).
 */
#ifndef OMNI_SMS_H
#define OMNI_SMS_H

#include "bytes.h"

enum sms_encoding {
	SMS_GSM7, /* septets: 160 in one message, 153 in each of several */
	SMS_UCS2, /* units of UTF-16: 70, or 67 in each of several */
};

struct sms_plan {
	enum sms_encoding encoding;
	size_t units;  /* septets, or units of UTF-16 */
	size_t parts;  /* how many messages: at least 1 */
	unsigned room; /* units that still fit into the last one */
	bool joined; /* there are several: each gives up 6 octets for the header that joins them */
	size_t stranger; /* the byte where the first character begins that GSM 7-bit has not, or text.n */
	size_t strangers; /* how many characters are such: any makes it UCS-2 */
};

/**
 * sms_plan(text, p):
 * Say in ${p} how ${text} goes: no pair of septets (an escape) and no surrogate pair is divided, so
 * there can be more parts than the length alone asks for.
 */
void sms_plan(struct str text, struct sms_plan *p);

/* "gsm7", "ucs2". */
const char *sms_encoding_name(enum sms_encoding encoding);

/**
 * sms_smart(text, out):
 * Append ${text} to ${out} with what looks almost the same in GSM 7-bit in place of typographic quotes,
 * dashes, spaces, bullets and ellipses, and without invisible characters.  It can not be undone.  Return
 * true if anything was replaced.
 */
bool sms_smart(struct str text, struct buf *out);

/* What the length of a text is counted in: each API has its own. */
enum sms_measure {
	SMS_SEPTETS, /* what GSM 7-bit has not counts for one */
	SMS_UTF16,
	SMS_CHARACTERS, /* code points */
	SMS_BYTES,      /* of UTF-8 */
};

size_t sms_length(struct str text, enum sms_measure measure);

enum {
	SMS_SPACE_UNITS = 20, /* so near the end of a part a space is a better place to cut */
	SMS_SPACE_PARTS = 64, /* in a longer text no space is looked for: that would take too long */
};

/**
 * sms_cut(text, room, measure):
 * Return the start of ${text} that goes into a part with ${room}: all of it, or as much as fits, or up
 * to a space near the end of that if it does not cost another part.  It does not end inside a
 * character, nor, unless that alone is too long, between a character and what modifies it: combining
 * marks, joined and coloured emoji, flags.  It is never empty if ${text} is not; all parts together
 * are ${text}.
 */
struct str sms_cut(struct str text, size_t room, enum sms_measure measure);

#endif
