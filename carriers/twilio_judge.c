/* SPDX-License-Identifier: MIT */
#include "judge.h"
#include "twilio.h"

/* What fails for the person or for the words, whoever sends it; in order of code. */
static const uint64_t hopeless[] = { 21211, 21217, 21614, 30005, 30006, 30007, 63013, 63031 };

static bool is_hopeless(uint64_t code)
{
	for (size_t i = 0; i < LEN(hopeless); i++)
		if (hopeless[i] == code)
			return true;
	return false;
}

/* What ${code} means beside the HTTP status; of a code that is not known the status decides. */
static const char *class_of(const struct judging *g, uint64_t code)
{
	const struct cause *known = twilio_error(code);

	if (g->r->status == 429)
		return CAUSE_THROTTLED;
	if (known)
		return known->class;
	return judge_ok(g) ? CAUSE_PERMANENT : judge_class(g->r->status);
}

static void judge_failure(struct judging *g, const struct json *code, struct str text)
{
	const struct cause *known;
	uint64_t n = 0;

	(void)str_u64(json_text(code), &n);
	known = twilio_error(n);
	if (text.n == 0 && known)
		text = str_c(known->text);
	judge_error(g, class_of(g, n), json_text(code), text);
	if (is_hopeless(n))
		g->j->failover = false;
}

/* True if what was asked for was only that a template be made. */
static bool was_content(const struct dispatch *d)
{
	struct err e;
	struct sending s = { .d = d, .e = &e, .carrier = "twilio" };

	return json_get(d->message, "interactive") && send_read(&s) == 0 && twilio_makes_content(&s);
}

/* A message can be over before it began: no callback tells of that. */
static bool is_over(struct str status)
{
	return str_eq(status, STR("failed")) || str_eq(status, STR("undelivered")) ||
	       str_eq(status, STR("canceled"));
}

static void judge_success(struct judging *g)
{
	struct str sid = json_get_str(g->body, "sid");

	if (was_content(g->d)) {
		if (str_prefix(sid, STR("HX")))
			judge_next(g, sid);
		else
			judge_error(g, CAUSE_TEMP, STR_NONE,
				    STR("the template was answered without a ContentSid"));
	} else if (g->r->cut || !g->body) {
		judge_unknown(g, g->r->cut ? "the answer was cut off" : "the answer is no JSON");
	} else if (str_prefix(sid, STR("SM")) || str_prefix(sid, STR("MM"))) {
		if (is_over(json_get_str(g->body, "status")))
			judge_failure(g, json_get(g->body, "error_code"),
				      json_get_str(g->body, "error_message"));
		else
			judge_sent(g, sid);
	} else if (json_true(json_get(g->body, "success"))) {
		judge_sent(g, STR_NONE);
	} else {
		judge_unknown(g, "the answer has no sid of a message");
	}
}

void twilio_judge(const struct dispatch *d, const struct response *r, struct judgement *j)
{
	struct judging g = judge_begin(d, r, j);
	const struct json *code = json_get(g.body, "code");

	if (judge_ok(&g))
		judge_success(&g);
	else if (json_text(code).n > 0)
		judge_failure(&g, code, json_get_str(g.body, "message"));
	else
		judge_status(&g);
}
