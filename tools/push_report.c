/* SPDX-License-Identifier: MIT */
#include "push_send.h"

#include "clock.h"

enum { USUAL_BYTES = 1000 }; /* of a delivery */

static void add_error(struct buf *b, const struct push_result *r)
{
	json_key(b, "error");
	json_open(b, '{');
	json_add_str(b, "class", str_c(r->class));
	if (r->code)
		json_add_str(b, "code", str_c(r->code));
	json_opt_str(b, "text", str_utf8_cut(r->text, 480));
	json_opt_str(b, "carrier_code", str_utf8_cut(r->carrier_code, 128));
	json_close(b, '}');
}

static void add_http(struct buf *b, const struct push_result *r)
{
	json_key(b, "http");
	json_open(b, '{');
	json_add_i64(b, "status", r->status);
	json_key(b, "ms");
	buf_fmt(b, "%.3f", r->ms);
	json_close(b, '}');
}

/* A record of ours: what all have in common, up to what is its own. */
static void begin(struct buf *b, const struct push_result *r, const char *kind, const struct id *id,
		  int64_t at)
{
	const struct push_shot *s = r->shot;
	char time[CLOCK_TEXT + 1];

	clock_format(time, at);
	json_open(b, '{');
	json_add_str(b, "id", id_str(id));
	json_add_str(b, "kind", str_c(kind));
	json_add_str(b, "at", str_c(time));
	json_add_str(b, "carrier", str_c(push_platforms[s->device.platform]));
	if (s->account)
		json_add_str(b, "account", s->account->name);
}

static void finish(struct buf *b, const struct push_result *r, unsigned part, unsigned parts,
		   struct out *o)
{
	struct rec made;

	rec_inherit(b, &r->shot->parcel->rec, part, parts);
	json_close(b, '}');
	rec_made(&made, &r->shot->parcel->rec, buf_get(b));
	out_put(o, &made);
}

static void put_delivery(struct buf *b, const struct push_result *r, unsigned part, unsigned parts,
			 struct out *o)
{
	const struct push_shot *s = r->shot;
	char time[CLOCK_TEXT + 1];
	struct id id;

	/* The same outcome, told once more from the ledger, has the same id. */
	clock_format(time, r->at);
	id = id_derive(
		(struct str[]){ s->parcel->note.id, STR("delivery"), s->device.token, str_c(time) }, 4);
	begin(b, r, "delivery", &id, r->at);
	json_add_str(b, "message", s->parcel->note.id);
	json_opt_str(b, "external_id", r->external_id);
	json_opt_str(b, "conversation", s->parcel->note.conversation);
	json_add_str(b, "recipient", s->moved ? s->endpoint : s->device.token);
	json_add_i64(b, "attempt", s->attempts > 0 ? s->attempts : 1);
	json_add_str(b, "outcome", str_c(r->outcome));
	if (r->class)
		add_error(b, r);
	if (r->retry_at > 0) {
		clock_format(time, r->retry_at);
		json_add_str(b, "retry_at", str_c(time));
	}
	if (r->status >= 100 && r->status <= 599)
		add_http(b, r);
	finish(b, r, part, parts, o);
}

/* Which device it is: what identifies it, and nothing that encrypts. */
static void add_device(struct buf *b, const struct push_shot *s)
{
	const struct push_device *d = &s->device;
	char time[CLOCK_TEXT + 1];

	json_key(b, "device");
	json_open(b, '{');
	json_add_str(b, "platform", str_c(push_platforms[d->platform]));
	json_add_str(b, d->platform == PUSH_WEB ? "endpoint" : "token", s->moved ? s->endpoint : d->token);
	json_opt_str(b, "account", d->account);
	json_opt_str(b, "topic", d->topic);
	if (d->sandbox >= 0)
		json_add_bool(b, "sandbox", d->sandbox > 0);
	if (d->registered) {
		clock_format(time, d->registered);
		json_add_str(b, "created_at", str_c(time));
	}
	json_close(b, '}');
}

/*
 * What a store is to know of the device: its token is dead, or another now.  The id is derived, as a gateway says the
 * same of one token again and again.
 */
static void put_event(struct buf *b, const struct push_result *r, const char *event, int64_t at,
		      unsigned part, unsigned parts, struct out *o)
{
	const struct push_shot *s = r->shot;
	char time[CLOCK_TEXT + 1];
	struct id id;

	clock_format(time, at);
	id = id_derive((struct str[]){ str_c(push_platforms[s->device.platform]), s->account->name,
				       s->moved ? s->endpoint : s->device.token, STR("event"),
				       str_c(event), r->gone_at >= 0 ? str_c(time) : s->parcel->note.id },
		       6);
	begin(b, r, "event", &id, at);
	json_add_str(b, "event", str_c(event));
	json_add_str(b, "channel", STR("push"));
	if (s->device.user.n) {
		json_key(b, "from");
		json_open(b, '{');
		json_add_str(b, "address", s->device.user);
		json_close(b, '}');
	}
	add_device(b, s);
	if (s->moved)
		json_add_str(b, "token", s->device.token);
	if (r->carrier_code.n) {
		json_key(b, "carrier_data");
		json_open(b, '{');
		json_add_str(b, "reason", str_utf8_cut(r->carrier_code, 128));
		json_close(b, '}');
	}
	finish(b, r, part, parts, o);
}

/* The record with this device alone: back to where it came from, or to who decides what nobody knows. */
static void put_reject(struct buf *b, const struct push_result *r, unsigned part, unsigned parts,
		       struct out *o)
{
	const struct push_shot *s = r->shot;
	struct rec again = s->parcel->rec;
	struct err why;

	if (r->retry_at > 0)
		err_set(&why, FAULT_TEMP, r->code, "%.*s", STR_FMT(r->text));
	else
		err_set(&why, FAULT_DENIED, "outcome-unknown",
			"it may have been sent, and nobody knows: %.*s", STR_FMT(r->text));
	why.retry_ms = r->retry_at;
	if (s->parcel->n > 1) {
		json_open(b, '[');
		json_put_raw(b, s->device.text);
		json_close(b, ']');
		rec_add(&again, rec_get(&again, "devices") ? "devices" : "to", buf_get(b));
	}
	rec_share(&again, part, parts);
	out_reject(o, &again, &why);
}

void push_report(const struct push_result *r, struct out *o)
{
	const struct push_shot *s = r->shot;
	struct buf b = { .max = SIZE_MAX };
	bool dead = r->gone && s->account && s->device.target == PUSH_TOKEN &&
		    (r->gone_at < 0 || s->device.registered == 0 || s->device.registered <= r->gone_at);
	bool renewed = s->moved && s->for_ever && strcmp(r->outcome, "sent") == 0;
	bool rejected = r->retry_at > 0 || strcmp(r->outcome, "unknown") == 0;
	unsigned records = dead || renewed || rejected ? 2 : 1;
	unsigned parts = s->parcel->n * records, part = s->index * records + 1;

	buf_grow(&b, USUAL_BYTES);
	put_delivery(&b, r, part, parts, o);
	buf_reset(&b);
	if (dead)
		put_event(&b, r, "push-token-gone", r->gone_at >= 0 ? r->gone_at : r->at, part + 1,
			  parts, o);
	else if (renewed)
		put_event(&b, r, "push-token-renewed", r->at, part + 1, parts, o);
	else if (rejected)
		put_reject(&b, r, part + 1, parts, o);
	buf_free(&b);
}
