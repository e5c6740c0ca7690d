/* SPDX-License-Identifier: MIT */
/*
 * Why a carrier could not deliver: what its error codes mean, in classes that say what to do about
 * them (error.class of omni-record(5)).
 */
#ifndef OMNI_CAUSE_H
#define OMNI_CAUSE_H

#include "bytes.h"

#define CAUSE_PERMANENT   "permanent"   /* the same message will fail again */
#define CAUSE_TEMP        "temp"        /* could work later */
#define CAUSE_THROTTLED   "throttled"   /* could work later, and slower */
#define CAUSE_CREDENTIALS "credentials" /* none passes until somebody repairs the account */
#define CAUSE_OPTED_OUT   "opted-out"   /* the person does not want it */
#define CAUSE_UNKNOWN     "unknown"

struct cause {
	int64_t code;
	const char *class; /* one of the above */
	const char *text;  /* what the code says, or NULL */
};

/* The entry of ${code} among the ${n} of ${table}, which ascend by code; NULL if there is none. */
const struct cause *cause_find(const struct cause *table, size_t n, int64_t code);

#endif
