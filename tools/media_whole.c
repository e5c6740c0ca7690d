/* SPDX-License-Identifier: MIT */
/* Fetching and fitting in one process: the bytes of the pipe. */
#include "media_verbs.h"

static const struct opt opts[] = {
	{ "objects", 0, "DIR", "keep files in DIR, by what is in them", false },
	{ "files", 0, "DIR", "files below DIR may be sent", true },
	{ "trust", 0, "URL", "hosts of these URLs need not be public", true },
	{ "max-size", 0, "SIZE", "largest file (default 100M)", false },
	{ "at-once", 0, "N", "requests in flight (default 64)", false },
	{ "ca", 0, "FILE", "trust the certificates in FILE instead of the system's", false },
	{ "jobs", 'j', "N", "work on N files at once (default 1)", false },
	{ "dry-run", 'n', NULL, "do nothing: say what would be done", false },
	{ NULL, 0, NULL, NULL, false },
};

const struct program program_media = {
	.name = "omni-media",
	.purpose = "Fetch the media of messages and make them fit the channels that they go through.",
	.operands = "[FILE...]",
	.opts = opts,
};

int media_main(int argc, char **argv)
{
	static const struct stage *const stages[] = { &stage_media_fetch, &stage_media_fit };

	return stage_chain_main(&program_media, stages, LEN(stages), argc, argv);
}
