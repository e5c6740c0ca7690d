/* SPDX-License-Identifier: MIT */
/* What MessageBird sends: facts of its documentation, sizes in bytes of 1000. */
#include "ability.h"
#include "messagebird.h"

enum { PARTS = 9, MMS_TEXT = 2000 };

#define CHAT(name)                                                                             \
	{                                                                                      \
		.channel = (name),                                                             \
		.types = ABLE_TEXT | ABLE_MEDIA | ABLE_LOCATION | ABLE_INTERACTIVE, .files = 1 \
	}

const struct ability messagebird_abilities[] = {
	{ .channel = "sms", .types = ABLE_TEXT, .text_max = PARTS * 153, .measure = SMS_SEPTETS },
	{ .channel = "mms",
	  .types = ABLE_TEXT | ABLE_MEDIA,
	  .text_max = MMS_TEXT,
	  .measure = SMS_CHARACTERS,
	  .files = 10,
	  .total_max = 1000000 },
	{ .channel = "whatsapp",
	  .types = ABLE_TEXT | ABLE_MEDIA | ABLE_LOCATION | ABLE_INTERACTIVE | ABLE_TEMPLATE,
	  .text_max = 4096,
	  .measure = SMS_UTF16,
	  .files = 1,
	  .media = ability_whatsapp },
	CHAT("telegram"),
	CHAT("messenger"),
	CHAT("line"),
	CHAT("viber"),
	CHAT("instagram"),
	{ .channel = NULL },
};
