/* SPDX-License-Identifier: MIT */
#include "recv_proxy.h"

static bool is_trusted(const struct service *s, const struct address *a)
{
	if (!a->known)
		return s->trust_unix;
	for (unsigned i = 0; i < s->n_trusted; i++)
		if (cidr_has(&s->trusted[i], a))
			return true;
	return false;
}

/* Cut the last element off ${list}: each proxy appends one. */
static struct str take_last(struct str *list)
{
	size_t at = list->n;
	struct str last;

	while (at > 0 && list->p[at - 1] != ',')
		at--;
	last = str_trim(str_sub(*list, at, list->n));
	list->n = at > 0 ? at - 1 : 0;
	return last;
}

/* From the nearest proxy outwards, to the first address that is not a proxy of ours. */
static struct address client(const struct service *s, const struct call *c)
{
	struct str list = http_header(c->req, "x-forwarded-for");
	struct address a = c->address, before;

	while (list.n > 0 && is_trusted(s, &a)) {
		if (address_read(take_last(&list), &before) < 0)
			break;
		a = before;
	}
	return a;
}

static bool is_host(struct str host)
{
	for (size_t i = 0; i < host.n; i++) {
		char ch = host.p[i], letter = (char)(ch | 0x20);

		if ((letter < 'a' || letter > 'z') && (ch < '0' || ch > '9') &&
		    (!ch || !strchr("-._:[]", ch)))
			return false;
	}
	return host.n > 0;
}

static struct str called(const struct call *c, bool trusted)
{
	struct str scheme = c->tls ? STR("https") : STR("http"), host = http_header(c->req, "host");
	struct str protos = http_header(c->req, "x-forwarded-proto"),
		   hosts = http_header(c->req, "x-forwarded-host");
	struct str said;

	if (trusted && protos.n > 0) {
		said = take_last(&protos);
		if (str_eq_nocase(said, STR("https")))
			scheme = STR("https");
		else if (str_eq_nocase(said, STR("http")))
			scheme = STR("http");
	}
	if (trusted && hosts.n > 0) {
		said = take_last(&hosts);
		if (is_host(said))
			host = said;
	}
	if (!host.n)
		return STR_NONE;
	return arena_join(c->arena, arena_join(c->arena, scheme, STR("://")), host);
}

void proxy_origin(const struct service *s, const struct call *c, struct str *base, struct str *peer)
{
	bool trusted = is_trusted(s, &c->address);
	struct address a = trusted ? client(s, c) : c->address;
	char text[CIDR_TEXT];

	address_format(text, &a);
	*peer = text[0] ? arena_str(c->arena, str_c(text)) : STR_NONE;
	if (base)
		*base = called(c, trusted);
}
