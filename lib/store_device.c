/* SPDX-License-Identifier: MIT */
/* What events say of devices. */
#include "clock.h"
#include "id.h"
#include "push_device.h"
#include "store_private.h"

enum { NO_EVENT, REGISTERED, GONE, RENEWED };

static int event_of(const struct rec *r)
{
	struct str event = rec_str(r, "event");

	if (!str_prefix(event, STR("push-token-")))
		return NO_EVENT;
	return str_eq(event, STR("push-token-registered")) ? REGISTERED :
	       str_eq(event, STR("push-token-gone"))       ? GONE :
	       str_eq(event, STR("push-token-renewed"))    ? RENEWED :
							     NO_EVENT;
}

/* A device that is only named: there need not be what encrypts. */
static int read_name(struct push_device *d, const struct json *v, struct err *e)
{
	int platform = json_get(v, "endpoint") ? PUSH_WEB :
						 push_device_platform(json_get_str(v, "platform"));

	if (platform < 0)
		return incoming_malformed(e, "device", "has no platform: apns, fcm or webpush");
	*d = (struct push_device){ .platform = (enum push_platform)platform,
				   .token = json_get_str(v, platform == PUSH_WEB ? "endpoint" : "token") };
	return push_device_plain(d->platform, d->token) ?
		       0 :
		       incoming_malformed(e, "device", "has no token, or endpoint, that could be one");
}

static int read_whole(struct push_device *d, const struct rec *r, struct err *e)
{
	const struct json *v = rec_get(r, "device");
	struct err why;

	if (push_device_read(d, v, r->arena, &why) < 0)
		return incoming_malformed(e, "device",
					  arena_fmt(r->arena, "can not be reached: %s", why.text).p);
	if (d->target != PUSH_TOKEN)
		return incoming_malformed(e, "device",
					  "has no token: who subscribes to a topic is not known");
	if (d->account.n > STORE_KEY_MAX || json_get_str(v, "language").n > STORE_KEY_MAX)
		return incoming_malformed(e, "device", "has a member that is longer than 1 KiB");
	if (!json_get_str(rec_get(r, "from"), "address").n)
		return incoming_malformed(e, "from", "has no address: it says whose the device is");
	return 0;
}

int device_read(const struct rec *r, struct push_device *d, struct err *e)
{
	int event = event_of(r);

	if (event == NO_EVENT)
		return 0;
	if (event == REGISTERED)
		return read_whole(d, r, e) < 0 ? -1 : 1;
	if (read_name(d, rec_get(r, "device"), e) < 0)
		return -1;
	if (event == RENEWED && !push_device_plain(d->platform, rec_str(r, "token")))
		return incoming_malformed(e, "token", "is none: it says which one the device has now");
	return 1;
}

/* What is kept of a device; ${keys}: with what encrypts. */
static struct str image_of(const struct push_device *d, const struct json *v, bool keys, struct arena *a)
{
	struct buf b = { .max = SIZE_MAX };
	const struct json *secret = json_get(v, "keys") ? json_get(v, "keys") : v;
	struct str text;

	json_open(&b, '{');
	json_add_str(&b, "platform", str_c(push_platforms[d->platform]));
	json_add_str(&b, d->platform == PUSH_WEB ? "endpoint" : "token", d->token);
	json_opt_str(&b, "account", d->account);
	json_opt_str(&b, "topic", d->topic);
	if (d->sandbox >= 0)
		json_add_bool(&b, "sandbox", d->sandbox > 0);
	json_opt_str(&b, "language", json_get_str(v, "language"));
	if (keys && d->platform == PUSH_WEB) {
		json_add_str(&b, "p256dh", json_get_str(secret, "p256dh"));
		json_add_str(&b, "auth", json_get_str(secret, "auth"));
	} else if (d->registered && !keys) {
		json_add_str(&b, "created_at", clock_text(a, d->registered));
	}
	json_close(&b, '}');
	text = arena_str(a, buf_get(&b));
	buf_free(&b);
	return text;
}

