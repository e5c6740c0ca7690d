/* SPDX-License-Identifier: MIT */
#include "whatsapp.h"
#include "clock.h"
#include "form.h"
#include "phone.h"

static const int64_t seconds_max = 253402300799; /* the last second of the year 9999 */

struct canon *whatsapp_event(struct canon_list *out, const char *event, const char *member,
			     const struct json *value)
{
	struct canon *c = canon_new(out, CANON_EVENT);
	struct buf data = leftover_begin();

	c->event = event;
	c->channel = "whatsapp";
	c->id_suffix = arena_fmt(out->arena, "%zu", out->n);
	if (value)
		json_add_value(&data, member, value);
	c->carrier_data = leftover_end(out->arena, &data);
	return c;
}

struct str whatsapp_time(struct arena *a, const struct json *timestamp)
{
	int64_t s;

	if (json_i64_text(timestamp, &s) < 0 || s <= 0 || s > seconds_max)
		return STR_NONE;
	return clock_text(a, s * 1000);
}

const struct json *whatsapp_contact(const struct json *contacts, struct str wa_id, struct str user)
{
	for (struct json_iter it = json_iter(contacts); json_next(&it);) {
		if (wa_id.n > 0 && str_eq(json_text(json_get(it.value, "wa_id")), wa_id))
			return it.value;
		if (user.n > 0 && str_eq(json_text(json_get(it.value, "user_id")), user))
			return it.value;
	}
	return NULL;
}

struct str whatsapp_name(const struct json *contact)
{
	const struct json *profile = json_get(contact, "profile");
	struct str name = json_get_str(profile, "name");

	if (name.n == 0)
		name = json_get_str(profile, "username");
	return name.n > 0 ? str_utf8_cut(name, SHARED_MAX) : STR_NONE;
}

/* An id that all records of a part of the webhook have; {NULL, 0} if it can not be one. */
static struct str shared_id(const struct json *v)
{
	struct str s = json_text(v);

	return s.n > 0 && s.n <= SHARED_MAX ? s : STR_NONE;
}

/* The words that mean to us what they say; NULL for others. */
static const char *status_name(struct str word)
{
	static const char *const names[] = { "sent", "delivered", "read", "played", "failed" };

	for (size_t i = 0; i < LEN(names); i++)
		if (str_eq(word, str_c(names[i])))
			return names[i];
	return NULL;
}

/* In a group recipient_id is the group and each participant has a receipt of their own. */
static void status_parties(const struct whatsapp_value *v, struct canon *c, const struct json *s)
{
	struct str id = json_text(json_get(s, "recipient_id"));
	struct str user = json_text(json_get(s, "recipient_user_id"));
	struct str group = json_text(json_get(s, "group_id"));
	struct str person = json_text(json_get(s, "recipient_participant_id"));

	if (group.n == 0 && str_eq(json_get_str(s, "recipient_type"), STR("group")))
		group = id;
	if (person.n == 0)
		person = json_text(json_get(s, "recipient_participant_user_id"));
	if (person.n == 0 && group.n == 0)
		person = id.n > 0 ? id : user;
	c->from.address = v->number;
	c->to = arena_calloc(v->out->arena, 1, sizeof *c->to);
	c->n_to = 1;
	c->recipient = person.n > 0 ? phone_plus(v->out->arena, person) : STR_NONE;
	if (group.n > 0) {
		c->conversation = c->to->address = group;
		if (!c->recipient.p)
			c->recipient = group;
	} else {
		c->to->address = c->recipient;
		c->to->name = whatsapp_name(whatsapp_contact(v->contacts, id, user));
		c->n_to = c->recipient.p != NULL;
	}
}

