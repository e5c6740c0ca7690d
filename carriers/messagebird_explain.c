/* SPDX-License-Identifier: MIT */
#include "messagebird.h"

#include "url.h"

enum {
	TRIES_MAX = 40, /* MACs for one reject, or forgeries would slow the rest down */
	OTHERS_MAX = 8, /* accounts of other profiles or ids among them */
	WAYS_MAX = 16,  /* in which a URL is written otherwise */
};

/* ---- other URLs ---- */

/* URLs that differ little from one, and in what. */
struct ways {
	struct arena *arena;
	struct {
		struct str url, words;
	} list[WAYS_MAX];
	size_t n;
};

static void add(struct ways *w, struct str url, struct str words)
{
	w->list[w->n].url = url;
	w->list[w->n++].words = words;
}

static void add_parts(struct ways *w, const struct url *url, struct str words)
{
	add(w, url_join(w->arena, url), words);
}

static void add_host(struct ways *w, struct url url, struct str host)
{
	if (!url_host_plain(host) || str_eq(host, url.host))
		return;
	url.host = host;
	url.port = STR_NONE; /* the header has its own */
	add_parts(w, &url, arena_fmt(w->arena, "the host of public_url is %.*s", STR_FMT(host)));
}

static void add_ports(struct ways *w, struct url url)
{
	static const char *const ports[] = { "443", "80", "8443", "8080" };

	if (url.port.p) {
		url.port = STR_NONE;
		add_parts(w, &url, STR("the port is left out of public_url"));
		return;
	}
	for (size_t i = 0; i < LEN(ports); i++) {
		url.port = str_c(ports[i]);
		add_parts(w, &url, arena_fmt(w->arena, "the port of public_url is %s", ports[i]));
	}
}

static void add_scheme(struct ways *w, struct url url)
{
	const char *scheme = str_eq_nocase(url.scheme, STR("https")) ? "http" : "https";

	url.scheme = str_c(scheme);
	add_parts(w, &url, arena_fmt(w->arena, "the scheme of public_url is %s", scheme));
}

static void add_path(struct ways *w, struct url url)
{
	if (str_suffix(url.path, STR("/"))) {
		url.path.n--;
		add_parts(w, &url, STR("the path does not end with a slash"));
	} else {
		url.path = arena_join(w->arena, url.path, STR("/"));
		add_parts(w, &url, STR("the path ends with a slash"));
	}
}

/* ${s} with one byte written as three, or three as one. */
static struct str replace(struct arena *a, struct str s, struct str from, struct str to)
{
	char *start = arena_alloc(a, 3 * s.n + 1), *p = start;

	while (s.n > 0) {
		size_t n = str_search(s, from);

		p = (char *)mempcpy(p, s.p, n);
		if (n < s.n)
			p = (char *)mempcpy(p, to.p, to.n);
		s = str_sub(s, n + from.n, s.n);
	}
	return (struct str){ start, (size_t)(p - start) };
}

static void add_query(struct ways *w, struct url url)
{
	struct str query = url.query;

	if (!query.p)
		return;
	url.query = STR_NONE;
	add_parts(w, &url, STR("the query is left out"));
	url.query = replace(w->arena, query, STR("%20"), STR("+"));
	add_parts(w, &url, STR("spaces in the query are written as +"));
	url.query = replace(w->arena, query, STR("+"), STR("%20"));
	add_parts(w, &url, STR("spaces in the query are written as %20"));
}

static void find_ways(struct ways *w, const struct hook *h, struct str text)
{
	struct url url;

	if (url_split(text, &url) < 0)
		return;
	if (!str_eq(text, h->url))
		add(w, h->url,
		    STR("public_url is left out: the URL that was received is the signed one"));
	add_scheme(w, url);
	add_ports(w, url);
	add_path(w, url);
	add_host(w, url, hook_header(h, "host"));
	add_host(w, url, hook_header(h, "x-forwarded-host"));
	if (str_prefix(url.host, STR("www.")))
		add_host(w, url, str_sub(url.host, 4, url.host.n));
	else
		add_host(w, url, arena_join(w->arena, STR("www."), url.host));
	add_query(w, url);
}

struct str messagebird_explain_url(struct arena *a, const struct hook *h, struct str url, struct str hex)
{
	struct ways w = { .arena = a };

	find_ways(&w, h, url);
	for (size_t i = 0; i < w.n; i++)
		if (str_eq(hash_hex(a, HASH_SHA256, w.list[i].url), hex))
			return w.list[i].words;
	return STR_NONE;
}

/* ---- other keys, profiles and bodies ---- */

/* A search for the difference that explains a mismatch. */
struct search {
	const struct messagebird_proof *p;
	const struct account *account;
	struct str url;
	int left;
	struct err *e;
};

static bool signs(struct search *s, const struct messagebird_proof *p, struct mac *m, struct str url)
{
	if (s->left == 0 || !m)
		return false;
	s->left--;
	return messagebird_profile(s->account)->signs(p, m, url);
}

static bool signs_as(struct search *s, struct str secret, const struct messagebird_profile *profile)
{
	struct mac *m = messagebird_key(profile, s->p->hash, secret, s->p->arena);
	bool held = signs(s, s->p, m, s->url);

	mac_free(m);
	return held;
}

