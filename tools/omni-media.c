/* SPDX-License-Identifier: MIT */
/* omni-media: media fetched, looked at, and made to fit the channel that they go through.  omni-media(1) */
#include "media_verbs.h"
#include "sniff.h"
#include "transcode.h"

static const struct verb verbs[] = {
	{ .stage = &stage_media_fetch },        { .stage = &stage_media_fit },
	{ .command = &command_media_probe },    { .command = &command_media_convert },
	{ .command = &command_media_channels },
};

static const struct suite suite = {
	.name = "omni-media",
	.purpose = "Fetch media, look at them, and make them fit the channel that they go through.",
	.example = "omni-route -c omni.json | omni-media -c omni.json --objects o | omni-deliver -c omni.json",
	.verbs = verbs,
	.n = LEN(verbs),
	.program = &program_media,
	.main = media_main,
};

int main(int argc, char **argv)
{
	if (argc == 1 && strcmp(argv[0], sniff_worker_name) == 0)
		return sniff_worker();
	if (argc > 2 && strcmp(argv[0], transcode_guard_name) == 0)
		return transcode_guard(argv);
	return verb_main(&suite, argc, argv);
}
