/* SPDX-License-Identifier: MIT */
/*
 * The devices of a person that can be notified.  What is kept of each token are the last registration, the last time at
 * which it was gone, and where it moved to last; which devices there are follows from that when somebody asks.  So
 * events may come in any order, and again.
 */
#ifndef OMNI_STORE_DEVICE_H
#define OMNI_STORE_DEVICE_H

#include "store_query.h"

/**
 * store_devices(s, address, max, a, out, n, e):
 * The devices of ${address}, those registered last first, at most ${max}: ${n} subscriptions (omni-record(5)) as JSON, with
 * what encrypts for them, in ${a}.  Return 0 or -1.
 */
int store_devices(struct store *s, struct str address, size_t max, struct arena *a,
		  struct str **out, size_t *n, struct err *e);

/* The same as lines, all of them and without what encrypts.  Return 1, 0 if there is none, or -1. */
int store_devices_shown(struct store *s, struct str address, const struct store_sink *to, struct err *e);

#endif