struct str device_kept(const struct rec *r, struct str line)
{
	struct push_device d;
	struct buf b = { .max = SIZE_MAX };
	struct rec made;
	struct err why;

	if (event_of(r) != REGISTERED || device_read(r, &d, &why) < 0)
		return line;
	rec_made(&made, r, line);
	rec_add(&made, "device", image_of(&d, rec_get(r, "device"), false, r->arena));
	rec_write(&b, &made);
	line = arena_str(r->arena, buf_get(&b));
	buf_free(&b);
	return line;
}

static struct key key_of(enum push_platform platform, struct str token)
{
	struct id id = id_derive((struct str[]){ str_c(push_platforms[platform]), token }, 2);
	struct key k = { { 0 } };

	id_bytes(id_str(&id), k.b);
	return k;
}

static int registered(struct store *s, const struct incoming *in, const struct push_device *d,
		      const struct key *key, struct err *e)
{
	struct db_stmt *q = db_stmt(
		s->db, "INSERT INTO devices (key, contact, since, record, image)"
		       " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE"
		       " SET contact = excluded.contact, since = excluded.since,"
		       " record = excluded.record, image = excluded.image WHERE devices.since IS NULL"
		       " OR (excluded.since, excluded.record) > (devices.since, devices.record)");
	struct arena *a = in->r->arena;

	db_bind_blob(q, 1, key->b, sizeof(key->b));
	db_bind_text(q, 2, json_get_str(rec_get(in->r, "from"), "address"));
	/* Nobody can have registered it after we were told. */
	db_bind_i64(q, 3, d->registered && d->registered < in->at ? d->registered : in->at);
	db_bind_blob(q, 4, in->id.b, sizeof(in->id.b));
	db_bind_text(q, 5, image_of(d, rec_get(in->r, "device"), true, a));
	return db_run(q, e);
}

static int gone(struct store *s, const struct incoming *in, const struct key *key, struct err *e)
{
	struct db_stmt *q = db_stmt(s->db,
				    "INSERT INTO devices (key, gone) VALUES (?1, ?2) ON CONFLICT"
				    " DO UPDATE SET gone = excluded.gone"
				    " WHERE devices.gone IS NULL OR excluded.gone > devices.gone");

	db_bind_blob(q, 1, key->b, sizeof(key->b));
	db_bind_i64(q, 2, in->at);
	return db_run(q, e);
}

static int renewed(struct store *s, const struct incoming *in, const struct push_device *d,
		   const struct key *key, struct err *e)
{
	struct db_stmt *q = db_stmt(
		s->db, "INSERT INTO devices (key, moved, target, token) VALUES (?1, ?2, ?3, ?4)"
		       " ON CONFLICT DO UPDATE SET moved = excluded.moved,"
		       " target = excluded.target, token = excluded.token WHERE devices.moved IS NULL"
		       " OR (excluded.moved, excluded.target) > (devices.moved, devices.target)");
	struct str token = rec_str(in->r, "token");
	struct key target = key_of(d->platform, token);

	if (str_eq(token, d->token))
		return 0;
	db_bind_blob(q, 1, key->b, sizeof(key->b));
	db_bind_i64(q, 2, in->at);
	db_bind_blob(q, 3, target.b, sizeof(target.b));
	db_bind_text(q, 4, token);
	return db_run(q, e);
}

int device_event(struct store *s, const struct incoming *in, struct err *e)
{
	struct push_device d;
	struct key key;

	if (device_read(in->r, &d, e) <= 0) /* it was looked at before */
		return 0;
	key = key_of(d.platform, d.token);
	switch (event_of(in->r)) {
	case REGISTERED:
		return registered(s, in, &d, &key, e);
	case GONE:
		return gone(s, in, &key, e);
	default:
		return renewed(s, in, &d, &key, e);
	}
}