static bool try_key(struct search *s, struct str secret)
{
	const struct messagebird_profile *own = messagebird_profile(s->account);
	struct str trimmed = str_trim(secret), bytes;

	if (trimmed.n >= 2 && trimmed.p[0] == '"' && trimmed.p[trimmed.n - 1] == '"')
		trimmed = str_trim(str_sub(trimmed, 1, trimmed.n - 2));
	if (trimmed.n != secret.n && signs_as(s, trimmed, own)) {
		err_hint(s->e, "matches when white space and quotes around signing_key are left out");
		return true;
	}
	if (strcmp(own->name, "bird-std") == 0) {
		if (!signs_as(s, secret, messagebird_profiles()))
			return false;
		err_hint(s->e, "matches when signing_key is not decoded from base64, as Standard Webhooks want it");
		return true;
	}
	if (hex_read(s->p->arena, trimmed, &bytes) < 0 || !signs_as(s, bytes, own))
		return false;
	err_hint(s->e, "matches when signing_key is decoded from hex: the sender does that, MessageBird does not");
	return true;
}

/* Bytes at the end that editors, shells and proxies add or take. */
static bool try_body(struct search *s, struct mac *m)
{
	struct messagebird_proof p = *s->p;
	struct str body = p.body;
	bool ends = str_suffix(body, STR("\n"));

	messagebird_body(&p, ends ? str_sub(body, 0, body.n - 1) : arena_join(p.arena, body, STR("\n")));
	if (!signs(s, &p, m, s->url))
		return false;
	err_hint(s->e,
		 ends ? "matches without the newline at the end of the body: something on the way added it" :
			"matches with a newline at the end of the body: something on the way took it away");
	return true;
}

/* The headers of legacy and bird-hmac have the same names. */
static bool try_profile(struct search *s, struct mac *m)
{
	const struct messagebird_profile *own = messagebird_profile(s->account), *other;
	struct messagebird_proof p = { .hook = s->p->hook, .arena = s->p->arena, .hash = s->p->hash };
	struct err e;

	for (other = messagebird_profiles(); other->name; other++) {
		if (other == own || strcmp(other->header, own->header) != 0)
			continue;
		messagebird_body(&p, s->p->body);
		if (s->left-- <= 0 || other->read(&p, &e) < 0 || !other->signs(&p, m, s->url))
			return false;
		err_hint(s->e, "matches when the profile of account %.*s is %s",
			 STR_FMT(s->account->name), other->name);
		return true;
	}
	return false;
}

static bool try_urls(struct search *s, struct mac *m)
{
	struct ways w = { .arena = s->p->arena };

	if (strcmp(messagebird_profile(s->account)->name, "bird-hmac") != 0)
		return false;
	find_ways(&w, s->p->hook, s->url);
	for (size_t i = 0; i < w.n; i++) {
		if (!signs(s, s->p, m, w.list[i].url))
			continue;
		err_hint(s->e, "matches when %.*s", STR_FMT(w.list[i].words));
		return true;
	}
	return false;
}

static bool try_account(struct search *s)
{
	const struct secrets *proof = &s->account->proof;

	for (int k = 0; k < proof->n; k++) {
		struct mac *m = messagebird_mac(s->account, k, s->p);

		if (try_key(s, proof->text[k]) || try_profile(s, m) || try_body(s, m) || try_urls(s, m))
			return true;
	}
	return false;
}

static bool among(const struct messagebird_signers *who, const struct account *a)
{
	for (size_t i = 0; i < who->n; i++)
		if (who->list[i] == a)
			return true;
	return false;
}

static bool try_others(struct search *s, const struct messagebird_signers *who, const struct accounts *all)
{
	const struct messagebird_profile *profile = messagebird_profile(who->list[0]);
	int others = OTHERS_MAX;

	for (size_t i = 0; i < all->n && others > 0; i++) {
		const struct account *a = &all->list[i];

		if (messagebird_profile(a) != profile || among(who, a))
			continue;
		others--;
		for (int k = 0; k < a->proof.n; k++) {
			if (!signs(s, s->p, messagebird_mac(a, k, s->p), messagebird_url(a, s->p->hook)))
				continue;
			err_hint(s->e, "matches with the signing_key of the account %.*s, which has another channel_id",
				 STR_FMT(a->name));
			return true;
		}
	}
	return false;
}

/* Nothing small explains it: say where to look. */
static void give_up(const struct account *a, struct err *e)
{
	if (a->proof.n == 0)
		err_hint(e, "account %.*s has no signing_key in the configuration", STR_FMT(a->name));
	else if (str_prefix(a->proof.text[0], STR("live_")) ||
		 str_prefix(a->proof.text[0], STR("test_")) || str_prefix(a->proof.text[0], STR("bk_")))
		err_hint(e, "the signing_key of account %.*s looks like an access key, which is another secret",
			 STR_FMT(a->name));
	else
		err_hint(e, "signing_key of account %.*s is not the one that MessageBird has for these webhooks%s",
			 STR_FMT(a->name),
			 strcmp(messagebird_profile(a)->name, "jwt") == 0 ?
				 "" :
				 ", or the body or the URL was changed");
}

void messagebird_explain(const struct messagebird_proof *p, const struct messagebird_signers *who,
			 const struct accounts *all, struct err *e)
{
	struct search s = { .p = p, .account = who->list[0], .left = TRIES_MAX, .e = e };

	if (try_others(&s, who, all))
		return;
	for (size_t i = 0; i < who->n && s.left > 0; i++) {
		s.account = who->list[i];
		s.url = messagebird_url(s.account, p->hook);
		if (try_account(&s))
			return;
	}
	give_up(who->list[0], e);
}
