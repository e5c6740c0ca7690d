/* SPDX-License-Identifier: MIT */
#include "push_gateway.h"

enum { TTL_MOST = 2419200, TOPIC_MAX = 32 };

/*
 * The members of the browser's own notifications, so that a page's worker can show them as they are.  With a link it
 * is a declarative message (`web_push`), which browsers that know such show without the page.
 */
static int render(struct buf *b, const struct push_note *n, const struct push_device *d,
		  struct str body, struct err *e)
{
	(void)d;
	(void)e;
	json_open(b, '{');
	if (n->link.p && n->title.p)
		json_add_i64(b, "web_push", 8030);
	json_key(b, "notification");
	json_open(b, '{');
	json_opt_str(b, "title", n->title);
	json_opt_str(b, "body", body);
	json_opt_str(b, "navigate", n->link);
	json_opt_str(b, "image", n->image);
	json_opt_str(b, "tag", n->collapse);
	if (n->data)
		json_add_value(b, "data", n->data);
	json_close(b, '}');
	if (n->badge >= 0)
		json_add_i64(b, "app_badge", n->badge);
	json_close(b, '}');
	return 0;
}

static size_t size(struct str payload, struct arena *arena)
{
	(void)arena;
	return payload.n;
}

static size_t most(const struct push_note *n, const struct push_device *d)
{
	(void)n;
	(void)d;
	return WEBPUSH_TEXT_MAX;
}

static int request(struct push_post *x, const struct push_note *n, const struct push_device *d,
		   struct push_account *a, int64_t now, struct arena *arena, struct err *e)
{
	static const char *const allowed[] = { "ttl", "urgency", "topic", NULL };
	static const struct str urgency[] = { STR_NONE, STR("high"), STR("normal"), STR("low") };

	(void)a;
	(void)now;
	x->url = d->token;
	x->idempotent = n->collapse.n > 0; /* Topic: the second takes the place of the first */
	/* A service may refuse a request without TTL: as long as there is. */
	push_header(x, "ttl", n->ttl < 0 ? STR("2419200") : arena_fmt(arena, "%lld", (long long)n->ttl));
	push_header(x, "urgency", urgency[n->priority]);
	push_header(x, "topic", push_word(n->collapse, TOPIC_MAX, true, arena));
	push_header(x, "content-type", STR("application/octet-stream"));
	push_header(x, "content-encoding", STR("aes128gcm"));
	return push_header_overrides(x, n, d, allowed, arena, e);
}

/* Mozilla's numbers for what its status says more coarsely. */
static void by_errno(const struct json *body, struct push_judgement *j)
{
	int64_t number;

	if (json_i64(json_get(body, "errno"), &number) < 0)
		return;
	if (number == 102 || number == 103 || number == 105 || number == 106)
		j->verdict = PUSH_GONE;
	else if (number == 109)
		j->verdict = PUSH_CREDENTIALS;
}

static void judge(const struct response *r, int64_t now, struct arena *arena, struct push_judgement *j)
{
	const struct json *body;

	if (r->status >= 200 && r->status < 300) {
		j->verdict = PUSH_SENT;
		j->external_id = push_answer_header(r, "location");
		return;
	}
	body = push_answer_json(r, arena);
	j->code = json_get_str(body, "reason");
	if (!j->code.p)
		j->code = json_text(json_get(body, "errno"));
	j->text = json_get_str(body, "message");
	j->retry_at = push_retry_at(r, now);
	j->whole = true;
	j->moved = push_answer_header(r, "location");
	j->for_ever = r->status == 301 || r->status == 308;
	if (!j->for_ever && r->status != 307)
		j->moved = STR_NONE;
	if (r->status == 404 || r->status == 410)
		j->verdict = PUSH_GONE;
	else if (r->status == 401 || r->status == 403 ||
		 (r->status == 400 && str_search(r->body, STR("UnauthorizedRegistration")) < r->body.n))
		j->verdict = PUSH_CREDENTIALS;
	else if (r->status == 429)
		j->verdict = PUSH_LIMITED;
	else if (r->status >= 500 || (r->status >= 300 && r->status < 400))
		j->verdict = PUSH_RETRY;
	by_errno(body, j);
}

const struct push_gateway push_web = { render, size, most, request, judge };
