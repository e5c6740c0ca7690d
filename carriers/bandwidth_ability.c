/* SPDX-License-Identifier: MIT */
/* What Bandwidth sends: facts of its documentation, sizes in bytes of 1000. */
#include "ability.h"
#include "bandwidth.h"

static const struct ability_media mms[] = {
	{ "image", NULL, 3500000 }, { "audio", NULL, 3500000 },    { "voice", NULL, 3500000 },
	{ "video", NULL, 3500000 }, { "document", NULL, 3500000 }, { NULL, NULL, 0 },
};

const struct ability bandwidth_abilities[] = {
	{ .channel = "sms", .types = ABLE_TEXT | ABLE_TEMPLATE, .text_max = 2048, .measure = SMS_CHARACTERS },
	{ .channel = "mms",
	  .types = ABLE_TEXT | ABLE_MEDIA,
	  .text_max = 2048,
	  .measure = SMS_CHARACTERS,
	  .recipients = 10,
	  .files = 10,
	  .media = mms },
	{ .channel = "rcs",
	  .types = ABLE_TEXT | ABLE_MEDIA | ABLE_INTERACTIVE | ABLE_LOCATION | ABLE_TEMPLATE,
	  .text_max = 2048,
	  .measure = SMS_CHARACTERS,
	  .files = 1 },
	{ .channel = NULL },
};
