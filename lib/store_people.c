/* SPDX-License-Identifier: MIT */
/* Conversations, who takes part in them, and what is known of a person. */
#include <stdlib.h>

#include "diag.h"
#include "store_contact.h"
#include "store_private.h"

/*
 * Most messages belong to a conversation that was just used and come from somebody who is known: both
 * are remembered, each in the one place that its hash gives.  A person has one place, whatever the
 * conversation and the name: so the name that a contact has is always the last.
 */
enum { TALKS = 32768, PEOPLE = 32768, TALK_KEY = 64, PERSON_KEY = 112 };

struct talk {
	int64_t seq; /* 0: the place is empty */
	size_t n;
	char id[TALK_KEY];
};

struct person {
	size_t n; /* 0: the place is empty */
	int64_t conversation;
	char key[PERSON_KEY]; /* address, a NUL, name */
};

struct known {
	struct talk talks[TALKS];
	struct person people[PEOPLE];
};

struct known *people_new(void)
{
	struct known *k = calloc(1, sizeof(*k));

	if (!k)
		diag_oom();
	return k;
}

void people_free(struct known *k)
{
	free(k);
}

void people_forget(struct store *s)
{
	struct known *k = s->known;

	for (size_t i = 0; i < TALKS; i++)
		k->talks[i].seq = 0;
	for (size_t i = 0; i < PEOPLE; i++)
		k->people[i].n = 0;
}

static uint64_t mix(uint64_t h, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3;
	return h ^ h >> 29;
}

static struct str address_of(const struct json *party)
{
	return json_get_str(party, "address");
}

static bool is_out(const struct incoming *in)
{
	return str_eq(rec_str(in->r, "direction"), STR("out"));
}

/* Our own address in ${in}. */
static struct str ours(const struct incoming *in)
{
	return is_out(in) ? address_of(rec_get(in->r, "from")) :
			    address_of(json_at(rec_get(in->r, "to"), 0));
}

struct conversation {
	struct str id, carrier, account, channel, address;
	bool closed;
	int64_t turned; /* when it was opened or closed, 0: nobody said */
};

/* As the change log shows it. */
static struct str image_of(const struct conversation *c, struct arena *a)
{
	struct buf b = { .max = SIZE_MAX };
	struct str text;

	json_open(&b, '{');
	json_add_str(&b, "id", c->id);
	json_opt_str(&b, "carrier", c->carrier);
	json_opt_str(&b, "account", c->account);
	json_opt_str(&b, "channel", c->channel);
	json_opt_str(&b, "address", c->address);
	if (c->turned)
		json_add_str(&b, "state", c->closed ? STR("closed") : STR("open"));
	json_close(&b, '}');
	text = arena_str(a, buf_get(&b));
	buf_free(&b);
	return text;
}

static int insert_talk(struct store *s, const struct incoming *in, struct str id, int64_t *seq,
		       struct err *e)
{
	struct db_stmt *q = db_stmt(s->db, "INSERT INTO conversations"
					   " (seq, id, carrier, account, channel, address)"
					   " VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
	struct conversation c = { .id = id,
				  .carrier = in->carrier,
				  .account = in->account,
				  .channel = rec_str(in->r, "channel"),
				  .address = ours(in) };
	struct change log = { .op = OP_INSERT, .item = ITEM_CONVERSATION, .record = in->seq };

	*seq = s->next++;
	db_bind_i64(q, 1, *seq);
	db_bind_text(q, 2, id);
	db_bind_text(q, 3, c.carrier);
	db_bind_text(q, 4, c.account);
	db_bind_text(q, 5, c.channel);
	db_bind_text(q, 6, c.address);
	if (db_run(q, e) < 0)
		return -1;
	log.ref = *seq;
	log.new = image_of(&c, in->r->arena);
	return change_log(s, &log, e);
}

static int find_talk(struct store *s, struct str id, int64_t *seq, struct err *e)
{
	struct db_stmt *q = db_stmt(s->db, "SELECT seq FROM conversations WHERE id = ?1");
	int rc;

	db_bind_text(q, 1, id);
	rc = db_step(q, e);
	if (rc > 0)
		*seq = db_i64(q, 0);
	db_reset(q);
	return rc;
}

int people_conversation(struct store *s, struct incoming *in, struct err *e)
{
	struct str id = rec_str(in->r, "conversation");
	struct talk *t = &s->known->talks[mix(0xcbf29ce484222325, id) % TALKS];
	int rc;

	if (!id.n)
		return 0;
	if (t->seq && str_eq((struct str){ t->id, t->n }, id)) {
		in->conversation = t->seq;
		return 0;
	}
	rc = find_talk(s, id, &in->conversation, e);
	if (rc < 0 || (rc == 0 && insert_talk(s, in, id, &in->conversation, e) < 0))
		return -1;
	if (id.n <= TALK_KEY) {
		*t = (struct talk){ .seq = in->conversation, .n = id.n };
		memcpy(t->id, id.p, id.n);
	}
	return 0;
}

static int insert_participant(struct store *s, const struct incoming *in, struct str address,
			      struct str name, struct err *e)
{
	struct db_stmt *q =
		db_stmt(s->db, "INSERT INTO participants (address, conversation, name)"
			       " VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE"
			       " SET name = excluded.name"
			       " WHERE excluded.name IS NOT NULL AND excluded.name IS NOT name");

