/* SPDX-License-Identifier: MIT */
#include "judge.h"
#include "limit.h"

enum { SECRET_LEAST = 6 }; /* characters: what is shorter could be any word of a text */

struct judging judge_begin(const struct dispatch *d, const struct response *r, struct judgement *j)
{
	struct judging g = { d, r, j, NULL };
	struct err not_json;

	if (!r->cut && r->body.n > 0)
		g.body = json_parse(r->body, j->arena, &not_json);
	return g;
}

bool judge_ok(const struct judging *g)
{
	return g->r->status >= 200 && g->r->status <= 299;
}

static struct str kept(struct judging *g, struct str s)
{
	return s.p ? arena_str(g->j->arena, s) : STR_NONE;
}

void judge_sent(struct judging *g, struct str id)
{
	g->j->outcome = OUTCOME_SENT;
	g->j->external_id = id.n > 0 ? kept(g, id) : STR_NONE;
}

void judge_next(struct judging *g, struct str carry)
{
	g->j->outcome = OUTCOME_NEXT;
	g->j->carry = kept(g, carry);
}

void judge_unknown(struct judging *g, const char *why)
{
	judge_error(g, CAUSE_UNKNOWN, STR_NONE, str_c(why));
}

/* ${text} with asterisks in place of each ${secret}: some carriers repeat the token that they refuse. */
static struct str without(struct arena *a, struct str text, struct str secret)
{
	struct buf b = { .max = SIZE_MAX };
	struct str out;
	size_t at;

	if (secret.n < SECRET_LEAST || str_search(text, secret) == text.n)
		return text;
	while ((at = str_search(text, secret)) < text.n) {
		buf_add(&b, text.p, at);
		buf_lit(&b, "***");
		text = str_sub(text, at + secret.n, text.n);
	}
	buf_str(&b, text);
	out = arena_str(a, buf_get(&b));
	buf_free(&b);
	return out;
}

static struct str shown(struct judging *g, struct str text)
{
	for (size_t i = 0; i < SEND_KEYS; i++)
		text = without(g->j->arena, text, g->d->account->send[i]);
	return kept(g, str_utf8_cut(text, SHARED_MAX));
}

void judge_error(struct judging *g, const char *class, struct str code, struct str text)
{
	struct judgement *j = g->j;

	if (text.n == 0)
		text = arena_fmt(j->arena, "HTTP status %d", g->r->status);
	j->error = (struct canon_error){
		.class = class,
		.text = shown(g, text),
		.carrier_code = code.n > 0 ? kept(g, str_utf8_cut(code, SHARED_MAX)) : STR_NONE,
	};
	if (strcmp(class, CAUSE_UNKNOWN) == 0)
		j->outcome = OUTCOME_UNKNOWN;
	else if (strcmp(class, CAUSE_TEMP) == 0 || strcmp(class, CAUSE_THROTTLED) == 0)
		j->outcome = OUTCOME_RETRY;
	else
		j->outcome = OUTCOME_FAILED;
	j->failover = j->outcome != OUTCOME_UNKNOWN && strcmp(class, CAUSE_OPTED_OUT) != 0;
}

const char *judge_class(int status)
{
	if (status == 401 || status == 403 || status == 407 || (status >= 300 && status <= 399))
		return CAUSE_CREDENTIALS;
	if (status == 429)
		return CAUSE_THROTTLED;
	if (status == 408 || status == 425 || (status >= 500 && status <= 599))
		return CAUSE_TEMP;
	return status >= 400 && status <= 499 ? CAUSE_PERMANENT : CAUSE_UNKNOWN;
}

void judge_status(struct judging *g)
{
	judge_error(g, judge_class(g->r->status), STR_NONE, STR_NONE);
}
