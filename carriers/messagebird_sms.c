/* SPDX-License-Identifier: MIT */
#include "messagebird.h"

#include "clock.h"
#include "phone.h"

/*
 * The last value of the parameter ${name}, in any case; NULL if there is none.  Of a repeated one
 * the others stay where they are.
 */
static const struct json *find(struct messagebird_reading *r, const char *name)
{
	const struct json *found = NULL;

	for (struct json_iter it = json_iter(r->root); json_next(&it);)
		if (str_eq_nocase(it.key, str_c(name)))
			found = it.value;
	return json_is(found, JSON_ARRAY) ? json_at(found, json_len(found) - 1) : found;
}

static struct str peek(struct messagebird_reading *r, const char *name)
{
	struct str s = json_text(find(r, name));

	return s.n > 0 ? s : STR_NONE;
}

/* The value of the parameter ${name}, taken, if it is text; it may be empty. */
static struct str take_text(struct messagebird_reading *r, const char *name)
{
	const struct json *v = find(r, name);

	if (json_text(v).p)
		leftover_taken(&r->left, v);
	return json_text(v);
}

static struct str take(struct messagebird_reading *r, const char *name)
{
	struct str s = peek(r, name);

	if (s.p)
		leftover_taken(&r->left, find(r, name));
	return s;
}

/* Repeated parameters are arrays, of which values were taken one by one. */
static void put_rest(struct messagebird_reading *r)
{
	for (struct json_iter it = json_iter(r->root); json_next(&it);)
		if (json_is(it.value, JSON_ARRAY))
			leftover_opened(&r->left, it.value);
	messagebird_rest(r);
}

/* ---- times ---- */

/* "20260115100003", as short codes have it, in UTC, as RFC 3339; else ${s} as it is. */
static struct str long_form(struct arena *a, struct str s)
{
	const char *p = s.p;

	if (s.n != 14 || !str_digits(s))
		return s;
	return arena_fmt(a, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", p, p + 4, p + 6, p + 8, p + 10, p + 12);
}

static struct str take_time(struct messagebird_reading *r, const char *name)
{
	struct str at = clock_utc(r->arena, long_form(r->arena, peek(r, name)));

	if (at.p)
		take(r, name);
	return at;
}

/* ---- messages ---- */

static void add_media(struct messagebird_reading *r, const struct json *v)
{
	struct str url = json_str(v);

	if (url.n == 0 || messagebird_media_full(r))
		return;
	leftover_taken(&r->left, v);
	messagebird_media(r, NULL)->url = url;
}

/* Lists collect all values, however they are written. */
static void read_media(struct messagebird_reading *r)
{
	for (struct json_iter it = json_iter(r->root); json_next(&it);) {
		if (!str_eq_nocase(it.key, STR("mediaUrls")) &&
		    !str_eq_nocase(it.key, STR("mediaUrls[]")))
			continue;
		if (!json_is(it.value, JSON_ARRAY))
			add_media(r, it.value);
		for (struct json_iter e = json_iter(it.value); !e.object && json_next(&e);)
			add_media(r, e.value);
	}
}

/* The names of the same things for long numbers, and for short codes. */
enum name { NAME_ID, NAME_TEXT, NAME_TIME, NAME_TO, NAMES };

static const char *const names[][NAMES] = {
	{ "id", "body", "createdDatetime", "recipient" },
	{ "mid", "message", "receive_datetime", "shortcode" },
};

static int read_message(struct messagebird_reading *r, struct err *e)
{
	const char *const *name = names[peek(r, "shortcode").p != NULL];
	struct canon *c = messagebird_new(r, CANON_MESSAGE);
	struct canon_party to = { .name = STR_NONE };

	c->direction = "in";
	c->external_id = take(r, name[NAME_ID]);
	c->at = take_time(r, name[NAME_TIME]);
	c->from.address = phone_plus(r->arena, take(r, "originator"));
	c->text = take_text(r, name[NAME_TEXT]);
	read_media(r);
	c->type = c->n_media > 0 ? "media" : "text";
	c->channel = c->n_media > 0 || peek(r, "subject").p ? "mms" : "sms";
	to.address = take(r, name[NAME_TO]);
	if (name == names[0])
		to.address = messagebird_address(r->arena, c->channel, to.address);
	canon_to(c, r->arena, to);
	if (!c->text.p && c->n_media == 0 && !peek(r, "subject").p)
		return err_set(e, FAULT_DATA, "message-empty",
			       "the message has neither text nor media: "
			       "there is no parameter %s and none mediaUrls",
			       name[NAME_TEXT]);
	if (!c->text.p && c->n_media == 0)
		c->text = STR("");
	else if (c->text.n == 0 && c->n_media > 0)
		c->text = STR_NONE;
	put_rest(r);
	return 0;
}

/* ---- statuses ---- */

static void read_error(struct messagebird_reading *r)
{
	struct canon_error *error = &r->c->error;
	const struct cause *known;
	struct str code = peek(r, "statusErrorCode");
	uint64_t n = 0;

	if (code.p && (str_u64(code, &n) < 0 || n > 0)) {
		known = messagebird_error(MESSAGEBIRD_DELIVERY, n > INT64_MAX ? 0 : (int64_t)n);
		error->carrier_code = code;
		error->class = known ? known->class : CAUSE_UNKNOWN;
		error->text = known ? str_c(known->text) : STR_NONE;
	}
	take(r, "statusErrorCode");
}

static void read_status(struct messagebird_reading *r)
{
	struct str word = peek(r, "status"), recipient = phone_plus(r->arena, take(r, "recipient"));
	struct canon *c = messagebird_new(r, CANON_STATUS);

	c->direction = "out";
	c->channel = "sms";
	c->external_id = take(r, "id");
	c->id_suffix =
		arena_join(r->arena, arena_join(r->arena, word, STR("/")), peek(r, "statusDatetime"));
	c->at = take_time(r, "statusDatetime");
	c->recipient = recipient;
	canon_to(c, r->arena, (struct canon_party){ .address = recipient });
	read_error(r);
	messagebird_become(r, word, find(r, "status"));
	if (c->error.class && peek(r, "statusReason").p)
		c->error.text = take(r, "statusReason");
	put_rest(r);
	if (c->kind == CANON_STATUS && c->error.class && strcmp(c->error.class, CAUSE_OPTED_OUT) == 0)
		messagebird_opt_out(r, recipient);
}

bool messagebird_sms(struct messagebird_reading *r, struct err *e)
{
	bool status = peek(r, "status").p && peek(r, "recipient").p && peek(r, "id").p;

	if (status && (!peek(r, "originator").p || peek(r, "statusDatetime").p)) {
		read_status(r);
		return true;
	}
	if (!peek(r, "originator").p)
		return false;
	read_message(r, e);
	return true;
}
