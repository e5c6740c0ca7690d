/* SPDX-License-Identifier: MIT */
/* omni-store: messages, conversations and contacts in one file, and queries on them.  omni-store(1) */
#include "stages.h"
#include "store_verbs.h"

static const struct verb verbs[] = {
	{ .stage = &stage_store_put },
	{ .command = &command_store_messages },
	{ .command = &command_store_message },
};

static const struct suite suite = {
	.name = "omni-store",
	.purpose = "Keep messages, conversations and contacts, and answer questions about them.",
	.example = "omni-store messages --from +15550123 --limit 10 | jq .text",
	.verbs = verbs,
	.n = LEN(verbs),
};

int main(int argc, char **argv)
{
	return verb_main(&suite, argc, argv);
}
