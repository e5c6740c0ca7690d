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

/* ${text} with asterisks in place of each ${secret}, which is there. */
static struct str hide(struct arena *a, struct str text, struct str secret)
{
	struct buf b = { .max = SIZE_MAX };
	struct str out;
	size_t at;

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

static bool is_base64(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '+' || c == '/' || c == '=' || c == '-' || c == '_';
}

/* What of ${secret} looks the same in all base64 in which ${before} bytes, but for whole threes, stand before it. */
static struct str core_of(struct arena *a, struct str secret, size_t before)
{
	struct str whole = base64_of(a, arena_join(a, (struct str){ "::", before }, secret));
	size_t first = before > 0 ? 4 : 0;

	return str_sub(whole, first, (before + secret.n) / 3 * 4 - first);
}

/*
 * ${text} without ${secret}: some carriers repeat the token that they refuse, or the header that it came in, where
 * it is base64.
 */
static struct str without(struct arena *a, struct str text, struct str secret)
{
	if (secret.n < SECRET_LEAST)
		return text;
	if (str_search(text, secret) < text.n)
		text = hide(a, text, secret);
	for (size_t before = 0; before < 3; before++) {
		struct str core = core_of(a, secret, before);
		size_t from, end;

		while ((from = str_search(text, core)) < text.n) {
			end = from + core.n;
			while (from > 0 && is_base64(text.p[from - 1]))
				from--;
			while (end < text.n && is_base64(text.p[end]))
				end++;
			text = hide(a, text, str_sub(text, from, end - from));
		}
	}
	return text;
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
		.carrier_code = code.n > 0 ? shown(g, code) : STR_NONE,
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
	if (status == 504 || status == 524)
		return CAUSE_UNKNOWN;
	if (status == 408 || status == 425 || (status >= 500 && status <= 599))
		return CAUSE_TEMP;
	return status >= 400 && status <= 499 ? CAUSE_PERMANENT : CAUSE_UNKNOWN;
}

void judge_status(struct judging *g)
{
	judge_error(g, judge_class(g->r->status), STR_NONE, STR_NONE);
}
