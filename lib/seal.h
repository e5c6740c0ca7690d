/* SPDX-License-Identifier: MIT */
/*
 * The door to libseccomp: a process that reads hostile bytes gives away what it does not need for that, for
 * good, before it reads the first.
 */
#ifndef OMNI_SEAL_H
#define OMNI_SEAL_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct seal_limits {
	size_t memory;        /* bytes of address space beyond what the process has now */
	unsigned seconds;     /* of processor time, beyond what it has used; 0: no limit */
	size_t file;          /* bytes of a file that it writes */
	unsigned descriptors; /* 0: no limit */
};

enum seal_calls {
	SEAL_COMPUTE, /* memory, threads, and the descriptors that it has: no files, no network, no processes */
	SEAL_OFFLINE, /* everything but the network, other processes and the machine: survives execve(2) */
};

/**
 * seal_limit(l, e):
 * Set the limits; they hold for processes started from here, too, with what this one had.  No core is dumped.  Return
 * 0, or -1 with FAULT_OS.
 */
int seal_limit(const struct seal_limits *l, struct err *e);

/**
 * seal_close(from, e):
 * Close all descriptors from ${from} on.  Return 0, or -1 with FAULT_OS.
 */
int seal_close(unsigned from, struct err *e);

/**
 * seal_calls(which, e):
 * From now on all other system calls fail with EPERM, in all threads that are started from here.  Return 0, or -1 with
 * FAULT_OS.
 */
int seal_calls(enum seal_calls which, struct err *e);

#endif
