/* SPDX-License-Identifier: MIT */
/* omni-sandbox: stands in for the APIs of the carriers.  omni-sandbox(1) */
#include "commands.h"

int main(int argc, char **argv)
{
	return command_main(&command_sandbox, argc, argv);
}
