/* SPDX-License-Identifier: MIT */
#include "bandwidth.h"

#include "judge.h"

/* What the error says: its description, then what it finds wrong with each field. */
static struct str describe(const struct json *body, struct arena *a)
{
	struct str text = json_get_str(body, "description");

	for (struct json_iter it = json_iter(json_get(body, "fieldErrors"));
	     !it.object && json_next(&it);) {
		struct str field = json_get_str(it.value, "fieldName");
		struct str wrong = json_get_str(it.value, "description");

		text = arena_fmt(a, "%.*s%s%.*s: %.*s", STR_FMT(text), text.n ? "; " : "",
				 STR_FMT(field), STR_FMT(wrong));
	}
	return text;
}

/* True if the request put a file at Bandwidth, for a message that comes later. */
static bool uploaded(const struct dispatch *d)
{
	struct submit made = { .parts = 1 };
	struct err e;

	return bandwidth_request(d, &made, &e) == 0 && made.prepares;
}

/* An answer of Bandwidth itself, which has a type, says that nothing was sent, whatever its status. */
static const char *class_of(int status, struct str type)
{
	const char *class = judge_class(status);

	return type.n && strcmp(class, CAUSE_UNKNOWN) == 0 ? CAUSE_TEMP : class;
}

/* Gateways in front answer with other JSON, HTML or nothing: the status decides. */
void bandwidth_judge(const struct dispatch *d, const struct response *r, struct judgement *j)
{
	struct judging g = judge_begin(d, r, j);
	struct str id = json_text(json_get(g.body, "id")), type = json_get_str(g.body, "type");

	if (!id.n) /* of several channels */
		id = json_text(json_get(json_get(g.body, "data"), "id"));
	if (!judge_ok(&g))
		judge_error(&g, class_of(r->status, type), type, describe(g.body, j->arena));
	else if (json_get(d->message, "media") && uploaded(d))
		judge_next(&g, STR_NONE);
	else if (id.n)
		judge_sent(&g, id);
	else
		judge_unknown(&g, "the answer names no id of the message");
}
