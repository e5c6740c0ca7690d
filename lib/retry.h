/* SPDX-License-Identifier: MIT */
/* When a server asks to be asked again: the header Retry-After (RFC 9110, 10.2.3). */
#ifndef OMNI_RETRY_H
#define OMNI_RETRY_H

#include "bytes.h"

#define RETRY_AFTER_MAX_MS \
	(INT64_C(7) * 86400000) /* what a server may ask for: more is taken for so much */

/**
 * retry_after(value, now):
 * Return the instant (milliseconds since 1970) that ${value} names, seconds from ${now} or a date in any of the three
 * forms of HTTP; not before ${now}, and no later than RETRY_AFTER_MAX_MS behind it.  -1 if it names none.
 */
int64_t retry_after(struct str value, int64_t now);

#endif
