/* SPDX-License-Identifier: MIT */
/*
 * Time zones of the IANA data base, as tzdata installs them (TZif, RFC 9636): what the clocks of a place
 * show, for any place at once, which the time functions of libc can not say in several threads.
 */
#ifndef OMNI_ZONE_H
#define OMNI_ZONE_H

#include "arena.h"
#include "err.h"

struct zone; /* belongs to one thread */

/**
 * zone_open(name, a, e):
 * Read the zone ${name} ("Europe/Lisbon") from TZDIR, else /usr/share/zoneinfo.  Return it, living in
 * ${a}, or NULL with FAULT_CONFIG.
 */
struct zone *zone_open(struct str name, struct arena *a, struct err *e);

/* The same from the content of its file; ${name} is for messages. */
struct zone *zone_read(struct str tzif, struct str name, struct arena *a, struct err *e);

/* Seconds that the clocks of ${z} are ahead of UTC at ${ms} since 1970. */
int64_t zone_offset(struct zone *z, int64_t ms);

#endif
