/* SPDX-License-Identifier: MIT */
/*
 * Signals as readable bytes: the handler writes to a pipe that is polled together with the data, so
 * there is neither a race with a flag nor a timer.  SIGTERM asks to stop, a second one kills;
 * SIGUSR1 asks for statistics.
 */
#ifndef OMNI_SIG_H
#define OMNI_SIG_H

#include <poll.h>
#include <stdbool.h>

#include "err.h"

enum {
	SIG_STOP = 1,  /* SIGTERM came */
	SIG_STATS = 2, /* SIGUSR1 came */
	SIG_LOAD = 4,  /* SIGHUP came: services, and after sig_hangup */
};

/**
 * sig_init(effects, e):
 * Catch SIGTERM and SIGUSR1.  Where the program has ${effects}, SIGPIPE and SIGXFSZ are ignored, so that a
 * closed pipe and a file that may not grow are errors of write(2); else they end the program silently, as
 * any filter.  Return 0, or -1 with FAULT_OS.
 */
int sig_init(bool effects, struct err *e);

/* After sig_init: SIGHUP is reported too, and ends the program no longer. */
void sig_hangup(void);

/**
 * sig_service(e):
 * The same for a service: it ignores SIGPIPE, takes SIGINT as SIGTERM, and SIGHUP as the wish to
 * load its configuration again.
 */
int sig_service(struct err *e);

/**
 * sig_poll(fds, n, timeout):
 * poll(2) ${n} (at most 7) descriptors and the signals for ${timeout} milliseconds, -1 for ever.
 * Return the signals that came since the last call as bits; the descriptors' revents are set (0
 * after a time-out or an interruption).
 */
int sig_poll(struct pollfd *fds, unsigned n, int timeout);

/*
 * A descriptor that is readable while a signal waits to be taken by sig_poll, for who waits for
 * something else and would give up; -1 before sig_init.
 */
int sig_fd(void);

#endif
