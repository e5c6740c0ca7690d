/* SPDX-License-Identifier: MIT */
/* What MessageBird sends: facts of its documentation, sizes in bytes of 1000. */
#include "ability.h"
#include "messagebird.h"

static const char *const images[] = { "image/jpeg", "image/png", NULL };
static const char *const audios[] = { "audio/aac", "audio/amr", "audio/mpeg",
				      "audio/mp4", "audio/ogg", NULL };
static const char *const videos[] = { "video/mp4", "video/3gpp", NULL };
static const char *const stickers[] = { "image/webp", NULL };

static const struct ability_media platform[] = {
	{ "image", images, 5000000 },
	{ "audio", audios, 16000000 },
	{ "voice", audios, 16000000 },
	{ "video", videos, 16000000 },
	{ "document", NULL, 100000000 },
	{ "sticker", stickers, 500000 },
	{ NULL, NULL, 0 },
};

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
	  .media = platform },
	CHAT("telegram"),
	CHAT("messenger"),
	CHAT("line"),
	CHAT("viber"),
	CHAT("instagram"),
	{ .channel = NULL },
};
