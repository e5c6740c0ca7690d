/* SPDX-License-Identifier: MIT */
/*
 * What carriers ask for step by step, and what they make of the answers:
 * tests/carriers/CARRIER/exchanges.ndjson.  A line is an exchange:
 *
 *	about    what it shows
 *	account  its configuration         \ where these are missing, they are those of the last line
 *	message  the record to be sent     / that has them
 *	part, split, from, to, now         of the dispatch; `from` and `to` else those of the message
 *	rounds   what goes and what comes: {request?, status, headers?, body?, cut?, want}; one round can stand
 *	         in the line itself.  `body` is text, or JSON as it is.  Of `request` (method, url, headers, auth, body …,
 *	         or refused) and `want`, the judgement (outcome, external_id, class …), what is not written
 *	         down is not looked at.  What is carried to the next round shows in what is asked for there.
 */
#include <glob.h>
#include <stdlib.h>

#include "file.h"
#include "send.h"
#include "unit.h"

/* An exchange being checked. */
struct exchange {
	const struct carrier *carrier;
	const struct json *account, *message, *line;
	struct account of;
	struct dispatch d;
};

static const struct carrier *const carriers[] = {
	&carrier_bandwidth,   &carrier_inteliquent, &carrier_livechat,
	&carrier_messagebird, &carrier_twilio,      &carrier_whatsapp,
};

static const struct carrier *carrier_of(const char *path)
{
	for (size_t i = 0; i < LEN(carriers); i++)
		if (strstr(path, carriers[i]->name))
			return carriers[i];
	return NULL;
}

/* ---- what is asked for ---- */

static void open_account(struct exchange *x)
{
	const char *const *keys = x->carrier->send_keys;

	x->of = (struct account){ .name = STR("acme"), .conf = x->account };
	x->of.base_url = json_get_str(x->account, "base_url");
	if (x->carrier->id_key)
		x->of.id = json_get_str(x->account, x->carrier->id_key);
	for (size_t i = 0; keys && keys[i]; i++)
		x->of.send[i] = json_get_str(x->account, keys[i]);
}

static struct str address(const struct exchange *x, const char *key, const char *path)
{
	const struct json *own = json_get(x->line, key);

	return own ? json_str(own) : json_str(json_pointer(x->message, str_c(path)));
}

static void open_dispatch(struct exchange *x)
{
	int64_t part = 0;

	(void)json_i64(json_get(x->line, "part"), &part);
	x->d = (struct dispatch){
		.account = &x->of,
		.message = x->message,
		.from = address(x, "from", "/from/address"),
		.to = address(x, "to", "/to/0/address"),
		.part = (unsigned)part,
		.key = STR("0198c0de-0000-7000-8000-0000000000aa"),
		.status_url = STR("https://hooks.example.com/webhooks/acme"),
		.split = json_true(json_get(x->line, "split")),
		.now = 1768381200000,
		.arena = arena,
	};
}

static void put_headers(struct buf *b, const struct submit *out)
{
	json_key(b, "headers");
	json_open(b, '{');
	for (size_t i = 0; i < out->n_headers; i++) {
		json_key_str(b, out->headers[i].name);
		json_put_str(b, out->headers[i].value);
	}
	json_close(b, '}');
}

static void put_fields(struct buf *b, const struct submit *out)
{
	json_key(b, "form");
	json_open(b, '[');
	for (size_t i = 0; i < out->n_fields; i++) {
		json_open(b, '{');
		json_add_str(b, "name", out->fields[i].name);
		json_opt_str(b, "value", out->fields[i].value);
		json_opt_str(b, "path", out->fields[i].path);
		json_opt_str(b, "file_name", out->fields[i].file_name);
		json_opt_str(b, "type", out->fields[i].type);
		json_close(b, '}');
	}
	json_close(b, ']');
}

