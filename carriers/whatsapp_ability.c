/* SPDX-License-Identifier: MIT */
/* What WhatsApp sends: facts of its documentation, sizes in bytes of 1000. */
#include "ability.h"
#include "whatsapp.h"

static const char *const images[] = { "image/jpeg", "image/png", NULL };
static const char *const audios[] = { "audio/aac", "audio/amr", "audio/mpeg",
				      "audio/mp4", "audio/ogg", NULL };
static const char *const videos[] = { "video/mp4", "video/3gpp", NULL };
static const char *const stickers[] = { "image/webp", NULL };

const struct ability_media ability_whatsapp[] = {
	{ "image", images, 5000000 },
	{ "audio", audios, 16000000 },
	{ "voice", audios, 16000000 },
	{ "video", videos, 16000000 },
	{ "document", NULL, 100000000 },
	{ "sticker", stickers, 500000 },
	{ NULL, NULL, 0 },
};

/* How characters beyond the BMP are counted is not documented: units of UTF-16 are the most that it can be. */
const struct ability whatsapp_abilities[] = {
	{ .channel = "whatsapp",
	  .types = ABLE_TEXT | ABLE_MEDIA | ABLE_LOCATION | ABLE_CONTACTS | ABLE_INTERACTIVE |
		   ABLE_REACTION | ABLE_TEMPLATE | ABLE_TYPING | ABLE_READ,
	  .text_max = 4096,
	  .measure = SMS_UTF16,
	  .files = 1,
	  .media = ability_whatsapp },
	{ .channel = NULL },
};
