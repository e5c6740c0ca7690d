/* SPDX-License-Identifier: MIT */
#include "route_able.h"

/* One of `capabilities`. */
struct able_account {
	struct str carrier, account, template;
	uint32_t channels;
	unsigned types;
	const struct prefix *reach;
};

/* One of `channels`. */
struct able_channel {
	struct str carrier;
	struct ability ability;
};

enum { REACHES = 1, NOT_THERE };

struct reading {
	struct able *a;
	const struct conf *conf;
	struct str where;
	struct err *e;
};

static int bad(const struct reading *rd, const char *what)
{
	return err_set(rd->e, FAULT_CONFIG, "config", "%s: %.*s: %s", rd->conf->path,
		       STR_FMT(rd->where), what);
}

/* ---- the names of channels ---- */

static int learn(struct offers *o, struct str channel)
{
	int known = offers_channel(o, channel);

	if (known >= 0)
		return known;
	if (o->n_channels == OFFER_CHANNELS)
		return -1;
	o->channels[o->n_channels] = channel;
	return (int)o->n_channels++;
}

static void learn_carriers(struct offers *o)
{
	const struct carrier_conf *of;

	for (size_t i = 0; (of = carriers_at(o->carriers, i)) != NULL; i++)
		for (const struct ability *x = of->carrier->abilities; x && x->channel; x++)
			(void)learn(o, str_c(x->channel));
}

/* ---- reading ---- */

static int types_read(const struct reading *rd, const struct json *list, unsigned *types)
{
	*types = 0;
	for (struct json_iter it = json_iter(list); json_next(&it);) {
		unsigned bit = ability_named(json_str(it.value));

		if (!bit)
			return bad(rd, "\"types\" takes text, media, location, contacts, interactive, reaction and template");
		*types |= bit;
	}
	return *types ? 0 : bad(rd, "\"types\" must be an array of at least one word");
}

static int reach_read(const struct reading *rd, const struct json *list, const struct prefix **out)
{
	struct prefix *p = prefix_new(rd->a->o->arena);
	bool only = false;

	if (!json_is(list, JSON_ARRAY) || json_len(list) == 0)
		return bad(rd, "\"prefixes\" must be an array of at least one string");
	for (struct json_iter it = json_iter(list); json_next(&it);) {
		struct str s = json_str(it.value);
		bool no = s.n > 0 && s.p[0] == '!';
		uint32_t *at = prefix_put(p, no ? str_sub(s, 1, s.n) : s);

		if (!at || s.n == no)
			return bad(rd, "a prefix is 1 to 15 digits without plus; \"!\" in front takes it out");
		*at = no ? NOT_THERE : REACHES;
		only |= !no;
	}
	*prefix_put(p, STR("")) = only ? NOT_THERE : REACHES;
	*out = p;
	return 0;
}

static int account_read(const struct reading *rd, const struct json *v, struct able_account *x)
{
	const struct json *channels = json_get(v, "channels"), *types = json_get(v, "types"),
			  *prefixes = json_get(v, "prefixes");

	*x = (struct able_account){ .carrier = json_get_str(v, "carrier"),
				    .account = json_get_str(v, "account"),
				    .template = json_get_str(v, "template"),
				    .channels = channels ? 0 : UINT32_MAX,
				    .types = ~0u };
	if (!x->carrier.p)
		return bad(rd, "a capability needs \"carrier\"");
	for (struct json_iter it = json_iter(channels); json_next(&it);) {
		int c = offers_channel(rd->a->o, json_str(it.value));

		if (c < 0)
			return bad(rd, "\"channels\" names one that no carrier has");
		x->channels |= UINT32_C(1) << c;
	}
	if (x->template.p && !able_template(rd->a, x->template))
		return bad(rd, "its template is not among \"templates\"");
	if (types && types_read(rd, types, &x->types) < 0)
		return -1;
	if (types)
		x->types |= ABLE_TYPING | ABLE_READ;
	return prefixes ? reach_read(rd, prefixes, &x->reach) : 0;
}

static int media_read(const struct reading *rd, const struct json *list, const struct ability_media **out)
{
	struct arena *a = rd->a->o->arena;
	struct ability_media *m = arena_calloc(a, json_len(list) + 1, sizeof(*m));

	*out = m;
	for (struct json_iter it = json_iter(list); json_next(&it); m++) {
		const struct json *mimes = json_get(it.value, "mimes");
		const char **names = arena_calloc(a, json_len(mimes) + 1, sizeof(*names));

		m->kind = json_get_str(it.value, "kind").n ?
				  arena_cstr(a, json_get_str(it.value, "kind")) :
				  NULL;
		if (!m->kind)
			return bad(rd, "each of \"media\" needs \"kind\"");
		m->mimes = mimes ? names : NULL;
		for (struct json_iter k = json_iter(mimes); json_next(&k);)
			*names++ = arena_cstr(a, json_str(k.value));
		if (json_get(it.value, "size_max") &&
		    (json_i64(json_get(it.value, "size_max"), &m->size_max) < 0 || m->size_max < 1))
			return bad(rd, "\"size_max\" must be a whole number of bytes");
	}
	return 0;
}

