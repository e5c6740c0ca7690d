/* SPDX-License-Identifier: MIT */
/* omni-pipe: several pure stages in one process, the bytes of the pipe.  omni-pipe(1) */
#include "pipe.h"

int main(int argc, char **argv)
{
	return pipe_main(argc, argv);
}
