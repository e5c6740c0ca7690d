/* SPDX-License-Identifier: MIT */
/* omni-replay: records once more, from archives, files or standard input.  omni-replay(1) */
#include "replay.h"

int main(int argc, char **argv)
{
	return replay_main(argc, argv);
}
