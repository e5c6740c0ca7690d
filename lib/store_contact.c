/* SPDX-License-Identifier: MIT */
#include "store_contact.h"

#include "clock.h"
#include "phone.h"

/* A contact that is being changed: its row, and its image as it was. */
struct contact {
	int64_t seq; /* 0: it is new */
	struct str address, old;
	const struct json *root;
};

static int contact_read(struct store *s, struct str address, struct arena *a, struct contact *c,
			struct err *e)
{
	struct db_stmt *q = db_stmt(s->db, "SELECT seq, image FROM contacts WHERE address = ?1");
	struct err why;
	int rc;

	*c = (struct contact){ .address = address };
	db_bind_text(q, 1, address);
	rc = db_step(q, e);
	if (rc > 0) {
		c->seq = db_i64(q, 0);
		c->old = arena_str(a, db_text(q, 1));
		c->root = json_parse(c->old, a, &why);
	}
	db_reset(q);
	return rc < 0 ? -1 : 0;
}

static int contact_write(struct store *s, const struct contact *c, const struct incoming *in,
			 const struct buf *image, struct err *e)
{
	struct db_stmt *q = db_stmt(s->db, "INSERT INTO contacts VALUES (?1, ?2, ?3)"
					   " ON CONFLICT (seq) DO UPDATE SET image = excluded.image");
	struct change log = { .op = c->seq ? OP_MODIFY : OP_INSERT,
			      .item = ITEM_CONTACT,
			      .ref = c->seq ? c->seq : s->next++,
			      .record = in->seq,
			      .old = c->old,
			      .new = buf_get(image) };

	if (str_eq(log.old, log.new))
		return 0;
	db_bind_i64(q, 1, log.ref);
	db_bind_text(q, 2, c->address);
	db_bind_text(q, 3, log.new);
	return db_run(q, e) < 0 ? -1 : change_log(s, &log, e);
}

/* The members of the image that ${c} keeps: all but ${but}. */
static void begin_image(struct buf *b, const struct contact *c, const char *but, const char *also)
{
	struct json_iter it = json_iter(c->root);

	json_open(b, '{');
	if (!c->root)
		json_add_str(b, "address", c->address);
	while (json_next(&it))
		if (!str_eq(it.key, str_c(but)) && !str_eq(it.key, str_c(also))) {
			json_key_str(b, it.key);
			json_put_value(b, it.value);
		}
}

int contact_seen(struct store *s, const struct incoming *in, struct str address, struct str name,
		 struct err *e)
{
	struct arena *a = in->r->arena;
	struct buf b = { .max = SIZE_MAX };
	struct str at = clock_text(a, in->at);
	struct contact c;
	int rc;

	if (contact_read(s, address, a, &c, e) < 0)
		return -1;
	if (c.seq && (!name.n || str_eq(json_get_str(c.root, "name"), name) ||
		      str_cmp(at, json_get_str(c.root, "named")) < 0))
		return 0;
	begin_image(&b, &c, "name", "named");
	if (name.n) {
		json_add_str(&b, "name", name);
		json_add_str(&b, "named", at);
	}
	json_close(&b, '}');
	rc = contact_write(s, &c, in, &b, e);
	buf_free(&b);
	return rc;
}

/* What a consent is about: one channel of one account of ours. */
struct consent_key {
	struct str channel, carrier, account, address;
};

static bool same(const struct json *v, const struct consent_key *k)
{
	return str_eq(json_get_str(v, "channel"), k->channel) &&
	       str_eq(json_get_str(v, "carrier"), k->carrier) &&
	       str_eq(json_get_str(v, "account"), k->account) &&
	       str_eq(json_get_str(v, "address"), k->address);
}

/* Put the consents of ${c} into ${b}, ${k} as ${word} at the end.  Return false if a later one stands. */
static bool write_consents(struct buf *b, const struct contact *c, const struct consent_key *k,
			   struct str word, struct str at)
{
	struct json_iter it = json_iter(json_get(c->root, "consent"));

	json_key(b, "consent");
	json_open(b, '[');
	while (json_next(&it)) {
		if (!same(it.value, k))
			json_put_value(b, it.value);
		else if (str_cmp(json_get_str(it.value, "at"), at) > 0)
			return false;
	}
	json_open(b, '{');
	json_add_str(b, "state", word);
	json_opt_str(b, "channel", k->channel);
	json_opt_str(b, "carrier", k->carrier);
	json_opt_str(b, "account", k->account);
	json_opt_str(b, "address", k->address);
	json_add_str(b, "at", at);
	json_close(b, '}');
	json_close(b, ']');
	return true;
}

static int consent(struct store *s, const struct incoming *in, struct contact *c, struct err *e)
{
	struct consent_key k = { rec_str(in->r, "channel"), in->carrier, in->account,
				 json_get_str(json_at(rec_get(in->r, "to"), 0), "address") };
	struct buf b = { .max = SIZE_MAX };
	int rc = 0;

	begin_image(&b, c, "consent", "");
	if (write_consents(&b, c, &k, rec_str(in->r, "event"), clock_text(in->r->arena, in->at))) {
		json_close(&b, '}');
		rc = contact_write(s, c, in, &b, e);
	}
	buf_free(&b);
	return rc;
}

/* The new number: omni-record(5) has no member for it, so it is where WhatsApp has it. */
static int moved(struct store *s, const struct incoming *in, struct contact *c, struct err *e)
{
	struct str to = json_str(json_pointer(rec_get(in->r, "carrier_data"), STR("/system/wa_id")));
	struct buf b = { .max = SIZE_MAX };
	int rc;

	begin_image(&b, c, "moved", "");
	json_key(&b, "moved");
	json_open(&b, '{');
	if (to.n)
		json_add_str(&b, "to", phone_plus(in->r->arena, to));
	json_add_str(&b, "at", clock_text(in->r->arena, in->at));
	json_close(&b, '}');
	json_close(&b, '}');
	rc = contact_write(s, c, in, &b, e);
	buf_free(&b);
	return rc;
}

int contact_event(struct store *s, const struct incoming *in, struct err *e)
{
	struct str event = rec_str(in->r, "event");
	struct str address = json_get_str(rec_get(in->r, "from"), "address");
	bool number = str_eq(event, STR("number-changed"));
	struct contact c;

	if (!address.n || (!number && !str_eq(event, STR("opt-out")) && !str_eq(event, STR("opt-in"))))
		return 0;
	if (contact_read(s, address, in->r->arena, &c, e) < 0)
		return -1;
	return number ? moved(s, in, &c, e) : consent(s, in, &c, e);
}
