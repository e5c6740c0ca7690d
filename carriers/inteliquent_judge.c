/* SPDX-License-Identifier: MIT */
#include "inteliquent.h"
#include "judge.h"

/* What an answer says of itself, in whichever of the shapes it comes. */
struct said {
	struct str code, text;
};

static bool is_true(const struct json *v)
{
	return json_true(v) || str_eq_nocase(json_str(v), STR("true"));
}

static bool is_false(const struct json *v)
{
	return (json_is(v, JSON_BOOL) && !json_true(v)) || str_eq_nocase(json_str(v), STR("false"));
}

/* The first text that one of ${keys} holds, in ${v} or in its member "response". */
static struct str first_text(const struct json *v, const char *const *keys, size_t n)
{
	const struct json *places[] = { v, json_get(v, "response") };

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < LEN(places); k++) {
			const struct json *m = json_get(places[k], keys[i]);

			if (json_is(m, JSON_ARRAY))
				m = json_at(m, 0);
			if (json_is(m, JSON_OBJECT))
				m = json_get(m, "message");
			if (json_text(m).n > 0)
				return json_text(m);
		}
	return STR_NONE;
}

static struct said said_by(const struct json *body)
{
	static const char *const texts[] = { "detail",  "reason", "error",
					     "message", "errors", "status" };
	static const char *const codes[] = { "reason", "statusCode", "code" };

	return (struct said){ .code = first_text(body, codes, LEN(codes)),
			      .text = first_text(body, texts, LEN(texts)) };
}

/* The gateway in front knows the key, or does not; its faults are XML as well as JSON. */
static bool bad_key(const struct judging *g, struct str code)
{
	return str_eq(code, STR("401001")) || str_eq(code, STR("900901")) ||
	       (!g->body && str_search(g->r->body, STR("900901")) < g->r->body.n);
}

static const char *class_of(const struct judging *g, const struct said *what)
{
	int status = g->r->status;
	const char *hint;

	if (status == 401 || status == 403 || bad_key(g, what->code))
		return CAUSE_CREDENTIALS;
	if (status == 429)
		return CAUSE_THROTTLED;
	if (status == 430 || status == 431)
		return CAUSE_TEMP;
	if (status >= 500 && status <= 599)
		return judge_class(status);
	hint = inteliquent_text_class(what->text);
	if (!hint)
		hint = inteliquent_text_class(what->code);
	if (hint)
		return hint;
	/* 408 is a message that is refused; without a body it is a time that ran out. */
	if (judge_ok(g) || (status == 408 && g->body))
		return CAUSE_PERMANENT;
	return judge_class(status);
}

static void judge_failure(struct judging *g, struct said what)
{
	const char *class = class_of(g, &what);

	judge_error(g, class, what.code, what.text);
	/* Words that mean "spam": what is sent another way is no less. */
	if (strcmp(class, CAUSE_PERMANENT) == 0 && inteliquent_text_class(what.text))
		g->j->failover = false;
}

/* In a group one who was reached is enough: the others have receipts of their own. */
static void judge_accepted(struct judging *g)
{
	const struct json *result = json_get(g->body, "result");
	struct str id = json_text(json_get(result, "referenceId"));
	struct said refused = { STR_NONE, STR_NONE };
	bool any = false, reached = false;

	for (struct json_iter it = json_iter(json_get(result, "resultResponses")); json_next(&it);) {
		struct str status = json_text(json_get(it.value, "status"));

		any = true;
		if (status.n == 0 || str_eq_nocase(status, STR("SUCCESS")))
			reached = true;
		else if (!refused.code.p)
			refused = (struct said){ status, status };
	}
	if (any && !reached)
		judge_failure(g, refused);
	else
		judge_sent(g, id);
}

void inteliquent_judge(const struct dispatch *d, const struct response *r, struct judgement *j)
{
	struct judging g = judge_begin(d, r, j);
	const struct json *success = json_get(g.body, "success");

	if (!success)
		success = json_get(json_get(g.body, "response"), "success");
	if (!judge_ok(&g) || is_false(success))
		judge_failure(&g, said_by(g.body));
	else if (is_true(success))
		judge_accepted(&g);
	else
		judge_unknown(&g, r->cut ? "the answer was cut off" :
				  g.body ? "the answer says neither yes nor no" :
					   "the answer is no JSON");
}
