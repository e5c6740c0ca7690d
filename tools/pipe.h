/* SPDX-License-Identifier: MIT */
/* omni-pipe: a chain of pure stages in one process. */
#ifndef OMNI_PIPE_H
#define OMNI_PIPE_H

int pipe_main(int argc, char **argv);

#endif
