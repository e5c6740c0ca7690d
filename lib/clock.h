/* SPDX-License-Identifier: MIT */
/*
 * Time as the records have it: RFC 3339 in UTC with milliseconds, "2026-01-14T09:00:00.000Z".
 * Pure stages never ask for the time; who does, asks here, so that OMNI_CLOCK can set it.
 */
#ifndef OMNI_CLOCK_H
#define OMNI_CLOCK_H

#include "arena.h"
#include "err.h"

enum { CLOCK_TEXT = 24 }; /* characters of a formatted time */

#define CLOCK_SPAN_MAX (INT64_C(36525) * 86400000) /* a century: no sum of instants overflows */

/**
 * clock_init(e):
 * Read OMNI_CLOCK.  A time: the clock stands still there.  "+1h", "-90s": it goes, so much ahead or
 * behind.  A speed behind either or alone: "2026-01-14T09:00:00Z x1" goes from there on, "x60" makes
 * of each second a minute, from the start of the program on; "@2026-01-14T09:00:00Z x60" from that real time on, so
 * that all programs which are told so have one time, whenever they start.  Return 0, or -1 with FAULT_CONFIG if it
 * is none of these.
 */
int clock_init(struct err *e);

/* Milliseconds since 1970: now, or what OMNI_CLOCK says. */
int64_t clock_now(void);

/* The same in nanoseconds. */
int64_t clock_now_ns(void);

/*
 * How many real nanoseconds pass while clock_now_ns goes ${ns} ahead: at least 1; -1 for ever, as OMNI_CLOCK
 * stands still.
 */
int64_t clock_real_ns(int64_t ns);

/*
 * Milliseconds that are those of clock_now at clock_init and go on as fast as it does, or stand still with it, but do
 * not jump when somebody sets the clock of the machine: for waiting, and never to be written down.
 */
int64_t clock_steady(void);

/* Milliseconds of a clock that never jumps, for measuring; and microseconds. */
int64_t clock_mono(void);
int64_t clock_mono_us(void);

/*
 * Write ${ms} as text, NUL-terminated. Years 0000 to 9999; what lies outside is shown as the
 * nearest of them.
 */
void clock_format(char out[CLOCK_TEXT + 1], int64_t ms);

/**
 * clock_parse(s, ms):
 * Read an RFC 3339 time, any offset, any number of decimals (cut to milliseconds), "T" or a space
 * between date and time.  Return 0, or -1 if ${s} is not a time that exists.
 */
int clock_parse(struct str s, int64_t *ms);

/**
 * clock_span(s, ms):
 * Read a time span: numbers with the units ms, s, m, h, d, w, the largest first ("1h30m"), or "0".
 * Return 0, or -1 if ${s} is none, or longer than CLOCK_SPAN_MAX.
 */
int clock_span(struct str s, int64_t *ms);

/* ${ms} as text; lives in ${a}. */
struct str clock_text(struct arena *a, int64_t ms);

/* The time that clock_parse reads in ${s}, as the records have it; {NULL, 0} if there is none. */
struct str clock_utc(struct arena *a, struct str s);

#endif
