/* SPDX-License-Identifier: MIT */
/* omni-queue: durable queues: put, take, settle, and what to do with dead letters.  omni-queue(1) */
#include "commands.h"
#include "stages.h"

static const struct verb verbs[] = {
	{ .stage = &stage_queue_put },         { .command = &command_queue_take },
	{ .stage = &stage_queue_settle },      { .stage = &stage_queue_extend },
	{ .command = &command_queue_stat },    { .command = &command_queue_dead },
	{ .command = &command_queue_redrive }, { .command = &command_queue_purge },
};

static const struct suite suite = {
	.name = "omni-queue",
	.purpose = "Records wait on the disk until they are settled.",
	.example = "omni-queue take inbound --follow | omni-normalize | omni-queue settle inbound",
	.verbs = verbs,
	.n = sizeof(verbs) / sizeof(verbs[0]),
};

int main(int argc, char **argv)
{
	return verb_main(&suite, argc, argv);
}
