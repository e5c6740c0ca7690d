/* SPDX-License-Identifier: MIT */
#include "source.h"

#include "url.h"

/* In the sandbox all that a carrier names is below the base_url of the account. */
static bool below_base(const struct media_query *q, struct str url)
{
	struct str base = q->account->base_url;

	return base.n > 0 && str_prefix(url, base) &&
	       (url.n == base.n || url.p[base.n] == '/' || url.p[base.n] == '?');
}

bool source_trusted(const struct media_query *q, struct str url, const char *domain)
{
	struct str name = str_c(domain);
	struct url u;

	if (below_base(q, url))
		return true;
	if (url_split(url, &u) < 0 || !str_eq_nocase(u.scheme, STR("https")) || u.userinfo.p ||
	    (u.port.n > 0 && !str_eq(u.port, STR("443"))))
		return false;
	if (str_eq_nocase(u.host, name))
		return true;
	return u.host.n > name.n && u.host.p[u.host.n - name.n - 1] == '.' &&
	       str_eq_nocase(str_sub(u.host, u.host.n - name.n, name.n), name);
}

void source_get(struct submit *out, struct str url)
{
	out->method = "GET";
	out->url = url;
}

static bool find_key(const struct carrier *carrier, const char *key, unsigned *i)
{
	for (*i = 0; carrier->send_keys && carrier->send_keys[*i]; ++*i)
		if (strcmp(carrier->send_keys[*i], key) == 0)
			return true;
	return false;
}

struct str source_key(const struct carrier *carrier, const struct media_query *q, const char *key)
{
	unsigned i;

	return find_key(carrier, key, &i) ? q->account->send[i] : STR_NONE;
}

void source_authorize(const struct carrier *carrier, const struct media_query *q,
		      const struct source_auth *auth, struct submit *out)
{
	unsigned i;

	if (!find_key(carrier, auth->key, &i) || q->account->send[i].n == 0)
		return;
	out->auth.how = auth->how;
	out->auth.user = auth->user;
	out->auth.header = auth->header;
	out->auth.prefix = auth->prefix;
	out->auth.key = i;
}
