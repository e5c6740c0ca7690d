/* SPDX-License-Identifier: MIT */
#include "recv.h"

#include "clock.h"

enum { BATCH = 256 }; /* records of 1 KiB in a block of output */

int recv_queue_place(const struct args *a, struct queue_place *place, struct err *e)
{
	*place = (struct queue_place){ .dir = opt_value(a, "dir"), .create = true };
	return opt_size(a, "max-size", 1, INT64_MAX, &place->max_bytes, e);
}

static int put(struct queue *q, struct queue_item *items, size_t n, struct err *e)
{
	if (queue_put(q, items, n, clock_now(), e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		enum queue_result r = items[i].result;

		if (r == QUEUE_BIG || r == QUEUE_BAD)
			return err_set(e, FAULT_DATA, "queue-refused",
				       "%s: the queue takes no record of %zu bytes", queue_name(q),
				       items[i].line.n);
		if (r != QUEUE_OK && r != QUEUE_DUP)
			return err_set(e, FAULT_AWAY, "queue-full", "%s: the queue %s", queue_name(q),
				       r == QUEUE_FULL ? "is full" : "can not take records now");
	}
	return 0;
}

int recv_queue_put(struct queue *q, struct str lines, struct err *e)
{
	struct queue_item items[BATCH];

	while (lines.n > 0) {
		size_t n = 0;

		for (; n < BATCH && lines.n > 0; n++) {
			size_t end = str_find(lines, '\n');

			items[n] = (struct queue_item){ .line = str_sub(lines, 0, end),
							.priority = QUEUE_PRIORITY };
			lines = str_sub(lines, end + 1, lines.n);
		}
		if (put(q, items, n, e) < 0)
			return -1;
	}
	return 0;
}
