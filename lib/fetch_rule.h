/* SPDX-License-Identifier: MIT */
/* What is true of a request whichever door it goes through, lib/fetch or lib/h2. */
#ifndef OMNI_FETCH_RULE_H
#define OMNI_FETCH_RULE_H

#include <stdarg.h>

#include "fetch.h"

/**
 * fetch_rule_check(x, host):
 * See that method and headers of ${x} are ones that HTTP can have.  Return 0, or -1 with the end of ${x} set.
 */
int fetch_rule_check(struct fetch_request *x, struct str host);

/* ${x} begins, maybe anew: nothing is known of its answer. */
void fetch_rule_begin(struct fetch_request *x);

/* Set the end of ${x} and a text that begins with ${host}, if that can be shown. */
void fetch_rule_end(struct fetch_request *x, enum fetch_end end, struct str host, const char *fmt,
		    va_list ap) __attribute__((format(printf, 4, 0)));

#endif
