/* SPDX-License-Identifier: MIT */
/* Every verb of omni-media, one line each. */
#ifndef OMNI_MEDIA_VERBS_H
#define OMNI_MEDIA_VERBS_H

#include "verb.h"

extern const struct stage stage_media_fetch;
extern const struct stage stage_media_fit;
/* Without a verb: fetch, then fit. */
extern const struct program program_media;
int media_main(int argc, char **argv);

extern const struct command command_media_probe;
extern const struct command command_media_convert;
extern const struct command command_media_channels;

#endif