static int channel_read(const struct reading *rd, const struct json *v, struct able_channel *x)
{
	struct str channel = json_get_str(v, "channel");
	const struct carrier_conf *of;
	const struct ability *known;
	int64_t max;

	x->carrier = json_get_str(v, "carrier");
	of = carriers_find(rd->a->o->carriers, x->carrier);
	if (!of || !channel.n)
		return bad(rd, "it needs \"carrier\", one that there is, and \"channel\"");
	if (learn(rd->a->o, channel) < 0)
		return bad(rd, "there are more than 32 channels");
	known = ability_of(of->carrier->abilities, channel);
	x->ability = known ? *known : (struct ability){ .measure = SMS_CHARACTERS };
	x->ability.channel = arena_cstr(rd->a->o->arena, channel);
	if (types_read(rd, json_get(v, "types"), &x->ability.types) < 0)
		return -1;
	x->ability.types |= known ? known->types & (ABLE_TYPING | ABLE_READ) : 0;
	if (json_i64(json_get(v, "text_max"), &max) == 0) {
		x->ability.text_max = (size_t)max;
		x->ability.measure = SMS_CHARACTERS;
	}
	(void)json_i64(json_get(v, "total_max"), &x->ability.total_max);
	return json_get(v, "media") ? media_read(rd, json_get(v, "media"), &x->ability.media) : 0;
}

static const struct json *entry(struct reading *rd, const struct json *list, size_t i, const char *name)
{
	bool array = json_is(list, JSON_ARRAY);

	rd->where = array ? arena_fmt(rd->a->o->arena, "/%s/%zu", name, i) :
			    arena_fmt(rd->a->o->arena, "/%s", name);
	return array ? json_at(list, i) : list;
}

static size_t entries(const struct json *list)
{
	return json_is(list, JSON_ARRAY) ? json_len(list) : list != NULL;
}

int able_read(struct able *a, struct offers *o, const struct conf *conf, struct err *e)
{
	const struct json *accounts = json_get(conf->root, "capabilities"),
			  *channels = json_get(conf->root, "channels");
	struct reading rd = { .a = a, .conf = conf, .e = e };

	*a = (struct able){ .o = o, .templates = json_get(conf->root, "templates") };
	learn_carriers(o);
	a->channels = arena_calloc(o->arena, entries(channels), sizeof(*a->channels));
	a->accounts = arena_calloc(o->arena, entries(accounts), sizeof(*a->accounts));
	for (; a->n_channels < entries(channels); a->n_channels++)
		if (channel_read(&rd, entry(&rd, channels, a->n_channels, "channels"),
				 &a->channels[a->n_channels]) < 0)
			return -1;
	for (; a->n_accounts < entries(accounts); a->n_accounts++)
		if (account_read(&rd, entry(&rd, accounts, a->n_accounts, "capabilities"),
				 &a->accounts[a->n_accounts]) < 0)
			return -1;
	return 0;
}

const struct json *able_template(const struct able *a, struct str name)
{
	for (size_t i = 0; i < entries(a->templates); i++) {
		const struct json *t = json_is(a->templates, JSON_ARRAY) ? json_at(a->templates, i) :
									   a->templates;

		if (str_eq(json_get_str(t, "name"), name))
			return t;
	}
	return NULL;
}

/* ---- an offer ---- */

static const struct ability *of_channel(const struct able *a, const struct offer *x, struct str channel)
{
	for (size_t i = 0; i < a->n_channels; i++)
		if (str_eq(a->channels[i].carrier, x->of->name) &&
		    str_eq(str_c(a->channels[i].ability.channel), channel))
			return &a->channels[i].ability;
	return ability_of(x->of->carrier->abilities, channel);
}

/* That of the account stands above that of all accounts of the carrier. */
static const struct able_account *of_account(const struct able *a, const struct offer *x)
{
	const struct able_account *found = NULL;

	for (size_t i = 0; i < a->n_accounts; i++) {
		const struct able_account *c = &a->accounts[i];

		if (!str_eq(c->carrier, x->of->name))
			continue;
		if (c->account.p &&
		    (str_eq(c->account, x->account->name) || str_eq(c->account, x->account->id)))
			return c;
		if (!c->account.p && !found)
			found = c;
	}
	return found;
}

void able_offer(const struct able *a, struct offer *x)
{
	const struct able_account *c = of_account(a, x);

	for (unsigned i = 0; i < a->o->n_channels; i++) {
		const struct ability *one = of_channel(a, x, a->o->channels[i]);
		uint32_t bit = UINT32_C(1) << i;

		if (!one || (c && !(c->channels & bit)) || (x->number && !(x->number->channels & bit)))
			continue;
		if (c && one->types & ~c->types) {
			struct ability *less = arena_alloc(a->o->arena, sizeof(*less));

			*less = *one;
			less->types &= c->types;
			one = less;
		}
		x->able[i] = one;
	}
	x->reach = c ? c->reach : NULL;
	x->template = c ? c->template : STR_NONE;
}
