/* SPDX-License-Identifier: MIT */
#include "h2_private.h"

#include <stdlib.h>

#include "diag.h"
#include "hash.h"

static unsigned port_of(const struct url *u)
{
	uint64_t port = 0;

	return str_u64(u->port.n > 0 ? u->port : url_default_port(u), &port) == 0 ? (unsigned)port : 0;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool is(const struct h2_origin *o, const struct h2_call *c)
{
	return str_eq_nocase(str_c(o->host), c->url.host) && o->port == port_of(&c->url) &&
	       same_text(o->cert, c->x->cert) && same_text(o->key, c->x->key);
}

static struct h2_origin **bucket(struct h2 *h, struct str host)
{
	char lower[256];
	size_t n = host.n < sizeof(lower) ? host.n : sizeof(lower);

	for (size_t i = 0; i < n; i++)
		lower[i] = host.p[i] >= 'A' && host.p[i] <= 'Z' ? (char)(host.p[i] | 0x20) : host.p[i];
	return &h->buckets[hash_64((struct str){ lower, n }, h->seed) % H2_BUCKETS];
}

static bool idle(const struct h2_origin *o)
{
	return !o->waiting.first && (!o->link || !o->link->begun.first) &&
	       o->links <= (o->link ? 1u : 0u);
}

/* Make room: one that was not used for longest, of those that are not. */
static bool evict(struct h2 *h)
{
	struct h2_origin *oldest = NULL;

	for (size_t i = 0; i < H2_BUCKETS; i++)
		for (struct h2_origin *o = h->buckets[i]; o; o = o->next) {
			int64_t used = o->link ? o->link->used : 0;

			if (idle(o) && (!oldest || used < (oldest->link ? oldest->link->used : 0)))
				oldest = o;
		}
	if (!oldest)
		return false;
	if (oldest->link)
		h2_link_leave(oldest->link);
	h2_origin_free(oldest);
	return true;
}

static struct h2_origin *make(struct h2 *h, const struct h2_call *c)
{
	struct h2_origin *o = calloc(1, sizeof(*o)), **at;
	struct str host = c->url.host;

	if (!o)
		diag_oom();
	o->h2 = h;
	o->host = str_dup(host);
	if (str_prefix(host, STR("[")) && str_suffix(host, STR("]")))
		host = str_sub(host, 1, host.n - 2);
	o->bare = str_dup(host);
	o->port = port_of(&c->url);
	o->cert = c->x->cert ? str_dup(str_c(c->x->cert)) : NULL;
	o->key = c->x->key ? str_dup(str_c(c->x->key)) : NULL;
	at = bucket(h, c->url.host);
	o->next = *at;
	*at = o;
	h->n_origins++;
	return o;
}

struct h2_origin *h2_origin_for(struct h2 *h, const struct h2_call *c)
{
	for (struct h2_origin *o = *bucket(h, c->url.host); o; o = o->next)
		if (is(o, c))
			return o;
	if (h->n_origins >= H2_ORIGINS && !evict(h))
		return NULL;
	return make(h, c);
}

void h2_origin_free(struct h2_origin *o)
{
	struct h2_origin **at = bucket(o->h2, str_c(o->host));

	for (; *at != o; at = &(*at)->next)
		;
	*at = o->next;
	o->h2->n_origins--;
	tls_forget(&o->ticket);
	free(o->host);
	free(o->bare);
	free(o->cert);
	free(o->key);
	free(o);
}
