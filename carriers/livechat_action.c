/* SPDX-License-Identifier: MIT */
#include "livechat.h"
#include "clock.h"

/* ---- actions that become one event ---- */

enum once {
	ONCE, /* happens once to its subject: a repetition is the same webhook sent again */
	EACH, /* may happen again with the same words: each webhook is another one */
	SEEN, /* told apart by who has seen up to when */
};

struct action {
	struct str name;
	const char *event;
	struct str subject; /* the member with the external id, or an object with an `id` */
	struct str actor;   /* the same for who did it; {NULL, 0} if it is not told */
	enum once once;
};

static const struct action actions[] = {
	{ STR("chat_deactivated"), "chat-closed", STR("thread_id"), STR("user_id"), ONCE },
	{ STR("chat_transferred"), "chat-transferred", STR("thread_id"), STR("requester_id"), EACH },
	{ STR("chat_access_updated"), "chat-updated", STR("id"), STR_NONE, EACH },
	{ STR("chat_properties_updated"), "chat-updated", STR("chat_id"), STR_NONE, EACH },
	{ STR("chat_properties_deleted"), "chat-updated", STR("chat_id"), STR_NONE, EACH },
	{ STR("thread_properties_updated"), "chat-updated", STR("thread_id"), STR_NONE, EACH },
	{ STR("thread_properties_deleted"), "chat-updated", STR("thread_id"), STR_NONE, EACH },
	{ STR("thread_tagged"), "chat-tagged", STR("thread_id"), STR_NONE, EACH },
	{ STR("thread_untagged"), "chat-untagged", STR("thread_id"), STR_NONE, EACH },
	{ STR("user_added_to_chat"), "participant-joined", STR("thread_id"), STR("user"), EACH },
	{ STR("chat_user_added"), "participant-joined", STR("thread_id"), STR("user"), EACH },
	{ STR("user_removed_from_chat"), "participant-left", STR("thread_id"), STR("user_id"), EACH },
	{ STR("chat_user_removed"), "participant-left", STR("thread_id"), STR("user_id"), EACH },
	{ STR("events_marked_as_seen"), "read", STR("chat_id"), STR("user_id"), SEEN },
	{ STR("event_deleted"), "message-deleted", STR("event_id"), STR_NONE, ONCE },
	{ STR("event_properties_updated"), "message-updated", STR("event_id"), STR_NONE, EACH },
	{ STR("event_properties_deleted"), "message-updated", STR("event_id"), STR_NONE, EACH },
	{ STR("routing_status_set"), "agent-status", STR("agent_id"), STR("agent_id"), EACH },
	{ STR("incoming_customer"), "contact-updated", STR("customer"), STR("customer"), EACH },
	{ STR("customer_session_fields_updated"), "contact-updated", STR("id"), STR("id"), EACH },
};

/* The id that the member ${name} is, or has inside; {NULL, 0} if there is none. */
static struct str member_id(const struct json *payload, struct str name)
{
	const struct json *v = name.p ? json_getn(payload, name) : NULL;
	struct str id = json_text(json_is(v, JSON_OBJECT) ? json_get(v, "id") : v);

	return id.n > 0 ? id : STR_NONE;
}

/* What of ${v}, the payload's member ${name}, has no place in the event ${c}. */
static void put_member(struct buf *data, const struct canon *c, struct str name, const struct json *v)
{
	static const struct str inside[] = { STR("id"), STR("name") };

	if (json_is(v, JSON_OBJECT))
		leftover_members(data, name, v, inside, c->from.name.p ? 2 : 1);
}

