/* SPDX-License-Identifier: MIT */
#include "livechat.h"
#include "id.h"

/* ---- carrier_data ---- */

void livechat_envelope(const struct livechat_hook *w, struct buf *data, bool message)
{
	struct str taken[5] = { STR("secret_key"), STR("payload") };
	const struct json *more = json_get(w->body, "additional_data");
	bool organization = json_text(json_get(w->body, "organization_id")).n > 0;

	if (w->account.p)
		taken[2] = organization ? STR("organization_id") : STR("license_id");
	if (json_is(more, JSON_OBJECT) && json_len(more) == 0)
		taken[3] = STR("additional_data");
	if (message)
		taken[4] = STR("action");
	leftover_members(data, STR("webhook"), w->body, taken, LEN(taken));
}

/* ---- parties ---- */

/* An id that all records made from the webhook have: {NULL, 0} if ${v} can not be one. */
static struct str shared(const struct json *v)
{
	struct str s = json_text(v);

	return s.n > 0 && s.n <= SHARED_MAX ? s : STR_NONE;
}

static void add_user(struct livechat_hook *w, struct str id, struct str type, struct str name)
{
	struct livechat_user *u = &w->users[w->n_users];

	if (id.n == 0 || w->n_users == LIVECHAT_USERS_MAX)
		return;
	u->id = id;
	u->name = name.n > 0 ? str_utf8_cut(name, SHARED_MAX) : STR_NONE;
	u->ours = !str_eq(type, STR("customer"));
	w->n_users++;
	if (!u->ours && !w->customer.p && id.n <= SHARED_MAX)
		w->customer = id;
}

/* A user object; without its type it says nothing about whose side it is on. */
static void read_user(struct livechat_hook *w, const struct json *user, struct str type)
{
	struct str id = json_text(json_get(user, "id"));

	if (type.n == 0)
		type = json_get_str(user, "type");
	if (type.n == 0)
		type = id_valid(id) ? STR("customer") : STR("agent");
	add_user(w, id, type, json_get_str(user, "name"));
}

/* An id of a customer in a list of the ids of all users. */
static void find_customer(struct livechat_hook *w, const struct json *ids)
{
	for (struct json_iter it = json_iter(ids); !w->customer.p && json_next(&it);)
		if (id_valid(json_str(it.value)))
			w->customer = json_str(it.value);
}

static void read_users(struct livechat_hook *w)
{
	const struct json *p = w->payload;
	struct str type = json_get_str(p, "user_type");

	for (struct json_iter it = json_iter(json_pointer(p, STR("/chat/users"))); json_next(&it);)
		read_user(w, it.value, STR_NONE);
	if (json_is(json_get(p, "user"), JSON_OBJECT))
		read_user(w, json_get(p, "user"), type);
	if (json_is(json_get(p, "customer"), JSON_OBJECT))
		read_user(w, json_get(p, "customer"), STR("customer"));
	if (type.n > 0)
		add_user(w, json_text(json_get(p, "user_id")), type, STR_NONE);
	find_customer(w, json_pointer(w->body, STR("/additional_data/chat_presence_user_ids")));
	find_customer(w, json_pointer(p, STR("/chat/thread/user_ids")));
}

static const struct livechat_user *find_user(const struct livechat_hook *w, struct str id)
{
	for (size_t i = 0; i < w->n_users; i++)
		if (str_eq(w->users[i].id, id))
			return &w->users[i];
	return NULL;
}

/* An agent's id is an e-mail address, a bot's is 32 hexadecimal digits, a customer's is a UUID. */
static bool looks_ours(struct str id)
{
	size_t hex = 0;

	for (size_t i = 0; i < id.n; i++)
		hex += (id.p[i] >= '0' && id.p[i] <= '9') ||
		       ((id.p[i] | 0x20) >= 'a' && (id.p[i] | 0x20) <= 'f');
	return str_find(id, '@') < id.n || (id.n == 32 && hex == 32);
}

void livechat_parties(const struct livechat_hook *w, struct canon *c, struct str id)
{
	const struct livechat_user *u = find_user(w, id);
	bool ours = u ? u->ours : looks_ours(id);
	struct str to = ours ? w->customer : w->account;

	c->direction = ours ? "out" : "in";
	if (id.n > 0) {
		c->from.address = id;
		c->from.name = u ? u->name : STR_NONE;
	}
	if (!to.p)
		to = w->chat;
	if (ours && c->kind == CANON_EVENT)
		return; /* what an agent does to a chat is said to nobody */
	canon_to(c, w->arena, (struct canon_party){ .address = to });
}

struct canon *livechat_new(const struct livechat_hook *w, enum canon_kind kind)
{
	struct canon *c = canon_new(w->out, kind);

	c->channel = "chat";
	c->account = w->account;
	c->conversation = w->chat;
	return c;
}

/* ---- the webhook ---- */

/* The ids of chat and thread, wherever the action has them. */
static void read_place(struct livechat_hook *w)
{
	static const struct str chats[] = { STR("/chat_id"), STR("/chat/id"),
					    STR("/active_chat/chat_id") };

	for (size_t i = 0; i < LEN(chats) && !w->chat.p; i++)
		w->chat = shared(json_pointer(w->payload, chats[i]));
	if (str_eq(w->action, STR("chat_access_updated")))
		w->chat = shared(json_get(w->payload, "id"));
	w->thread = shared(json_get(w->payload, "thread_id"));
	if (!w->thread.p)
		w->thread = shared(json_pointer(w->payload, STR("/chat/thread/id")));
}

/* A body that is no webhook of LiveChat's. */
static void read_other(const struct hook *h, const struct json *body, struct canon_list *out)
{
	struct canon *c = canon_new(out, CANON_EVENT);

	c->event = "unsupported";
	c->channel = "chat";
	c->carrier_data = leftover_whole(h->arena, body);
}

static int normalize(const struct accounts *accounts, const struct hook *h, struct canon_list *out,
		     struct err *e)
{
	struct livechat_hook w = { .out = out, .arena = h->arena, .id = h->id };

	(void)accounts;
	w.body = hook_json(h, e);
	if (!w.body)
		return -1;
	if (!json_is(w.body, JSON_OBJECT)) {
		read_other(h, w.body, out);
		return 0;
	}
	if (json_is(json_get(w.body, "payload"), JSON_OBJECT))
		w.payload = json_get(w.body, "payload");
	w.action = json_get_str(w.body, "action");
	w.account = shared(json_get(w.body, "organization_id"));
	if (!w.account.p && json_text(json_get(w.body, "organization_id")).n == 0)
		w.account = shared(json_get(w.body, "license_id"));
	read_place(&w);
	read_users(&w);
	livechat_action(&w);
	return 0;
}

static const char *const send_keys[] = { "access_token", NULL };

const struct carrier carrier_livechat = {
	.name = "livechat",
	.id_key = "organization_id",
	.proof_key = "webhook_secret",
	.proof_hash = HASH_SHA256,
	.secret_member = "secret_key",
	.verify = livechat_verify,
	.normalize = normalize,
	.send_keys = send_keys,
	.request = livechat_request,
	.judge = livechat_judge,
	.abilities = livechat_abilities,
};
