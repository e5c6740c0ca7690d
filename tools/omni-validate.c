/* SPDX-License-Identifier: MIT */
/* omni-validate(1) */
#include "stages.h"

int main(int argc, char **argv)
{
	return stage_main(&stage_validate, argc, argv);
}
