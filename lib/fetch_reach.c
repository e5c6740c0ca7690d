/* SPDX-License-Identifier: MIT */
#include "fetch_private.h"

#include <netdb.h>
#include <stdlib.h>

static const char *first_env(const char *a, const char *b)
{
	const char *value = a ? getenv(a) : NULL;

	return value && *value ? value : getenv(b);
}

/* Look up the addresses of the proxy ${text} ("http://proxy:3128", "proxy:3128") for ${scheme}. */
static void add_proxy(struct fetch *f, const char *scheme, const char *text)
{
	struct arena *a = arena_new();
	struct addrinfo hint = { .ai_socktype = SOCK_STREAM }, *list = NULL;
	struct str full = str_c(text), port = STR_NONE;
	struct url url;

	if (str_search(full, STR("://")) == full.n)
		full = arena_join(a, STR("http://"), full);
	if (url_split(full, &url) == 0 && url.host.n > 0) {
		/* What curl takes for a proxy without a port. */
		port = url.port.n > 0 ? url.port :
					(str_eq(url.scheme, STR("https")) ? STR("443") : STR("1080"));
		if (str_prefix(url.host, STR("[")))
			url.host = str_sub(url.host, 1, url.host.n - 2);
		if (getaddrinfo(arena_cstr(a, url.host), arena_cstr(a, port), &hint, &list) != 0)
			list = NULL;
	}
	for (struct addrinfo *i = list; i && f->n_proxies < FETCH_PROXIES; i = i->ai_next) {
		struct fetch_proxy *p = &f->proxies[f->n_proxies++];

		*p = (struct fetch_proxy){ .scheme = scheme, .address = address_of(i->ai_addr) };
		p->port = (unsigned)strtoul(arena_cstr(a, port), NULL, 10);
	}
	if (list)
		freeaddrinfo(list);
	arena_free(a);
}

bool fetch_proxied(void)
{
	static const char *const names[] = { "http_proxy", "https_proxy", "HTTPS_PROXY",
					     "all_proxy",  "ALL_PROXY",   NULL };

	for (size_t i = 0; names[i]; i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return true;
	}
	return false;
}

void fetch_reach_init(struct fetch *f)
{
	const char *const *trust = f->options.trust;
	size_t n = 0;
	const char *all = first_env("all_proxy", "ALL_PROXY");
	const char *https = first_env("https_proxy", "HTTPS_PROXY");
	/* Not HTTP_PROXY: a web server sets it from the header "Proxy:" of whoever calls. */
	const char *http = getenv("http_proxy");

	https = https && *https ? https : all;
	http = http && *http ? http : all;
	if (https && *https)
		add_proxy(f, "https", https);
	if (http && *http)
		add_proxy(f, "http", http);
	while (trust && trust[n])
		n++;
	f->trust = arena_calloc(f->arena, n + 1, sizeof(*f->trust));
	for (size_t i = 0; i < n; i++)
		if (url_split(arena_str(f->arena, str_c(trust[i])), &f->trust[f->n_trust]) == 0)
			f->n_trust++;
}

static struct str port_of(const struct url *u)
{
	return u->port.n > 0 ? u->port : url_default_port(u);
}

bool fetch_same_origin(const struct url *a, const struct url *b)
{
	return str_eq_nocase(a->scheme, b->scheme) && str_eq_nocase(a->host, b->host) &&
	       str_eq(port_of(a), port_of(b));
}

static bool is_exempt(const struct fetch_slot *s)
{
	const struct fetch *f = s->fetch;

	if (!f->options.public_only || (s->request->private_ok && fetch_same_origin(&s->first, &s->url)))
		return true;
	for (size_t i = 0; i < f->n_trust; i++)
		if (fetch_same_origin(&f->trust[i], &s->url))
			return true;
	return false;
}

bool fetch_reach(const struct fetch_slot *s, const struct address *a, unsigned port)
{
	if (is_exempt(s) || cidr_public(a))
		return true;
	for (size_t i = 0; i < s->fetch->n_proxies; i++) {
		const struct fetch_proxy *p = &s->fetch->proxies[i];

		if (p->port == port && str_eq_nocase(s->url.scheme, str_c(p->scheme)) &&
		    memcmp(p->address.bytes, a->bytes, sizeof(a->bytes)) == 0)
			return true;
	}
	return false;
}

bool fetch_reach_url(const struct fetch_slot *s)
{
	struct address a;

	return is_exempt(s) || address_read(s->url.host, &a) < 0 || cidr_public(&a);
}
