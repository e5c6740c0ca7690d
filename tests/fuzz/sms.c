/* SPDX-License-Identifier: MIT */
/*
 * Any text is planned and cut: the first byte is the room, the second the measure.  Parts together are the text, none
 * is longer than the room if it holds more than one character, and none but UTF-8 if the text is.
 */
#include <stdlib.h>

#include "sms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int held)
{
	if (!held)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf out = { .max = SIZE_MAX };
	struct str text, rest;
	struct sms_plan p;
	enum sms_measure m;

	if (size < 2)
		return 0;
	m = (enum sms_measure)(data[1] % 4);
	text = (struct str){ (const char *)data + 2, size - 2 };
	sms_plan(text, &p);
	check(p.parts >= 1 && p.parts <= text.n + 1 && p.units <= 2 * text.n && p.stranger <= text.n);
	check((p.strangers > 0) == (p.encoding == SMS_UCS2));
	if (!sms_smart(text, &out))
		check(str_eq(buf_get(&out), text));
	buf_free(&out);
	for (rest = text; rest.n > 0;) {
		size_t room = data[0] + 1u;
		struct str part = sms_cut(rest, room, m);

		check(part.n > 0 && part.p == rest.p && part.n <= rest.n);
		check(sms_length(part, m) <= room || sms_length(part, SMS_CHARACTERS) == 1);
		check(!str_utf8(text) || str_utf8(part));
		rest = str_sub(rest, part.n, rest.n);
	}
	return 0;
}
