/* SPDX-License-Identifier: MIT */
/* What Inteliquent sends: facts of its documentation, sizes in bytes of 1000. */
#include "ability.h"
#include "inteliquent.h"

static const char *const images[] = { "image/jpeg", "image/png", "image/gif", NULL };
static const char *const sounds[] = { "audio/amr", "audio/mpeg", NULL };
static const char *const films[] = { "video/mp4", "video/3gpp", NULL };
static const char *const cards[] = { "text/vcard", "text/x-vcard", NULL };

static const struct ability_media mms[] = {
	{ "image", images, 1000000 }, { "audio", sounds, 1000000 },   { "voice", sounds, 1000000 },
	{ "video", films, 1000000 },  { "document", cards, 1000000 }, { NULL, NULL, 0 },
};

const struct ability inteliquent_abilities[] = {
	{ .channel = "sms", .types = ABLE_TEXT, .text_max = 1600, .measure = SMS_CHARACTERS },
	{ .channel = "mms",
	  .types = ABLE_TEXT | ABLE_MEDIA,
	  .text_max = 1600,
	  .measure = SMS_CHARACTERS,
	  .recipients = 10,
	  .files = 10,
	  .total_max = 1000000,
	  .media = mms },
	{ .channel = NULL },
};