static void status(const struct whatsapp_value *v, const struct json *s)
{
	static const struct str known[] = {
		STR("id"),
		STR("status"),
		STR("timestamp"),
		STR("recipient_id"),
		STR("group_id"),
		STR("recipient_type"),
		STR("recipient_participant_id"),
		STR("errors"),
	};
	struct str id = json_text(json_get(s, "id")), word = json_get_str(s, "status");
	const struct json *errors = json_get(s, "errors"), *error = json_at(errors, 0);
	struct canon *c;
	struct buf data;

	if (id.n == 0 || word.n == 0) {
		whatsapp_event(v->out, "unsupported", "status", s)->account = v->account;
		return;
	}
	data = leftover_begin();
	c = canon_new(v->out, CANON_STATUS);
	c->direction = "out";
	c->channel = "whatsapp";
	c->account = v->account;
	c->external_id = id;
	c->at = whatsapp_time(v->out->arena, json_get(s, "timestamp"));
	status_parties(v, c, s);
	c->status = status_name(word);
	if (!c->status) {
		c->status = "unknown";
		c->id_suffix = word;
		json_add_value(&data, "status", json_get(s, "status"));
	}
	if (error) {
		c->error.class = whatsapp_error(json_get(error, "code"));
		c->error.carrier_code = json_text(json_get(error, "code"));
		c->error.text = whatsapp_error_text(v->out->arena, error);
	}
	if (errors && (!error || json_len(errors) > 1))
		json_add_value(&data, "errors", errors);
	leftover_members(&data, STR_NONE, s, known, LEN(known));
	c->carrier_data = leftover_end(v->out->arena, &data);
}

/* Trouble that belongs to no message. */
static void account_error(const struct whatsapp_value *v, const struct json *error)
{
	struct canon *c = whatsapp_event(v->out, "account-alert", "error", error);

	c->account = v->account;
	c->text = whatsapp_error_text(v->out->arena, error);
}

/* A user stops or resumes marketing messages. */
static void preference(const struct whatsapp_value *v, const struct json *p)
{
	struct str wa_id = json_text(json_get(p, "wa_id"));
	struct str user = json_text(json_get(p, "user_id"));
	struct str value = json_get_str(p, "value");
	const char *event = str_eq(value, STR("stop"))   ? "opt-out" :
			    str_eq(value, STR("resume")) ? "opt-in" :
							   "unsupported";
	struct canon *c = whatsapp_event(v->out, event, "user_preference", p);

	c->account = v->account;
	c->at = whatsapp_time(v->out->arena, json_get(p, "timestamp"));
	if (wa_id.n == 0 && user.n == 0)
		return;
	c->direction = "in";
	c->from.address = phone_plus(v->out->arena, wa_id.n > 0 ? wa_id : user);
	c->from.name = whatsapp_name(whatsapp_contact(v->contacts, wa_id, user));
	c->text = json_get_str(p, "detail");
	canon_to(c, v->out->arena, (struct canon_party){ .address = v->number });
}

/* The batches that a value may hold, and what translates an element of each. */
static const struct {
	struct str name;
	void (*each)(const struct whatsapp_value *v, const struct json *element);
} batches[] = {
	{ STR("messages"), whatsapp_message },
	{ STR("statuses"), status },
	{ STR("errors"), account_error },
	{ STR("user_preferences"), preference },
};

/* An array in a value of which nothing is known. */
static void other_batch(const struct whatsapp_value *v, struct str name, const struct json *member)
{
	struct canon *c = whatsapp_event(v->out, "unsupported", NULL, NULL);
	struct buf data = leftover_begin();

	json_key_str(&data, name);
	json_put_value(&data, member);
	c->account = v->account;
	c->carrier_data = leftover_end(v->out->arena, &data);
}

/* ${member} of a value, if it is a batch; any array but contacts is one. */
static void value_member(const struct whatsapp_value *v, struct str name, const struct json *member)
{
	if (!json_is(member, JSON_ARRAY) || str_eq(name, STR("contacts")))
		return;
	for (size_t i = 0; i < LEN(batches); i++) {
		if (!str_eq(name, batches[i].name))
			continue;
		for (struct json_iter it = json_iter(member); json_next(&it);)
			batches[i].each(v, it.value);
		return;
	}
	if (json_len(member) > 0)
		other_batch(v, name, member);
}

/* What a field that is no conversation tells about the account. */
static const char *field_event(struct str field)
{
	static const struct {
		struct str field;
		const char *event;
	} fields[] = {
		{ STR("message_template_status_update"), "template-status" },
		{ STR("account_update"), "account-alert" },
		{ STR("phone_number_quality_update"), "account-alert" },
		{ STR("account_alerts"), "account-alert" },
	};

	for (size_t i = 0; i < LEN(fields); i++)
		if (str_eq(field, fields[i].field))
			return fields[i].event;
	return "unsupported";
}

