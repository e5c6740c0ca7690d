/* SPDX-License-Identifier: MIT */
#include "messagebird.h"

#include "judge.h"

enum { HOLD_MS = 900000 }; /* until somebody may have paid */

/* ---- classes ---- */

/* Codes in `errors` of SMS and Conversations, in order. */
static const struct cause codes[] = {
	{ 2, CAUSE_CREDENTIALS, "request not allowed" },
	{ 9, CAUSE_PERMANENT, "missing parameter" },
	{ 10, CAUSE_PERMANENT, "invalid parameter" },
	{ 20, CAUSE_PERMANENT, "not found" },
	{ 21, CAUSE_PERMANENT, "bad request" },
	{ 25, CAUSE_CREDENTIALS, "not enough balance" },
	{ 98, CAUSE_PERMANENT, "unknown API" },
	{ 99, CAUSE_TEMP, "internal error" },
	{ 1001, CAUSE_CREDENTIALS, "invalid credential" },
};

enum { BALANCE = 25 };

static bool unpaid(int status)
{
	return status == 402;
}

/* The message waits: it will go when there is balance again. */
static void hold(struct judging *g)
{
	g->j->outcome = OUTCOME_RETRY;
	g->j->retry_ms = HOLD_MS;
}

static const char *class_of_status(int status)
{
	return unpaid(status) ? CAUSE_CREDENTIALS : judge_class(status);
}

static const char *class_of_code(int64_t code, int status)
{
	const struct cause *known = cause_find(codes, LEN(codes), code);

	if (!known)
		known = messagebird_error(MESSAGEBIRD_CONVERSATION, code);
	return known ? known->class : class_of_status(status);
}

/* How bad a class is: of several errors the worst counts. */
static int weight(const char *class)
{
	static const char *const order[] = { CAUSE_UNKNOWN, CAUSE_TEMP, CAUSE_THROTTLED,
					     CAUSE_PERMANENT, CAUSE_CREDENTIALS };
	int i = LEN(order) - 1;

	while (i > 0 && strcmp(order[i], class) != 0)
		i--;
	return i;
}

/* ---- errors of SMS and Conversations ---- */

static struct str describe(const struct json *error, struct arena *a)
{
	struct str text = json_get_str(error, "description");
	struct str parameter = json_get_str(error, "parameter");

	if (!text.n)
		text = json_get_str(error, "message");
	return parameter.n && text.n ? arena_fmt(a, "%.*s (%.*s)", STR_FMT(text), STR_FMT(parameter)) :
				       text;
}

static void judge_codes(struct judging *g)
{
	const struct json *errors = json_get(g->body, "errors"), *worst = NULL;
	const char *class = class_of_status(g->r->status);
	int64_t code = 0, of_worst = 0;

	for (struct json_iter it = json_iter(errors); !it.object && json_next(&it);) {
		const char *mine;

		if (json_i64_text(json_get(it.value, "code"), &code) < 0)
			code = 0;
		mine = class_of_code(code, g->r->status);
		if (worst && weight(mine) <= weight(class))
			continue;
		worst = it.value;
		class = mine;
		of_worst = code;
	}
	judge_error(g, class, json_text(json_get(worst, "code")), describe(worst, g->j->arena));
	if (of_worst == BALANCE || unpaid(g->r->status))
		hold(g);
}

/* ---- errors of Channels ---- */

static void judge_channels(struct judging *g)
{
	judge_error(g, class_of_status(g->r->status), json_text(json_get(g->body, "code")),
		    json_get_str(g->body, "message"));
	if (unpaid(g->r->status))
		hold(g);
}

/* ---- errors of the platform ---- */

static const struct {
	struct str type;
	const char *class;
} types[] = {
	{ STR("auth_error"), CAUSE_CREDENTIALS },
	{ STR("permission_error"), CAUSE_CREDENTIALS },
	{ STR("billing_error"), CAUSE_CREDENTIALS },
	{ STR("validation_error"), CAUSE_PERMANENT },
	{ STR("not_found"), CAUSE_PERMANENT },
	{ STR("payload_too_large"), CAUSE_PERMANENT },
	{ STR("rate_limit_error"), CAUSE_THROTTLED },
};

/*
 * One request with the same key is still being handled, and this one is to come again; or the key was
 * used for something else.
 */
static const char *class_of_conflict(struct str code)
{
	return str_eq(code, STR("E01004")) ? CAUSE_TEMP : CAUSE_PERMANENT;
}

static void judge_platform(struct judging *g)
{
	const struct json *error = json_get(g->body, "error");
	struct str type = json_get_str(error, "type"), code = json_get_str(error, "code");
	const char *class = class_of_status(g->r->status);

	for (size_t i = 0; i < LEN(types); i++)
		if (str_eq(type, types[i].type))
			class = types[i].class;
	if (str_eq(type, STR("conflict")) || g->r->status == 409)
		class = class_of_conflict(code);
	judge_error(g, class, code.n ? code : type, json_get_str(error, "message"));
	if (str_eq(type, STR("billing_error")) || unpaid(g->r->status))
		hold(g);
}

/* ---- files for Channels ---- */

/* The place for the file was asked for, or the file put there, as ${made} did. */
static void judge_file(struct judging *g, const struct submit *made)
{
	struct arena *a = g->j->arena;
	struct err not_json;
	const struct json *place =
		made->auth.how == SUBMIT_OPEN ? json_parse(g->d->carry, a, &not_json) : g->body;
	struct str url = json_get_str(place, "mediaUrl");
	struct buf b = { .max = LINE_MAX_BYTES };

	if (made->auth.how != SUBMIT_OPEN && !judge_ok(g)) {
		judge_channels(g);
	} else if (!judge_ok(g)) { /* the place is another host's, and may have been closed: ask anew */
		judge_error(g, CAUSE_TEMP, STR_NONE, STR_NONE);
	} else if (!url.n || (made->auth.how != SUBMIT_OPEN && !json_get_str(place, "uploadUrl").n)) {
		judge_error(g, CAUSE_TEMP, STR_NONE, STR("the answer does not say where the file goes"));
	} else if (made->auth.how != SUBMIT_OPEN) {
		judge_next(g, json_compact(a, place));
	} else {
		json_open(&b, '{');
		json_add_str(&b, "mediaUrl", url);
		json_close(&b, '}');
		judge_next(g, buf_get(&b));
	}
	buf_free(&b);
}

static bool prepared(const struct dispatch *d, struct submit *made)
{
	struct err e;

	*made = (struct submit){ .parts = 1 };
	return json_get(d->message, "media") && messagebird_request(d, made, &e) == 0 && made->prepares;
}

void messagebird_judge(const struct dispatch *d, const struct response *r, struct judgement *j)
{
	struct judging g = judge_begin(d, r, j);
	enum messagebird_api api = messagebird_api(d->account);
	struct str id = json_text(json_get(g.body, "id"));
	struct submit made;

	if (api == MESSAGEBIRD_CHANNELS && prepared(d, &made))
		judge_file(&g, &made);
	else if (judge_ok(&g) && id.n)
		judge_sent(&g, id);
	else if (judge_ok(&g))
		judge_unknown(&g, "the answer names no id of the message");
	else if (api == MESSAGEBIRD_PLATFORM)
		judge_platform(&g);
	else if (api == MESSAGEBIRD_CHANNELS)
		judge_channels(&g);
	else
		judge_codes(&g);
}
