/* SPDX-License-Identifier: MIT */
/* What Twilio sends: facts of its documentation, sizes in bytes of 1000. */
#include "ability.h"
#include "twilio.h"

static const char *const images[] = { "image/jpeg", "image/png", NULL };
static const char *const audios[] = { "audio/aac", "audio/amr", "audio/mpeg",
				      "audio/mp4", "audio/ogg", NULL };
static const char *const videos[] = { "video/mp4", "video/3gpp", NULL };
static const char *const stickers[] = { "image/webp", NULL };

static const struct ability_media mms[] = {
	{ "image", NULL, 5000000 }, { "audio", NULL, 5000000 },    { "voice", NULL, 5000000 },
	{ "video", NULL, 5000000 }, { "document", NULL, 5000000 }, { NULL, NULL, 0 },
};
static const struct ability_media whatsapp[] = {
	{ "image", images, 5000000 },
	{ "audio", audios, 16000000 },
	{ "voice", audios, 16000000 },
	{ "video", videos, 16000000 },
	{ "document", NULL, 16000000 },
	{ "sticker", stickers, 500000 },
	{ NULL, NULL, 0 },
};

enum { TEXT_MAX = 1600 };

const struct ability twilio_abilities[] = {
	{ .channel = "sms", .types = ABLE_TEXT | ABLE_TEMPLATE, .text_max = TEXT_MAX, .measure = SMS_CHARACTERS },
	{ .channel = "mms",
	  .types = ABLE_TEXT | ABLE_MEDIA | ABLE_TEMPLATE,
	  .text_max = TEXT_MAX,
	  .measure = SMS_CHARACTERS,
	  .files = 10,
	  .total_max = 5000000,
	  .media = mms },
	{ .channel = "whatsapp",
	  .types = ABLE_TEXT | ABLE_MEDIA | ABLE_LOCATION | ABLE_TEMPLATE | ABLE_TYPING | ABLE_READ,
	  .text_max = TEXT_MAX,
	  .measure = SMS_CHARACTERS,
	  .files = 1,
	  .total_max = 16000000,
	  .media = whatsapp },
	{ .channel = "rcs",
	  .types = ABLE_TEXT | ABLE_MEDIA | ABLE_TEMPLATE,
	  .text_max = TEXT_MAX,
	  .measure = SMS_CHARACTERS,
	  .files = 1,
	  .total_max = 16000000 },
	{ .channel = NULL },
};