static struct str action_data(const struct livechat_hook *w, const struct action *a,
			      const struct canon *c)
{
	/* thread_id stays where the data of messages have it, too. */
	bool subject = member_id(w->payload, a->subject).p && !str_eq(a->subject, STR("thread_id"));
	bool actor = member_id(w->payload, a->actor).p;
	const struct str taken[] = {
		subject ? a->subject : STR_NONE,
		actor ? a->actor : STR_NONE,
		w->chat.p ? STR("chat_id") : STR_NONE,
	};
	struct buf data = leftover_begin();

	leftover_members(&data, STR_NONE, w->payload, taken, LEN(taken));
	if (subject)
		put_member(&data, c, a->subject, json_getn(w->payload, a->subject));
	if (actor && !str_eq(a->actor, a->subject))
		put_member(&data, c, a->actor, json_getn(w->payload, a->actor));
	livechat_envelope(w, &data, false);
	return leftover_end(w->arena, &data);
}

/* All of the payload, of which nothing is known. */
static void unsupported(const struct livechat_hook *w)
{
	static const char *const ids[] = { "event_id", "thread_id", "id", "agent_id" };
	struct canon *c = livechat_new(w, CANON_EVENT);
	const struct json *payload = json_get(w->body, "payload");
	struct buf data = leftover_begin();

	c->event = "unsupported";
	c->id_suffix = w->id;
	for (size_t i = 0; i < LEN(ids) && c->external_id.n == 0; i++)
		c->external_id = json_text(json_get(w->payload, ids[i]));
	if (c->external_id.n == 0)
		c->external_id = w->chat;
	if (payload)
		json_add_value(&data, "payload", payload);
	livechat_envelope(w, &data, false);
	c->carrier_data = leftover_end(w->arena, &data);
}

static void plain(const struct livechat_hook *w, const struct action *a)
{
	struct str subject = member_id(w->payload, a->subject);
	struct str actor = member_id(w->payload, a->actor);
	struct canon *c;

	if (!subject.p && !w->chat.p) {
		unsupported(w);
		return;
	}
	c = livechat_new(w, CANON_EVENT);
	c->event = a->event;
	c->external_id = subject.p ? subject : w->chat;
	if (a->once == EACH || (a->once == ONCE && !subject.p))
		c->id_suffix = w->id;
	else if (a->once == SEEN)
		c->id_suffix = arena_join(w->arena, arena_join(w->arena, actor, STR("/")),
					  json_text(json_get(w->payload, "seen_up_to")));
	if (str_eq(a->subject, STR("event_id")))
		c->reply_to = subject;
	if (actor.p)
		livechat_parties(w, c, actor);
	c->carrier_data = action_data(w, a, c);
}

/* ---- a thread begins ---- */

static struct str chat_data(const struct livechat_hook *w, const struct canon *c,
			    const struct json *chat, const struct json *thread)
{
	static const struct str of_payload[] = { STR("chat") };
	const struct str of_chat[] = { STR("thread"), w->chat.p ? STR("id") : STR_NONE };
	const struct str of_thread[] = {
		json_is(json_get(thread, "events"), JSON_ARRAY) ? STR("events") : STR_NONE,
		w->thread.p ? STR("id") : STR_NONE,
		c->at.p ? STR("created_at") : STR_NONE,
	};
	struct buf data = leftover_begin();

	if (w->thread.p)
		json_add_value(&data, "thread_id", json_get(thread, "id"));
	leftover_members(&data, STR_NONE, w->payload, of_payload, LEN(of_payload));
	leftover_members(&data, STR("chat"), chat, of_chat, LEN(of_chat));
	leftover_members(&data, STR("thread"), thread, of_thread, LEN(of_thread));
	livechat_envelope(w, &data, false);
	return leftover_end(w->arena, &data);
}

