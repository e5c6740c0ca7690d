/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "diag.h"
#include "id.h"
#include "push_device.h"
#include "store_private.h"

/*
 * Ids are spread over the whole file: the pages of the index must stay in memory.  But not many more: a
 * commit goes through all places for pages whenever a page was split.  A page that is written several
 * times between two checkpoints goes to the file once.
 */
static const char settings_write[] = "PRAGMA cache_size=-32768; PRAGMA wal_autocheckpoint=16384;"
				     "PRAGMA journal_size_limit=134217728;"
				     "PRAGMA secure_delete=ON";
static const char settings_read[] = "PRAGMA cache_size=-16384; PRAGMA query_only=ON";

/* Queries open read-only; a file of an older version is opened for writing once before. */
static struct db *open_file(const char *path, unsigned flags, struct err *e)
{
	struct db *d;

	if (!(flags & STORE_READONLY))
		return db_open(path, &store_schema, flags & STORE_CREATE ? DB_CREATE : 0, e);
	d = db_open(path, &store_schema, DB_READONLY, e);
	if (d || strcmp(e->code, "db-older") != 0)
		return d;
	d = db_open(path, &store_schema, 0, e);
	if (!d)
		return NULL;
	db_close(d);
	return db_open(path, &store_schema, DB_READONLY, e);
}

struct store *store_open(const char *path, unsigned flags, struct err *e)
{
	struct store *s = calloc(1, sizeof(*s));

	if (!s)
		diag_oom();
	s->db = open_file(path, flags, e);
	if (s->db && db_exec(s->db, flags & STORE_READONLY ? settings_read : settings_write, e) == 0) {
		s->known = people_new();
		return s;
	}
	store_close(s);
	return NULL;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	if (s->db)
		db_rollback(s->db);
	db_close(s->db);
	people_free(s->known);
	free(s);
}

static int next_read(struct store *s, struct err *e)
{
	struct db_stmt *q = db_stmt(s->db, "SELECT value FROM meta WHERE name = 'next'");
	int rc = db_step(q, e);

	if (rc > 0)
		s->next = s->written = db_i64(q, 0);
	db_reset(q);
	return rc < 0 ? -1 : 0;
}

static int next_write(struct store *s, struct err *e)
{
	struct db_stmt *q = db_stmt(s->db, "UPDATE meta SET value = ?1 WHERE name = 'next'");

	if (s->next == s->written)
		return 0;
	db_bind_i64(q, 1, s->next);
	s->written = s->next;
	return db_run(q, e);
}

static int any_parked(struct store *s, struct err *e)
{
	struct db_stmt *q = db_stmt(s->db, "SELECT EXISTS (SELECT 1 FROM parked)");

	if (db_step(q, e) < 0)
		return -1;
	s->parked = db_i64(q, 0) != 0;
	db_reset(q);
	return 0;
}

int store_begin(struct store *s, struct err *e)
{
	int64_t version;

	if (s->writing)
		return 0;
	if (db_begin(s->db, e) < 0)
		return -1;
	s->writing = true;
	s->now = clock_now();
	if (db_version(s->db, &version, e) < 0)
		return -1;
	if (version == s->version && s->written > 0)
		return 0; /* nobody else has written: all that is in memory still holds */
	s->version = version;
	people_forget(s);
	return next_read(s, e) < 0 || any_parked(s, e) < 0 ? -1 : 0;
}

int store_commit(struct store *s, struct err *e)
{
	if (!s->writing)
		return 0;
	s->writing = false;
	if (next_write(s, e) == 0 && db_commit(s->db, e) == 0)
		return 0;
	s->written = 0;
	return -1;
}

static int kind_of(const struct rec *r)
{
	struct str kind = rec_str(r, "kind");

	return str_eq(kind, STR("message"))  ? KIND_MESSAGE :
	       str_eq(kind, STR("status"))   ? KIND_STATUS :
	       str_eq(kind, STR("event"))    ? KIND_EVENT :
	       str_eq(kind, STR("delivery")) ? KIND_DELIVERY :
					       0;
}

bool store_takes(const struct rec *r)
{
	return kind_of(r) != 0;
}

int incoming_malformed(struct err *e, const char *what, const char *why)
{
	return err_set(e, FAULT_DATA, "record-malformed", "the record can not be stored: %s %s",
		       what, why);
}

/* A text that goes into an index: not longer than fits there. */
static int short_enough(const struct json *v, const char *what, struct err *e)
{
	return json_str(v).n > STORE_KEY_MAX ? incoming_malformed(e, what, "is longer than 1 KiB") : 0;
}

static int check_party(const struct json *v, const char *what, struct err *e)
{
	const struct json *address = json_get(v, "address");

	if (v && (!json_is(v, JSON_OBJECT) || (address && !json_is(address, JSON_STRING))))
		return incoming_malformed(e, what, "has no address that is a string");
	return short_enough(address, what, e);
}

static int check_words(const struct rec *r, struct err *e)
{
	static const char *const words[] = { "carrier",      "account", "channel",   "external_id",
					     "conversation", "type",    "recipient", "reply_to",
					     "event",        "message" };
	struct json_iter it = json_iter(rec_get(r, "to"));

	for (size_t i = 0; i < LEN(words); i++) {
		const struct json *v = rec_get(r, words[i]);

		if (v && !json_is(v, JSON_STRING))
			return incoming_malformed(e, words[i], "is not a string");
		if (short_enough(v, words[i], e) < 0)
			return -1;
	}
	if (check_party(rec_get(r, "from"), "from", e) < 0)
		return -1;
	while (json_next(&it))
		if (check_party(it.value, "to", e) < 0)
			return -1;
	return 0;
}

static int check_kind(const struct incoming *in, struct err *e)
{
	struct str direction = rec_str(in->r, "direction");

	if (in->kind == KIND_MESSAGE && !str_eq(direction, STR("in")) && !str_eq(direction, STR("out")))
		return incoming_malformed(e, "direction", "is neither \"in\" nor \"out\"");
	if (in->kind == KIND_STATUS && !rec_str(in->r, "status").n)
		return incoming_malformed(e, "status", "is missing");
	if (in->kind == KIND_STATUS && !in->external_id.n && !rec_str(in->r, "message").n)
		return incoming_malformed(e, "external_id", "is missing: it says of which message");
	if (in->kind == KIND_DELIVERY && !id_valid(rec_str(in->r, "message")))
		return incoming_malformed(e, "message", "is not the id of a message");
	return 0;
}

int incoming_read(struct incoming *in, const struct rec *r, struct err *e)
{
	struct push_device device;
	int about = 0;

	*in = (struct incoming){ .r = r, .kind = (enum store_kind)kind_of(r) };
	if (id_bytes(rec_str(r, "id"), in->id.b) < 0)
		return incoming_malformed(e, "id", "is not a UUID");
	if (clock_parse(rec_str(r, "at"), &in->at) < 0)
		return incoming_malformed(e, "at", "is not a time");
	if (check_words(r, e) < 0)
		return -1;
	in->carrier = rec_str(r, "carrier");
	in->account = rec_str(r, "account");
	in->external_id = rec_str(r, "external_id");
	if (in->kind == KIND_EVENT && (about = device_read(r, &device, e)) < 0)
		return -1;
	in->device = about > 0;
	return check_kind(in, e);
}
