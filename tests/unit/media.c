/* SPDX-License-Identifier: MIT */
#include "media.h"

#include "unit.h"

static void types_go_by_their_names_without_parameters(void)
{
	CHECK(media_type_named(STR("Audio/OGG; codecs=opus"))->kind == MEDIA_AUDIO);
	CHECK(media_type_named(STR("text/x-python")) == NULL);
	CHECK(media_kind_named(STR("sticker")) == MEDIA_STICKER);
	CHECK(media_kind_named(STR("gif")) == MEDIA_KINDS);
}

UNIT_MAIN(UNIT(types_go_by_their_names_without_parameters))
