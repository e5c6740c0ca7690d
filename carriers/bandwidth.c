/* SPDX-License-Identifier: MIT */
#include "bandwidth.h"

#include "clock.h"
#include "phone.h"

/* ---- the answer ---- */

/*
 * Bandwidth sends its credentials only once it has been asked for them, and what it posts before
 * may have no body: so the first request is not kept.  What they are worth is for omni-validate to
 * say.
 */
static void receive(const struct accounts *accounts, const struct request *req, struct answer *a)
{
	if (!str_eq(req->method, STR("POST"))) {
		answer_refuse(a, "POST");
		return;
	}
	if (bandwidth_basic(http_header(req, "authorization")).p)
		return;
	for (size_t i = 0; i < accounts->n; i++) {
		if (!bandwidth_asks(&accounts->list[i]))
			continue;
		a->hand_over = false;
		a->status = 401;
		a->header = "WWW-Authenticate";
		a->value = "Basic realm=\"omni\"";
		return;
	}
}

/* ---- reading ---- */

void bandwidth_taken(struct bandwidth_object *o, const char *key)
{
	o->taken[o->n_taken++] = str_c(key);
}

bool bandwidth_part(struct bandwidth_reading *r, const char *key)
{
	const struct json *v = json_get(r->message.v, key);

	if (!json_is(v, JSON_OBJECT))
		return false;
	r->part.v = v;
	r->message.inner = &r->part;
	return true;
}

struct str bandwidth_take(struct bandwidth_object *o, const char *key)
{
	struct str s = json_text(json_get(o->v, key));

	if (s.n == 0)
		return STR_NONE;
	bandwidth_taken(o, key);
	return s;
}

struct str bandwidth_time(struct bandwidth_reading *r, struct bandwidth_object *o, const char *key)
{
	struct str at = clock_utc(r->arena, json_get_str(o->v, key));

	if (at.p)
		bandwidth_taken(o, key);
	return at;
}

struct str bandwidth_address(struct arena *a, const struct json *v)
{
	struct str s = json_text(v);

	return s.n > 0 ? phone_plus(a, s) : STR_NONE;
}

/*
 * Append ${v} to the recipients, unless it is ${ours} or, of a message that came to us, the sender.
 * Return false if it is no address.
 */
static bool add_recipient(struct bandwidth_reading *r, const struct json *v, struct str ours)
{
	struct str address = bandwidth_address(r->arena, v);
	struct canon *c = r->c;

	if (!address.p)
		return false;
	if (!ours.p || (!str_eq(address, ours) && !str_eq(address, c->from.address)))
		c->to[c->n_to++].address = address;
	return true;
}

void bandwidth_parties(struct bandwidth_reading *r, struct str ours)
{
	const struct json *list = json_get(r->message.v, "to"), *from = json_get(r->message.v, "from");
	struct str owner = bandwidth_address(r->arena, json_get(r->message.v, "owner"));
	bool whole = true, out = strcmp(r->c->direction, "out") == 0;

	r->c->from.address = bandwidth_address(r->arena, from);
	if (r->c->from.address.p)
		bandwidth_taken(&r->message, "from");
	r->c->to = arena_calloc(r->arena, json_len(list) + 2, sizeof(*r->c->to));
	if (ours.p)
		r->c->to[r->c->n_to++].address = ours;
	if (!json_is(list, JSON_ARRAY))
		whole = add_recipient(r, list, ours);
	for (struct json_iter it = json_iter(list); !it.object && json_next(&it);)
		whole &= add_recipient(r, it.value, ours);
	if (whole)
		bandwidth_taken(&r->message, "to");
	/* The owner is the one of our numbers that it is about, which the record says already. */
	if (owner.p && str_eq(owner, out ? r->c->from.address : r->c->to[0].address))
		bandwidth_taken(&r->message, "owner");
}

const char *bandwidth_channel(struct bandwidth_reading *r, const char *usual)
{
	static const struct {
		struct str word;
		const char *channel;
	} channels[] = {
		{ STR("RBM"), "rcs" },
		{ STR("RCS"), "rcs" },
		{ STR("SMS"), "sms" },
		{ STR("MMS"), "mms" },
	};
	struct str word = json_get_str(r->message.v, "channel");
	const struct json *media = json_get(r->message.v, "media");

	for (size_t i = 0; i < LEN(channels); i++) {
		if (!str_eq_nocase(word, channels[i].word))
			continue;
		bandwidth_taken(&r->message, "channel");
		return channels[i].channel;
	}
	if (usual)
		return usual;
	return r->c->n_to > 1 || json_len(media) > 0 || json_str(media).n > 0 ? "mms" : "sms";
}

/* ---- what has no place ---- */

/* Append the members of ${o} that nobody took. */
static void put_rest(struct buf *b, const struct bandwidth_object *o)
{
	for (struct json_iter it = json_iter(o->v); json_next(&it);) {
		size_t before = b->n, empty;

		if (o->inner && it.value == o->inner->v) {
			json_key_str(b, it.key);
			json_open(b, '{');
			empty = b->n;
			put_rest(b, o->inner);
			if (b->n > empty)
				json_close(b, '}');
			else
				b->n = before;
		} else if (!str_among(it.key, o->taken, o->n_taken)) {
			json_key_str(b, it.key);
			json_put_value(b, it.value);
		}
	}
}

/* ---- statuses ---- */

