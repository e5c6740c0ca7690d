/* SPDX-License-Identifier: MIT */
/*
 * The only writer to standard error: "omni-route: line 3: message", one line each, control
 * characters of foreign text shown as \xNN so that a log can not be forged.
 */
#ifndef OMNI_DIAG_H
#define OMNI_DIAG_H

#include <stdbool.h>

struct err;

/**
 * diag_init(name):
 * Use ${name} ("omni-route") in front of each line; borrows it for ever.  Make sure that
 * descriptors 0 to 2 are open, so that no file that is opened later becomes standard error.
 */
void diag_init(const char *name);

/**
 * diag_quiet(on):
 * Suppress diag_warn while ${on}; errors, and what was asked for, are always shown.
 */
void diag_quiet(bool on);

/* An error that ends the program or loses part of its work. */
void diag_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Something an operator should look at. */
void diag_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A line that was asked for: statistics. */
void diag_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/**
 * diag_fail(e):
 * Show the text of ${e} as an error and return its exit code.
 */
int diag_fail(const struct err *e);

/**
 * diag_oom():
 * Out of memory: say so and leave with EXIT_OS.  Nothing that is half done has been acknowledged,
 * so ending here loses nothing; it is what lets allocation never fail for its callers.
 */
_Noreturn void diag_oom(void);

#endif
