/* SPDX-License-Identifier: MIT */
/*
 * A process that does one thing with what strangers sent: this program started again by another name, or one that
 * lies beside it, with an environment of its own and one socket, over which packets and descriptors go.  What it
 * gives up besides, it gives up itself (lib/seal.h).
 */
#ifndef OMNI_CELL_H
#define OMNI_CELL_H

#include <sys/types.h>

#include "bytes.h"
#include "err.h"

enum {
	CELL_FD = 3,  /* the socket, in the process that was started */
	CELL_FDS = 2, /* descriptors that go with a packet, at most */
};

struct cell {
	pid_t pid; /* 0: there is none */
	int socket;
};

/**
 * cell_program(name, e):
 * Where the program ${name} lies, which is not for hands: in libexec/ beside this one, as it is built, or in
 * ../libexec/omni/, as it is installed.  PATH is not looked at.  Return owned, or NULL with FAULT_OS.
 */
char *cell_program(const char *name, struct err *e);

/**
 * cell_start(c, program, name, env, e):
 * Start the file ${program}, or this program if it is NULL, with ${name} as argv[0] and ${env} as environment; what it
 * prints is not to be seen.  Return 0, or -1 with FAULT_OS and no process.
 */
int cell_start(struct cell *c, const char *program, const char *name, char *const env[], struct err *e);

/* Kill it.  Return how it ended, as waitpid(2) has it. */
int cell_end(struct cell *c);

/**
 * cell_send(socket, packet, fds, n):
 * Send ${packet} and the ${n} descriptors ${fds}.  Return 0, or -1 with errno.
 */
int cell_send(int socket, struct str packet, const int *fds, unsigned n);

/**
 * cell_receive(socket, packet, size, fds, n):
 * Wait for a packet of ${size} bytes with ${n} descriptors.  Return 0, or -1 if anything else came, or the end.
 */
int cell_receive(int socket, void *packet, size_t size, int *fds, unsigned n);

#endif
