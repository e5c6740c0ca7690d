/* SPDX-License-Identifier: MIT */
/* How many connections there are from each address. */
#include "serve_private.h"

#include <stdlib.h>

#include "diag.h"

/* An IPv6 customer has a whole /64. */
static struct address place_of(struct address a)
{
	static const unsigned char v4[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	if (memcmp(a.bytes, v4, sizeof(v4)) != 0)
		memset(a.bytes + 8, 0, 8);
	return a;
}

static struct place **place_find(struct serve *s, const struct address *a)
{
	uint64_t hash = 14695981039346656037u;
	struct place **p;

	for (size_t i = 0; i < sizeof(a->bytes); i++)
		hash = (hash ^ a->bytes[i]) * 1099511628211u;
	for (p = &s->places[(hash >> 20) % PLACES]; *p; p = &(*p)->next)
		if (memcmp((*p)->address.bytes, a->bytes, sizeof(a->bytes)) == 0)
			break;
	return p;
}

bool place_enter(struct serve *s, const struct address *address)
{
	struct address a = place_of(*address);
	struct place **p;
	bool fits;

	pthread_mutex_lock(&s->lock);
	p = place_find(s, &a);
	if (!*p) {
		*p = calloc(1, sizeof(**p));
		if (!*p)
			diag_oom();
		(*p)->address = a;
	}
	fits = (*p)->n < s->setup.per_address;
	if (fits)
		(*p)->n++;
	pthread_mutex_unlock(&s->lock);
	return fits;
}

void place_leave(struct serve *s, const struct address *address)
{
	struct address a = place_of(*address);
	struct place **p, *gone = NULL;

	pthread_mutex_lock(&s->lock);
	p = place_find(s, &a);
	if (--(*p)->n == 0) {
		gone = *p;
		*p = gone->next;
	}
	pthread_mutex_unlock(&s->lock);
	free(gone);
}

bool place_counts(const struct serve *s, const struct address *a)
{
	if (!s->setup.per_address || !a->known)
		return false;
	for (unsigned i = 0; i < s->setup.n_trusted; i++)
		if (cidr_has(&s->setup.trusted[i], a))
			return false;
	return true;
}
