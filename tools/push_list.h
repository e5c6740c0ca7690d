/* SPDX-License-Identifier: MIT */
/* The devices that a record is for: those that it names, and those that the store knows of the people that it names. */
#ifndef OMNI_PUSH_LIST_H
#define OMNI_PUSH_LIST_H

#include "push_note.h"
#include "store_device.h"

struct push_aim {
	const struct json *party;  /* what stands for it in the record */
	const struct json *device; /* for push_device_named; NULL: the person has none */
};

struct push_list {
	struct push_aim *aims;
	size_t n, cap;
};

/**
 * push_list_read(l, r, store, e):
 * Fill ${l} from ${r}; it lives in r->arena.  ${store} may be NULL.  Return 0; -1 with FAULT_DATA: "no-devices" if there is
 * not one, "too-many-devices"; or with a fault of the store.
 */
int push_list_read(struct push_list *l, const struct rec *r, struct store *store, struct err *e);

/* Fill ${d} from ${aim}, of ${r}.  Return 0, or -1 with FAULT_DATA. */
int push_list_device(struct push_device *d, const struct push_aim *aim, const struct rec *r,
		     struct err *e);

#endif