/* A body that is JSON stands there as it is. */
static void put_submit(struct buf *b, const struct exchange *x, const struct submit *out)
{
	static const char *const how[] = { "open", "basic", "bearer", "header" };

	json_add_str(b, "method", str_c(out->method));
	json_add_str(b, "url", out->url);
	put_headers(b, out);
	json_opt_str(b, "type", str_c(out->type));
	json_add_str(b, "auth", str_c(how[out->auth.how]));
	json_opt_str(b, "user", out->auth.user);
	if (out->auth.how != SUBMIT_OPEN)
		json_add_str(b, "secret", str_c(x->carrier->send_keys[out->auth.key]));
	json_opt_str(b, "path", out->path);
	if (out->n_fields)
		put_fields(b, out);
	if (out->body.p && out->body.p[0] == '{')
		json_add_raw(b, "body", out->body);
	else
		json_opt_str(b, "body", out->body);
	if (out->prepares)
		json_add_bool(b, "prepares", true);
	if (out->idempotent)
		json_add_bool(b, "idempotent", true);
	json_add_i64(b, "parts", out->parts);
}

static struct str request_text(struct exchange *x)
{
	struct submit out = { .parts = 1 };
	struct buf b = { .max = SIZE_MAX };
	struct str text;
	struct err e;

	json_open(&b, '{');
	if (x->carrier->request(&x->d, &out, &e) < 0)
		json_add_str(&b, "refused", str_c(e.code));
	else
		put_submit(&b, x, &out);
	json_close(&b, '}');
	text = arena_str(arena, buf_get(&b));
	buf_free(&b);
	return text;
}

/* ---- what is made of it ---- */

static struct str judgement_text(const struct judgement *j)
{
	static const char *const outcomes[] = { "sent", "next", "failed", "retry", "unknown" };
	struct buf b = { .max = SIZE_MAX };
	struct str text;

	json_open(&b, '{');
	json_add_str(&b, "outcome", str_c(outcomes[j->outcome]));
	json_opt_str(&b, "external_id", j->external_id);
	json_opt_str(&b, "conversation", j->conversation);
	json_opt_str(&b, "class", str_c(j->error.class));
	json_opt_str(&b, "carrier_code", j->error.carrier_code);
	json_opt_str(&b, "text", j->error.text);
	if (j->retry_ms >= 0)
		json_add_i64(&b, "retry_ms", j->retry_ms);
	json_add_bool(&b, "failover", j->failover);
	json_close(&b, '}');
	text = arena_str(arena, buf_get(&b));
	buf_free(&b);
	return text;
}

static struct judgement judged_whole(const struct exchange *x, const struct response *r)
{
	struct judgement j = { .outcome = OUTCOME_UNKNOWN, .retry_ms = -1, .arena = arena };

	x->carrier->judge(&x->d, r, &j);
	return j;
}

static struct judgement judged(const struct exchange *x, int status, struct str body, bool cut)
{
	return judged_whole(x, &(struct response){ .status = status, .body = body, .cut = cut });
}

/* True if ${have} has all that ${want} does. */
static bool holds(struct str have, const struct json *want)
{
	struct err e;
	const struct json *v = json_parse(have, arena, &e);

	for (struct json_iter it = json_iter(want); json_next(&it);) {
		const struct json *mine = json_getn(v, it.key);

		if (!mine || !str_eq(json_compact(arena, mine), json_compact(arena, it.value)))
			return false;
	}
	return json_len(want) > 0;
}

static struct str body_of(const struct json *round)
{
	const struct json *body = json_get(round, "body");

	if (!body)
		return STR_NONE;
	return json_is(body, JSON_STRING) ? json_str(body) : json_compact(arena, body);
}

static struct response response_of(const struct json *round)
{
	const struct json *headers = json_get(round, "headers");
	struct header *list = arena_calloc(arena, json_len(headers) + 1, sizeof(*list));
	struct response r = { .headers = list, .body = body_of(round) };
	int64_t status = 0;

	(void)json_i64(json_get(round, "status"), &status);
	r.status = (int)status;
	r.cut = json_true(json_get(round, "cut"));
	for (struct json_iter it = json_iter(headers); json_next(&it); r.n_headers++)
		list[it.i] = (struct header){ it.key, json_str(it.value) };
	return r;
}

