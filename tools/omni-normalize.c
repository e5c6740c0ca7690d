/* SPDX-License-Identifier: MIT */
/* omni-normalize(1) */
#include "stages.h"

int main(int argc, char **argv)
{
	return stage_main(&stage_normalize, argc, argv);
}