static const struct {
	struct str type;
	const char *status, *channel;
} statuses[] = {
	{ STR("message-delivered"), "delivered", NULL },
	{ STR("message-failed"), "failed", NULL },
	{ STR("message-sent"), "sent", NULL },
	{ STR("message-sending"), "sending", NULL },
	{ STR("message-read"), "read", "rcs" },
};

static void read_error(struct bandwidth_reading *r)
{
	struct canon_error *error = &r->c->error;
	const struct cause *known;
	int64_t code;

	if (json_i64_text(json_get(r->event.v, "errorCode"), &code) < 0)
		code = 0;
	known = bandwidth_error(code);
	error->carrier_code = bandwidth_take(&r->event, "errorCode");
	error->class = known->class;
	error->text = bandwidth_take(&r->event, "description");
	if (!error->text.p)
		error->text = str_c(known->text);
}

static bool read_status(struct bandwidth_reading *r, struct str type, struct canon_list *out)
{
	struct canon *c;
	size_t i = 0;

	while (i < LEN(statuses) && !str_eq(type, statuses[i].type))
		i++;
	if (i == LEN(statuses))
		return false;
	c = r->c = canon_new(out, CANON_STATUS);
	c->direction = "out";
	c->status = statuses[i].status;
	if (strcmp(c->status, "read") == 0)
		c->at = bandwidth_time(r, &r->event, "eventTime");
	if (!c->at.p)
		c->at = bandwidth_time(r, &r->event, "time");
	bandwidth_parties(r, STR_NONE);
	c->recipient = bandwidth_address(r->arena, json_get(r->event.v, "to"));
	if (c->recipient.p)
		bandwidth_taken(&r->event, "to");
	if (!c->recipient.p && c->n_to == 1)
		c->recipient = c->to[0].address;
	if (c->recipient.p && c->n_to == 0)
		c->to[c->n_to++].address = c->recipient;
	c->channel = bandwidth_channel(r, statuses[i].channel);
	if (strcmp(c->status, "failed") == 0)
		read_error(r);
	/* Bandwidth never says the text again: the member is there and empty. */
	if (json_str(json_get(r->message.v, "text")).p && json_get_str(r->message.v, "text").n == 0)
		bandwidth_taken(&r->message, "text");
	return true;
}

/* ---- events ---- */

/* The ${i}-th event of the webhook as it came: an object as it is, anything else inside one. */
static void put_event(const struct json *v, size_t i, struct canon_list *out)
{
	struct bandwidth_reading r = { .arena = out->arena, .event = { .v = v } };
	const struct json *message = json_get(v, "message");
	struct str id = json_text(json_get(message, "id"));
	struct str account = json_text(json_get(message, "applicationId"));
	struct canon *c = canon_new(out, CANON_EVENT);

	c->event = "unsupported";
	c->account = account.n > 0 ? account : STR_NONE;
	c->at = bandwidth_time(&r, &r.event, "time");
	if (id.n > 0) {
		c->external_id = id;
		c->id_suffix = arena_fmt(out->arena, "%.*s/%.*s", STR_FMT(json_get_str(v, "type")),
					 STR_FMT(json_text(json_get(v, "to"))));
	} else {
		c->id_suffix = arena_fmt(out->arena, "%zu", i);
	}
	c->carrier_data = leftover_whole(out->arena, v);
}

static void read_event(const struct json *v, size_t i, struct canon_list *out)
{
	struct bandwidth_reading r = { .arena = out->arena, .event = { .v = v } };
	struct str type = json_get_str(v, "type"), id;
	struct buf left;

	r.message.v = json_get(v, "message");
	r.event.inner = &r.message;
	id = json_text(json_get(r.message.v, "id"));
	if (id.n == 0 || !(bandwidth_message(&r, type, out) || read_status(&r, type, out))) {
		put_event(v, i, out);
		return;
	}
	r.c->external_id = id;
	r.c->account = bandwidth_take(&r.message, "applicationId");
	bandwidth_taken(&r.message, "id");
	if (!r.c->type || strcmp(r.c->type, "unsupported") != 0)
		bandwidth_taken(&r.event, "type");
	if (str_eq(json_get_str(r.message.v, "direction"), str_c(r.c->direction)))
		bandwidth_taken(&r.message, "direction");
	left = leftover_begin();
	put_rest(&left, &r.event);
	r.c->carrier_data = leftover_end(r.arena, &left);
}

static int normalize(const struct accounts *accounts, const struct hook *h, struct canon_list *out,
		     struct err *e)
{
	const struct json *root = hook_json(h, e);

	(void)accounts;
	if (!root)
		return -1;
	if (!json_is(root, JSON_ARRAY) || json_len(root) == 0) {
		read_event(root, 1, out);
		return 0;
	}
	for (struct json_iter it = json_iter(root); json_next(&it);)
		read_event(it.value, it.i + 1, out);
	return 0;
}

static const char *const secret_headers[] = { "authorization", NULL };
static const char *const send_keys[] = { "api_token", "api_secret", NULL };

const struct carrier carrier_bandwidth = {
	.name = "bandwidth",
	.id_key = "application_id",
	.proof_key = "callback_password",
	.secret_headers = secret_headers,
	.open_account = bandwidth_open,
	.receive = receive,
	.verify = bandwidth_verify,
	.normalize = normalize,
	.send_keys = send_keys,
	.groups = true,
	.request = bandwidth_request,
	.judge = bandwidth_judge,
	.abilities = bandwidth_abilities,
	.media = bandwidth_source,
};