	db_bind_text(q, 1, address);
	db_bind_i64(q, 2, in->conversation);
	db_bind_text(q, 3, name);
	return db_run(q, e);
}

static int note(struct store *s, const struct incoming *in, const struct json *party, struct err *e)
{
	struct str address = address_of(party), name = json_get_str(party, "name");
	struct person *p;
	size_t n = address.n + 1 + name.n;

	if (!address.n)
		return 0;
	p = &s->known->people[mix(0xcbf29ce484222325, address) % PEOPLE];
	if (p->n == n && p->conversation == in->conversation &&
	    memcmp(p->key, address.p, address.n) == 0 && p->key[address.n] == '\0' &&
	    (name.n == 0 || memcmp(p->key + address.n + 1, name.p, name.n) == 0))
		return 0;
	if (in->conversation && insert_participant(s, in, address, name, e) < 0)
		return -1;
	if (contact_seen(s, in, address, name, e) < 0)
		return -1;
	if (n > PERSON_KEY)
		return 0;
	p->n = n;
	p->conversation = in->conversation;
	memcpy(p->key, address.p, address.n);
	p->key[address.n] = '\0';
	if (name.n > 0)
		memcpy(p->key + address.n + 1, name.p, name.n);
	return 0;
}

int people_note(struct store *s, const struct incoming *in, struct err *e)
{
	struct json_iter to = json_iter(rec_get(in->r, "to"));
	bool out = is_out(in);

	/* Of what comes in the first address is ours, of what goes out the sender is. */
	if (!out && note(s, in, rec_get(in->r, "from"), e) < 0)
		return -1;
	while (json_next(&to))
		if ((out || to.i > 0) && note(s, in, to.value, e) < 0)
			return -1;
	return 0;
}

static int turn(struct store *s, const struct incoming *in, bool closed, struct err *e)
{
	struct db_stmt *q = db_stmt(s->db, "SELECT id, carrier, account, channel, address, closed, turned"
					   " FROM conversations WHERE seq = ?1");
	struct db_stmt *u =
		db_stmt(s->db, "UPDATE conversations SET closed = ?2, turned = ?3 WHERE seq = ?1");
	struct change log = {
		.op = OP_MODIFY, .item = ITEM_CONVERSATION, .ref = in->conversation, .record = in->seq
	};
	struct conversation c;
	bool stays;
	int rc;

	db_bind_i64(q, 1, in->conversation);
	rc = db_step(q, e);
	if (rc <= 0)
		return rc;
	c = (struct conversation){ db_text(q, 0), db_text(q, 1), db_text(q, 2), db_text(q, 3),
				   db_text(q, 4), db_i64(q, 5),  db_i64(q, 6) };
	stays = c.turned > in->at || (c.turned && c.closed == closed);
	log.old = image_of(&c, in->r->arena);
	c.closed = closed;
	c.turned = in->at;
	log.new = image_of(&c, in->r->arena);
	db_reset(q);
	if (stays)
		return 0;
	db_bind_i64(u, 1, in->conversation);
	db_bind_i64(u, 2, closed);
	db_bind_i64(u, 3, in->at);
	return db_run(u, e) < 0 ? -1 : change_log(s, &log, e);
}

/* The person in `from` came, went, or has read up to ${in}. */
static int mark(struct store *s, const struct incoming *in, struct str event, struct err *e)
{
	struct db_stmt *q;
	struct str address = address_of(rec_get(in->r, "from"));

	if (!address.n || insert_participant(s, in, address, STR_NONE, e) < 0)
		return address.n ? -1 : 0;
	q = str_eq(event, STR("read")) ?
		    db_stmt(s->db, "UPDATE participants SET read = max(coalesce(read, 0), ?3)"
				   " WHERE address = ?1 AND conversation = ?2") :
	    str_eq(event, STR("participant-left")) ?
		    db_stmt(s->db, "UPDATE participants SET gone = ?3 WHERE address = ?1 AND"
				   " conversation = ?2 AND coalesce(joined, 0) <= ?3") :
		    db_stmt(s->db,
			    "UPDATE participants SET joined = ?3, gone = CASE WHEN gone > ?3 THEN gone END"
			    " WHERE address = ?1 AND conversation = ?2 AND coalesce(joined, 0) <= ?3");
	db_bind_text(q, 1, address);
	db_bind_i64(q, 2, in->conversation);
	db_bind_i64(q, 3, in->at);
	return db_run(q, e);
}

int people_event(struct store *s, const struct incoming *in, struct err *e)
{
	struct str event = rec_str(in->r, "event");

	if (contact_event(s, in, e) < 0)
		return -1;
	if (!in->conversation)
		return 0;
	if (str_eq(event, STR("chat-opened")) || str_eq(event, STR("chat-closed")))
		return turn(s, in, str_eq(event, STR("chat-closed")), e);
	if (str_eq(event, STR("participant-joined")) || str_eq(event, STR("participant-left")) ||
	    (str_eq(event, STR("read")) && !rec_str(in->r, "reply_to").n))
		return mark(s, in, event, e);
	return 0;
}