/* The whole of a change that is told by its field alone, or not understood. */
static void other_change(struct canon_list *out, const char *event, const struct json *entry,
			 const struct json *change)
{
	struct canon *c = whatsapp_event(out, event, NULL, NULL);
	struct buf data = leftover_begin();

	if (shared_id(json_get(entry, "id")).p)
		json_add_value(&data, "waba_id", json_get(entry, "id"));
	if (json_is(change, JSON_OBJECT))
		leftover_members(&data, STR_NONE, change, NULL, 0);
	else
		json_add_value(&data, "change", change);
	c->at = whatsapp_time(out->arena, json_get(entry, "time"));
	c->account = shared_id(json_pointer(change, STR("/value/metadata/phone_number_id")));
	c->carrier_data = leftover_end(out->arena, &data);
}

static void change(struct canon_list *out, const struct json *entry, const struct json *ch)
{
	struct str field = json_get_str(ch, "field");
	const struct json *value = json_get(ch, "value"), *metadata = json_get(value, "metadata");
	struct str number = shared_id(json_get(metadata, "display_phone_number"));
	struct whatsapp_value v = { .out = out,
				    .account = shared_id(json_get(metadata, "phone_number_id")) };
	size_t before = out->n;

	if (!str_eq(field, STR("messages")) && !str_eq(field, STR("user_preferences"))) {
		other_change(out, field_event(field), entry, ch);
		return;
	}
	if (number.p)
		v.number = phone_plus(out->arena, number);
	if (json_is(json_get(value, "contacts"), JSON_ARRAY))
		v.contacts = json_get(value, "contacts");
	if (json_is(value, JSON_OBJECT))
		for (struct json_iter it = json_iter(value); json_next(&it);)
			value_member(&v, it.key, it.value);
	if (out->n == before)
		other_change(out, "unsupported", entry, ch);
}

static void entry(struct canon_list *out, const struct json *en)
{
	const struct json *changes = json_get(en, "changes");

	if (!json_is(changes, JSON_ARRAY) || json_len(changes) == 0) {
		whatsapp_event(out, "unsupported", "entry", en);
		return;
	}
	for (struct json_iter it = json_iter(changes); json_next(&it);)
		change(out, en, it.value);
}

static int whatsapp_normalize(const struct accounts *accounts, const struct hook *h,
			      struct canon_list *out, struct err *e)
{
	const struct json *body = hook_json(h, e);
	const struct json *entries = json_get(body, "entry");

	(void)accounts; /* the payload says all there is to know */
	if (!body)
		return -1;
	if (!str_eq(json_get_str(body, "object"), STR("whatsapp_business_account")) ||
	    !json_is(entries, JSON_ARRAY) || json_len(entries) == 0) {
		whatsapp_event(out, "unsupported", "body", body);
		return 0;
	}
	for (struct json_iter it = json_iter(entries); json_next(&it);)
		entry(out, it.value);
	return 0;
}

/*
 * True if ${token} is one of the verify tokens; all are compared, so that the time does not tell
 * which.
 */
static bool is_token(const struct accounts *accounts, struct str token)
{
	bool found = false;

	for (size_t i = 0; i < accounts->n; i++)
		for (int k = 0; k < accounts->list[i].handshake.n; k++)
			found |= crypto_equal(accounts->list[i].handshake.text[k], token);
	return found && token.n > 0;
}

/* GET is the handshake of the callback URL: who knows the token is told its challenge. */
static void receive(const struct accounts *accounts, const struct request *req, struct answer *a)
{
	size_t query = str_find(req->target, '?') + 1;
	struct str challenge;
	struct form form;
	struct err e;

	if (!str_eq(req->method, STR("GET")))
		return;
	a->hand_over = false;
	a->status = 403;
	if (form_decode(str_sub(req->target, query, req->target.n), a->arena, &form, &e) < 0)
		return;
	challenge = form_get(&form, "hub.challenge");
	if (!str_eq(form_get(&form, "hub.mode"), STR("subscribe")) || !challenge.p ||
	    !is_token(accounts, form_get(&form, "hub.verify_token")))
		return;
	a->status = 200;
	a->type = "text/plain";
	a->header = "X-Content-Type-Options"; /* what comes from the query is shown as text */
	a->value = "nosniff";
	a->body = challenge;
}

const struct carrier carrier_whatsapp = {
	.name = "whatsapp",
	.id_key = "phone_number_id",
	.proof_key = "app_secret",
	.proof_hash = HASH_SHA256,
	.handshake_key = "verify_token",
	.receive = receive,
	.verify = whatsapp_verify,
	.normalize = whatsapp_normalize,
	.send_keys = whatsapp_send_keys,
	.request = whatsapp_request,
	.judge = whatsapp_judge,
	.abilities = whatsapp_abilities,
	.media = whatsapp_source,
};
