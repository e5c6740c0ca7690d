/* SPDX-License-Identifier: MIT */
#include "livechat.h"

#include "judge.h"

enum { REGION_MAX = 16 };

/* What `error.type` means where no other step can help; in order. */
static const struct meaning {
	struct str type;
	const char *class;
} meanings[] = {
	{ STR("agent_offline"), CAUSE_TEMP },
	{ STR("already_exists"), CAUSE_PERMANENT },
	{ STR("authentication"), CAUSE_CREDENTIALS },
	{ STR("authorization"), CAUSE_PERMANENT },
	{ STR("chat_anonymized"), CAUSE_PERMANENT },
	{ STR("chat_inactive"), CAUSE_PERMANENT },
	{ STR("customer_banned"), CAUSE_OPTED_OUT },
	{ STR("entity_too_large"), CAUSE_PERMANENT },
	{ STR("greeting_not_found"), CAUSE_PERMANENT },
	{ STR("group_not_found"), CAUSE_PERMANENT },
	{ STR("group_offline"), CAUSE_TEMP },
	{ STR("group_unavailable"), CAUSE_TEMP },
	{ STR("groups_offline"), CAUSE_TEMP },
	{ STR("internal"), CAUSE_TEMP },
	{ STR("license_expired"), CAUSE_CREDENTIALS },
	{ STR("license_not_found"), CAUSE_CREDENTIALS },
	{ STR("limit_reached"), CAUSE_PERMANENT },
	{ STR("misdirected_request"), CAUSE_PERMANENT },
	{ STR("missing_access"), CAUSE_PERMANENT },
	{ STR("not_allowed"), CAUSE_PERMANENT },
	{ STR("not_found"), CAUSE_PERMANENT },
	{ STR("pending_requests_limit_reached"), CAUSE_THROTTLED },
	{ STR("request_timeout"), CAUSE_TEMP },
	{ STR("requester_awaiting_approval"), CAUSE_CREDENTIALS },
	{ STR("requester_suspended"), CAUSE_CREDENTIALS },
	{ STR("seats_limit_exceeded"), CAUSE_PERMANENT },
	{ STR("service_unavailable"), CAUSE_TEMP },
	{ STR("too_many_requests"), CAUSE_THROTTLED },
	{ STR("unsupported_version"), CAUSE_PERMANENT },
	{ STR("users_limit_reached"), CAUSE_PERMANENT },
	{ STR("validation"), CAUSE_PERMANENT },
	{ STR("wrong_product_version"), CAUSE_CREDENTIALS },
};

/* A type that is not known means what the status does; where that says yes, it was no all the same. */
static const char *class_of(const struct judging *g, struct str type)
{
	for (size_t i = 0; i < LEN(meanings); i++)
		if (str_eq_nocase(type, meanings[i].type))
			return meanings[i].class;
	return judge_ok(g) ? CAUSE_PERMANENT : judge_class(g->r->status);
}

static void next(struct judging *g, const struct livechat_way *way)
{
	judge_next(g, livechat_way_put(g->j->arena, way));
}

/* It goes into a header. */
static bool plain(struct str region)
{
	for (size_t i = 0; i < region.n; i++)
		if (!(region.p[i] >= 'a' && region.p[i] <= 'z') &&
		    !(region.p[i] >= '0' && region.p[i] <= '9'))
			return false;
	return region.n > 0 && region.n <= REGION_MAX;
}

/* True if this step puts something into a chat that is there. */
static bool reaches_chat(const struct judging *g, const struct livechat_way *way)
{
	return (way->method == LIVECHAT_SEND || way->method == LIVECHAT_RESUME) &&
	       !livechat_uploads(g->d);
}

/* Another step that may help against an error of ${type}, each once.  Return false if there is none. */
static bool go_around(struct judging *g, struct livechat_way *way, struct str type,
		      const struct json *data)
{
	struct str region = json_get_str(data, "region");
	bool barred = str_eq_nocase(type, STR("authorization")) ||
		      str_eq_nocase(type, STR("missing_access")) ||
		      str_eq_nocase(type, STR("not_allowed"));

	if (str_eq_nocase(type, STR("misdirected_request")) && plain(region) && !way->region.n) {
		way->region = region;
	} else if (str_eq_nocase(type, STR("chat_inactive")) && way->method == LIVECHAT_SEND) {
		way->resume = true;
	} else if (barred && !way->joined && reaches_chat(g, way) && livechat_self(g->d->account).n) {
		way->join = true;
	} else {
		return false;
	}
	next(g, way);
	return true;
}

/* True if LiveChat gave up waiting for itself over what people may have seen by now. */
static bool may_be_there(const struct judging *g, const struct livechat_way *way, struct str type)
{
	return str_eq_nocase(type, STR("request_timeout")) &&
	       (reaches_chat(g, way) || way->method == LIVECHAT_START) && !livechat_uploads(g->d);
}

/* The decision is made by the type of the error, whatever the status says. */
static void judge_failure(struct judging *g, struct livechat_way *way, const struct json *error)
{
	struct str type = json_get_str(error, "type");

	if (may_be_there(g, way, type))
		judge_error(g, CAUSE_UNKNOWN, type, json_get_str(error, "message"));
	else if (!go_around(g, way, type, json_get(error, "data")))
		judge_error(g, class_of(g, type), type, json_get_str(error, "message"));
}

static void judge_upload(struct judging *g, struct livechat_way *way)
{
	way->file = json_get_str(g->body, "url");
	if (way->file.n)
		next(g, way);
	else /* nobody has seen it */
		judge_error(g, CAUSE_TEMP, STR_NONE, STR("the answer does not say where the file is"));
}

/* A thread is begun with one event. */
static void judge_thread(struct judging *g, const struct livechat_way *way)
{
	struct str id = json_text(json_at(json_get(g->body, "event_ids"), 0));
	struct str chat = json_text(json_get(g->body, "chat_id"));

	if (!id.n || (way->method == LIVECHAT_START && !chat.n)) {
		judge_unknown(g, "the answer names no id of the message or of the chat");
		return;
	}
	judge_sent(g, id);
	if (way->method == LIVECHAT_START)
		g->j->conversation = arena_str(g->j->arena, chat);
}

static void judge_event(struct judging *g)
{
	struct str id = json_text(json_get(g->body, "event_id"));

	if (id.n)
		judge_sent(g, id);
	else
		judge_unknown(g, "the answer names no id of the message");
}

static void judge_yes(struct judging *g, struct livechat_way *way)
{
	if (livechat_uploads(g->d)) {
		judge_upload(g, way);
		return;
	}
	switch (way->method) {
	case LIVECHAT_JOIN:
		way->join = false;
		way->joined = true;
		next(g, way);
		break;
	case LIVECHAT_RESUME:
	case LIVECHAT_START:
		judge_thread(g, way);
		break;
	case LIVECHAT_SEND:
		judge_event(g);
		break;
	default: /* typing, read: the answer is empty */
		judge_sent(g, STR_NONE);
	}
}

void livechat_judge(const struct dispatch *d, const struct response *r, struct judgement *j)
{
	struct judging g = judge_begin(d, r, j);
	const struct json *error = json_get(g.body, "error");
	struct livechat_way way;

	livechat_way_read(d, &way);
	if (json_is(error, JSON_OBJECT))
		judge_failure(&g, &way, error);
	else if (judge_ok(&g))
		judge_yes(&g, &way);
	else
		judge_status(&g);
}
