/* SPDX-License-Identifier: MIT */
/*
 * Failure, in one vocabulary.  A fault says what to do about it: divert the record, try it again
 * later, or stop.  Library code fills a struct err and returns -1; only lib/diag prints.
 */
#ifndef OMNI_ERR_H
#define OMNI_ERR_H

#include <stdint.h>

enum fault {
	FAULT_NONE,
	FAULT_DATA,   /* the record is malformed, or nothing here knows it: reject class "data" */
	FAULT_DENIED, /* the record may not pass: forged, opted out, policy: class "denied" */
	FAULT_DUPLICATE, /* seen before: class "duplicate" */
	FAULT_TEMP,      /* could work later: class "temp" */
	FAULT_AWAY,      /* a store, queue or carrier can not be had now: end, and run again */
	FAULT_OS,        /* memory, descriptors, threads */
	FAULT_IO,        /* reading input or writing output failed */
	FAULT_CONFIG,    /* configuration, schema or secret unusable */
	FAULT_USAGE,     /* called with wrong arguments */
};

/* Exit codes of every program: sysexits(3), as omni(7) lists them. */
enum {
	EXIT_OK = 0,
	EXIT_REJECTED = 1, /* ran to the end, at least one record was rejected by this program */
	EXIT_USAGE = 64,
	EXIT_DATA = 65, /* first reject under --strict, or input that can not be read as it claims to be */
	EXIT_OS = 71,
	EXIT_IO = 74,
	EXIT_TEMP = 75,
	EXIT_CONFIG = 78,
};

struct err {
	enum fault fault;
	const char *code; /* one word for programs, "signature-mismatch"; static */
	int64_t retry_ms; /* FAULT_TEMP: not before this instant (a reject's `retry_at`); 0: it is not known */
	char text[480]; /* one sentence for people, no trailing dot; never a secret */
};

/**
 * err_set(e, fault, code, fmt, ...):
 * Fill ${e}, with retry_ms 0; a text that is too long is cut.  Return -1, so that a caller can return it.
 */
int err_set(struct err *e, enum fault fault, const char *code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/**
 * err_hint(e, fmt, ...):
 * Append "; " and a further remark to the text of ${e}: a likely cause, what to do.
 */
void err_hint(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/**
 * err_exit(e):
 * Return the exit code that stands for the fault of ${e}.
 */
int err_exit(const struct err *e);

/**
 * fault_class(fault):
 * Return the class of a reject: "data", "denied", "duplicate" or "temp"; NULL if ${fault} is not a
 * record's.
 */
const char *fault_class(enum fault fault);

#endif
