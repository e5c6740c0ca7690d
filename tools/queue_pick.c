/* SPDX-License-Identifier: MIT */
#include "queue_pick.h"

#include <stdlib.h>

#include "diag.h"

int pick_read(struct pick *p, const struct args *a, int first, int64_t now_ms, struct err *e)
{
	struct queue_pick *q = &p->pick;
	size_t n = a->n_operands > first ? (size_t)(a->n_operands - first) : 0;

	*p = (struct pick){ .pick = { .code = str_c(opt_value(a, "reason")) } };
	if (opt_time(a, "since", now_ms, &q->since_ms, e) < 0 ||
	    opt_time(a, "until", now_ms, &q->until_ms, e) < 0)
		return -1;
	if (n == 0)
		return 0;
	p->ids = calloc(n, sizeof(*p->ids));
	if (!p->ids)
		diag_oom();
	for (size_t i = 0; i < n; i++)
		p->ids[i] = str_c(a->operands[first + (int)i]);
	q->ids = p->ids;
	q->n_ids = n;
	return 0;
}

void pick_free(struct pick *p)
{
	free(p->ids);
}

bool pick_some(const struct pick *p)
{
	const struct queue_pick *q = &p->pick;

	return q->code.p || q->since_ms || q->until_ms || q->n_ids > 0;
}
