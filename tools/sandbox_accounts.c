/* SPDX-License-Identifier: MIT */
/* The accounts that the sandbox knows: those of the configuration, read without the carriers' help. */
#include "sandbox_box.h"

#include <stdlib.h>

#include "diag.h"
#include "url.h"

static const struct player *const players[] = {
	&player_bandwidth,   &player_inteliquent, &player_livechat,
	&player_messagebird, &player_twilio,      &player_whatsapp,
	&player_apns,        &player_fcm,         &player_webpush,
};

static int read_account(struct box *b, const struct player *p, const struct json *v,
			struct box_account *a, struct err *e)
{
	a->conf = v;
	if (p->id_key && conf_text(b->conf, json_get(v, p->id_key), &a->id, e) < 0)
		return -1;
	a->name = json_get_str(v, "name");
	a->named = a->name.n > 0;
	if (!a->named)
		a->name = a->id.n ? a->id : str_c(p->name);
	for (unsigned i = 0; p->keys[i]; i++) {
		a->n_key[i] =
			conf_secret(b->conf, json_get(v, p->keys[i]), a->key[i], SECRETS_PER_KEY, e);
		if (a->n_key[i] < 0)
			return -1;
	}
	return 0;
}

int accounts_open(struct box *b, struct err *e)
{
	b->stages = arena_calloc(b->arena, LEN(players), sizeof(*b->stages));
	for (size_t i = 0; i < LEN(players); i++) {
		const char *group = players[i]->group ? players[i]->group : "carriers";
		const struct json *v = json_get(json_get(b->conf->root, group), players[i]->name);
		struct stage_of *s = &b->stages[b->n_stages++];
		bool many = json_is(v, JSON_ARRAY);
		struct json_iter it = json_iter(v);
		size_t n = many ? json_len(v) : v != NULL;

		if (n > ACCOUNTS_MAX)
			return err_set(e, FAULT_CONFIG, "config", "%s: /%s/%s: more than %d accounts",
				       b->conf->path, group, players[i]->name, ACCOUNTS_MAX);
		s->player = players[i];
		s->accounts = calloc(n ? n : 1, sizeof(*s->accounts));
		if (!s->accounts)
			diag_oom();
		if (n == 0 && players[i]->anybody)
			s->accounts[s->n++].name = str_c(players[i]->name);
		while (s->n < n) {
			if (many)
				json_next(&it);
			if (read_account(b, players[i], many ? it.value : v, &s->accounts[s->n++], e) < 0)
				return -1;
		}
	}
	return 0;
}

static struct str no_slash(struct str url)
{
	while (url.n > 0 && url.p[url.n - 1] == '/')
		url.n--;
	return url;
}

/* The host of who listens everywhere is the one of this machine. */
static struct str host_of(struct arena *a, const char *address)
{
	struct str s = str_c(address);

	if (str_prefix(s, STR("0.0.0.0:")))
		return arena_fmt(a, "127.0.0.1%.*s", STR_FMT(str_sub(s, 7, s.n)));
	if (str_prefix(s, STR("[::]:")))
		return arena_fmt(a, "[::1]%.*s", STR_FMT(str_sub(s, 4, s.n)));
	return str_prefix(s, STR("unix:")) ? STR("localhost") : s;
}

static void place(struct box *b, const struct stage_of *s, struct box_account *a, struct str host)
{
	struct str base = no_slash(json_get_str(a->conf, "public_url"));
	const char *name = s->player->name;

	a->api = no_slash(json_get_str(a->conf, "base_url"));
	if (!a->api.n)
		a->api = arena_fmt(b->arena, "http://%.*s/%s", STR_FMT(host), name);
	if (!base.n)
		base = no_slash(json_get_str(b->conf->root, "public_url"));
	if (!base.n)
		base = no_slash(str_c(b->hook_base));
	a->base = base;
	/* What nobody asked for goes to no public URL: it would be believed there. */
	if (!b->hook_base || !s->player->receipt)
		return;
	if (a->named && s->n > 1)
		a->hook = arena_fmt(b->arena, "%.*s/webhooks/%s/%.*s", STR_FMT(base), name,
				    STR_FMT(a->name));
	else
		a->hook = arena_fmt(b->arena, "%.*s/webhooks/%s", STR_FMT(base), name);
}

void accounts_place(struct box *b, const char *address)
{
	struct str host = host_of(b->arena, address ? address : "localhost");

	for (size_t i = 0; i < b->n_stages; i++)
		for (size_t k = 0; k < b->stages[i].n; k++)
			place(b, &b->stages[i], &b->stages[i].accounts[k], host);
}

void accounts_close(struct box *b)
{
	for (size_t i = 0; i < b->n_stages; i++)
		free(b->stages[i].accounts);
}
