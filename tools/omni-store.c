/* SPDX-License-Identifier: MIT */
/* omni-store: messages, conversations and contacts in one file, and queries on them.  omni-store(1) */
#include "stages.h"
#include "store_verbs.h"

static const struct verb verbs[] = {
	{ .stage = &stage_store_put },
	{ .command = &command_store_messages },
	{ .command = &command_store_message },
	{ .command = &command_store_conversations },
	{ .command = &command_store_conversation },
	{ .command = &command_store_contacts },
	{ .command = &command_store_contact },
	{ .command = &command_store_devices },
	{ .command = &command_store_search },
	{ .command = &command_store_changes },
	{ .stage = &stage_store_ack },
	{ .command = &command_store_stat },
	{ .command = &command_store_prune },
	{ .command = &command_store_erase },
	{ .command = &command_store_backup },
	{ .command = &command_store_check },
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
