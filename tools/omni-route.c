/* SPDX-License-Identifier: MIT */
/* omni-route: canonical records in, the same with their destinations out.  omni-route(1) */
#include "stages.h"

int main(int argc, char **argv)
{
	return stage_main(&stage_route, argc, argv);
}
