/* SPDX-License-Identifier: MIT */
#include "judge.h"
#include "whatsapp.h"

enum {
	NOT_TO_ONESELF = 131021,
	SPAM_LIMIT = 131048,  /* the number is under suspicion: slower will not do */
	MAINTENANCE = 131057, /* of the account: about a minute */
};

/* True if what was asked for was only that a file be taken. */
static bool was_upload(const struct dispatch *d)
{
	struct err e;
	struct submit out = { .parts = 1 };
	struct sending s = { .d = d, .out = &out, .e = &e, .carrier = "whatsapp" };

	return d->step == 0 && json_get(d->message, "media") && send_read(&s) == 0 &&
	       whatsapp_upload(&s);
}

static void judge_success(struct judging *g)
{
	struct str id = json_text(json_get(json_at(json_get(g->body, "messages"), 0), "id"));
	struct str media = json_text(json_get(g->body, "id"));

	if (was_upload(g->d) && media.n > 0) {
		judge_next(g, media);
	} else if (was_upload(g->d)) {
		judge_error(g, CAUSE_TEMP, STR_NONE, STR("the upload was answered without an id"));
	} else if (g->r->cut || !g->body) {
		judge_unknown(g, g->r->cut ? "the answer was cut off" : "the answer is no JSON");
	} else if (id.n > 0) {
		judge_sent(g, id);
	} else if (json_true(json_get(g->body, "success"))) {
		judge_sent(g, STR_NONE);
	} else {
		judge_unknown(g, "the answer has no id of a message");
	}
}

/* Minutes until calls are taken again, the longest that a header speaks of, in milliseconds; -1: none. */
static int64_t regain_ms(const struct judging *g)
{
	int64_t most = -1, minutes;
	struct err e;

	for (size_t i = 0; i < g->r->n_headers; i++) {
		const struct json *usage;

		if (!str_eq(g->r->headers[i].name, STR("x-business-use-case-usage")))
			continue;
		usage = json_parse(g->r->headers[i].value, g->j->arena, &e);
		for (struct json_iter of = json_iter(usage); json_next(&of);)
			for (struct json_iter it = json_iter(of.value); json_next(&it);)
				if (json_i64(json_get(it.value, "estimated_time_to_regain_access"),
					     &minutes) == 0 &&
				    minutes > most && minutes <= 7 * 24 * 60)
					most = minutes;
	}
	return most > 0 ? most * 60000 : -1;
}

static const char *class_of(const struct judging *g, const struct json *error)
{
	const char *class = whatsapp_error(json_get(error, "code"));

	if (g->r->status == 429)
		return CAUSE_THROTTLED;
	if (strcmp(class, CAUSE_UNKNOWN) != 0)
		return class;
	if (g->r->status >= 500 || json_true(json_get(error, "is_transient")))
		return CAUSE_TEMP;
	return CAUSE_PERMANENT;
}

static void judge_failure(struct judging *g, const struct json *error)
{
	const char *class = class_of(g, error);
	int64_t code = 0;

	(void)json_i64_text(json_get(error, "code"), &code);
	judge_error(g, class, json_text(json_get(error, "code")),
		    whatsapp_error_text(g->j->arena, error));
	if (code == NOT_TO_ONESELF)
		g->j->failover = false;
	if (strcmp(class, CAUSE_THROTTLED) == 0)
		g->j->retry_ms = code == SPAM_LIMIT ? 3600000 : regain_ms(g);
	else if (code == MAINTENANCE)
		g->j->retry_ms = 60000;
}

void whatsapp_judge(const struct dispatch *d, const struct response *r, struct judgement *j)
{
	struct judging g = judge_begin(d, r, j);
	const struct json *error = json_get(g.body, "error");

	if (json_is(error, JSON_OBJECT))
		judge_failure(&g, error);
	else if (!judge_ok(&g))
		judge_status(&g);
	else
		judge_success(&g);
}
