/* SPDX-License-Identifier: MIT */
/* omni-ratelimit: outbound records in, the same no faster than their limits allow out.  omni-ratelimit(1) */
#include <string.h>

#include "stages.h"
#include "verb.h"

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--stat") == 0)
		return command_main(&command_ratelimit_stat, argc - 1, argv + 1);
	return stage_main(&stage_ratelimit, argc, argv);
}
