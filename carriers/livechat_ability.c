/* SPDX-License-Identifier: MIT */
/* What LiveChat sends: facts of its documentation, sizes in bytes of 1000. */
#include "ability.h"
#include "livechat.h"

static const struct ability_media files[] = {
	{ "image", NULL, 10000000 }, { "audio", NULL, 10000000 },    { "voice", NULL, 10000000 },
	{ "video", NULL, 10000000 }, { "document", NULL, 10000000 }, { NULL, NULL, 0 },
};

/* A location goes as a text with a link. */
const struct ability livechat_abilities[] = {
	{ .channel = "chat",
	  .types = ABLE_TEXT | ABLE_MEDIA | ABLE_LOCATION | ABLE_INTERACTIVE | ABLE_TEMPLATE |
		   ABLE_TYPING | ABLE_READ,
	  .text_max = 16384,
	  .measure = SMS_BYTES,
	  .media = files },
	{ .channel = NULL },
};