static void incoming_chat(const struct livechat_hook *w)
{
	const struct json *chat = json_get(w->payload, "chat"), *thread = json_get(chat, "thread");
	struct canon *c;

	if (!json_is(thread, JSON_OBJECT) || (!w->thread.p && !w->chat.p)) {
		unsupported(w);
		return;
	}
	c = livechat_new(w, CANON_EVENT);
	c->event = "chat-opened";
	c->external_id = w->thread.p ? w->thread : w->chat;
	if (!w->thread.p)
		c->id_suffix = w->id;
	c->at = clock_utc(w->arena, json_get_str(thread, "created_at"));
	if (w->customer.p) {
		livechat_parties(w, c, w->customer);
		c->direction = NULL; /* either side may have begun */
	}
	c->carrier_data = chat_data(w, c, chat, thread);
	if (!json_is(json_get(thread, "events"), JSON_ARRAY))
		return;
	for (struct json_iter it = json_iter(json_get(thread, "events")); json_next(&it);)
		livechat_event(w, it.value, LIVECHAT_PART);
}

/* ---- a button was pressed ---- */

/* No event of its own stands for it: the id is made of what tells it from other presses. */
static struct str press_id(const struct livechat_hook *w, const struct json *postback)
{
	const struct str parts[] = {
		json_text(json_get(w->payload, "event_id")),
		json_text(json_get(w->payload, "user_id")),
		json_text(json_get(postback, "id")),
		json_true(json_get(postback, "toggled")) ? STR("on") : STR("off"),
	};
	struct str id = parts[0];

	for (size_t i = 1; i < LEN(parts); i++)
		id = arena_join(w->arena, arena_join(w->arena, id, STR("/")), parts[i]);
	return id;
}

static void postback(const struct livechat_hook *w)
{
	static const struct str known[] = {
		STR("postback"),
		STR("user_id"),
		STR("event_id"),
		STR("chat_id"),
	};
	static const struct str inside[] = { STR("id") };
	const struct json *press = json_get(w->payload, "postback");
	struct str id = json_text(json_get(press, "id"));
	struct str user = json_text(json_get(w->payload, "user_id"));
	struct str event = json_text(json_get(w->payload, "event_id"));
	struct buf reply, data;
	struct canon *c;

	if (id.n == 0 || user.n == 0 || event.n == 0) {
		unsupported(w);
		return;
	}
	c = livechat_new(w, CANON_MESSAGE);
	livechat_parties(w, c, user);
	c->external_id = press_id(w, press);
	c->type = "reply";
	c->reply_to = event;
	c->reply.kind = "postback";
	c->reply.id = id;
	if (str_eq(json_get_str(press, "button_type"), STR("message")))
		c->text = json_get_str(press, "button_value");
	reply = leftover_begin();
	leftover_members(&reply, STR_NONE, press, inside, LEN(inside));
	c->reply.data = leftover_end(w->arena, &reply);
	data = leftover_begin();
	leftover_members(&data, STR_NONE, w->payload, known, w->chat.p ? LEN(known) : LEN(known) - 1);
	livechat_envelope(w, &data, true);
	c->carrier_data = leftover_end(w->arena, &data);
}

/* ---- all actions ---- */

static void incoming_event(const struct livechat_hook *w)
{
	livechat_event(w, json_get(w->payload, "event"), LIVECHAT_NEW);
}

static void event_updated(const struct livechat_hook *w)
{
	livechat_event(w, json_get(w->payload, "event"), LIVECHAT_EDITED);
}

/* The actions that do not become one event. */
static const struct {
	struct str name, member; /* the member of the payload that must be an object */
	void (*read)(const struct livechat_hook *w);
} others[] = {
	{ STR("incoming_event"), STR("event"), incoming_event },
	{ STR("incoming_chat"), STR("chat"), incoming_chat },
	{ STR("incoming_rich_message_postback"), STR("postback"), postback },
	{ STR("event_updated"), STR("event"), event_updated },
};

void livechat_action(const struct livechat_hook *w)
{
	for (size_t i = 0; i < LEN(others); i++)
		if (str_eq(w->action, others[i].name) &&
		    json_is(json_getn(w->payload, others[i].member), JSON_OBJECT)) {
			others[i].read(w);
			return;
		}
	for (size_t i = 0; i < LEN(actions); i++)
		if (str_eq(w->action, actions[i].name)) {
			plain(w, &actions[i]);
			return;
		}
	unsupported(w);
}