/* Nothing may be taken for a yes that is only the beginning of one, and nothing may break anything. */
static void check_cuts(const struct exchange *x, struct str body)
{
	for (size_t n = 0; n < body.n; n++) {
		/* A copy of its own: reading past its end is seen. */
		char *start = malloc(n + 1);
		struct judgement j;

		if (!start)
			abort();
		memcpy(start, body.p, n);
		j = judged(x, 200, (struct str){ start, n }, true);
		CHECK(j.outcome != OUTCOME_SENT || !j.external_id.p);
		(void)judged(x, 200, (struct str){ start, n }, false);
		(void)judged(x, 400, (struct str){ start, n }, false);
		(void)judged(x, 503, (struct str){ start, n }, false);
		free(start);
	}
}

static void round_is(struct exchange *x, const struct json *round)
{
	const struct json *request = json_get(round, "request"), *want = json_get(round, "want");
	struct str about = json_get_str(x->line, "about"), text;
	struct response r = response_of(round);
	struct judgement j;

	if (request && !holds(text = request_text(x), request)) {
		unit_check(false, about.p, 0, "another request");
		unit_show("have", text);
	}
	if (!want)
		return;
	j = judged_whole(x, &r);
	if (!holds(judgement_text(&j), want)) {
		unit_check(false, about.p, 0, "another judgement");
		unit_show("have", judgement_text(&j));
	}
	check_cuts(x, r.body);
	x->d.carry = j.carry;
	x->d.step++;
}

static void check_line(struct exchange *x)
{
	const struct json *rounds = json_get(x->line, "rounds");

	open_account(x);
	open_dispatch(x);
	for (struct json_iter it = json_iter(rounds); json_next(&it);)
		round_is(x, it.value);
	if (!rounds)
		round_is(x, x->line);
}

static size_t check_file(const char *path)
{
	struct exchange x = { .carrier = carrier_of(path) };
	struct str text, line;
	struct err e;
	size_t n = 0;

	CHECK(x.carrier && x.carrier->request && x.carrier->judge);
	CHECK(file_read(path, 1 << 20, arena, &text, NULL, &e) == 0);
	for (; text.n > 0; text = str_sub(text, line.n + 1, text.n)) {
		line = str_sub(text, 0, str_find(text, '\n'));
		x.line = json_parse(line, arena, &e);
		CHECK(x.line != NULL);
		if (json_get(x.line, "account"))
			x.account = json_get(x.line, "account");
		if (json_get(x.line, "message"))
			x.message = json_get(x.line, "message");
		check_line(&x);
		n++;
	}
	return n;
}

static void every_exchange_goes_as_its_file_has_it(void)
{
	glob_t files = { 0 };

	CHECK(glob("tests/carriers/*/exchanges.ndjson", 0, NULL, &files) == 0);
	for (size_t i = 0; i < files.gl_pathc; i++)
		CHECK(check_file(files.gl_pathv[i]) > 5);
	globfree(&files);
}

/* Whatever a proxy or a broken server puts in the place of an answer. */
static void no_garbage_is_taken_for_a_yes(void)
{
	static const char *const bodies[] = { "",
					      "OK",
					      "<html><body>502</body></html>",
					      "null",
					      "[]",
					      "{}",
					      "{\"id\":null}",
					      "{\"id\":{}}",
					      "\"id\"",
					      "{\"error\":[]}",
					      "{\"errors\":{}}",
					      "[{\"id\":\"x\"}]" };
	glob_t files = { 0 };

	CHECK(glob("tests/carriers/*/exchanges.ndjson", 0, NULL, &files) == 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		struct exchange x = { .carrier = carrier_of(files.gl_pathv[i]) };
		struct str text;
		struct err e;

		CHECK(file_read(files.gl_pathv[i], 1 << 20, arena, &text, NULL, &e) == 0);
		x.line = json_parse(str_sub(text, 0, str_find(text, '\n')), arena, &e);
		x.account = json_get(x.line, "account");
		x.message = json_get(x.line, "message");
		open_account(&x);
		open_dispatch(&x);
		for (size_t k = 0; k < LEN(bodies); k++)
			for (int status = 200; status < 600; status++)
				CHECK(judged(&x, status, str_c(bodies[k]), false).outcome != OUTCOME_SENT);
	}
	globfree(&files);
}

UNIT_MAIN(UNIT(every_exchange_goes_as_its_file_has_it), UNIT(no_garbage_is_taken_for_a_yes))
