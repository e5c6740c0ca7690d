/* SPDX-License-Identifier: MIT */
/* omni-archive: records kept in files that can be searched, checked and trusted.  omni-archive(1) */
#include "archive_verbs.h"

/* clang-format off */
static const struct verb verbs[] = {
	{ .stage = &stage_archive_write },
	{ .command = &archive_list },
	{ .command = &archive_cat },
	{ .command = &archive_get },
	{ .command = &archive_verify },
	{ .command = &archive_recover_verb },
	{ .command = &archive_compact },
	{ .command = &archive_export },
	{ .command = &archive_import },
	{ .command = &archive_prune },
};
/* clang-format on */

static const struct suite suite = {
	.name = "omni-archive",
	.purpose = "Keep records in compressed, indexed files, and find them again.",
	.example = "omni-recv | omni-archive write -s webhooks | omni-validate | omni-normalize",
	.verbs = verbs,
	.n = LEN(verbs),
};

int main(int argc, char **argv)
{
	return verb_main(&suite, argc, argv);
}
