/* SPDX-License-Identifier: MIT */
/* omni-deliver: outbound messages in, the same sent out, with a record of each attempt.  omni-deliver(1) */
#include "stages.h"

int main(int argc, char **argv)
{
	return stage_main(&stage_deliver, argc, argv);
}
