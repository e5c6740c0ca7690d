/* SPDX-License-Identifier: MIT */
/* What the files of the store share. */
#ifndef OMNI_STORE_PRIVATE_H
#define OMNI_STORE_PRIVATE_H

#include "db.h"
#include "store.h"

extern const struct db_schema store_schema;

/* These numbers stand in files: they never change. */
enum store_kind { KIND_MESSAGE = 1, KIND_STATUS, KIND_EVENT, KIND_DELIVERY };
enum store_op { OP_INSERT = 1, OP_MODIFY, OP_REMOVE };
enum store_item { ITEM_MESSAGE = 1, ITEM_CONVERSATION, ITEM_CONTACT };

struct store {
	struct db *db;
	bool writing;    /* a transaction is open */
	bool parked;     /* something waits for its message */
	int64_t now;     /* of the transaction */
	int64_t next;    /* number to be given */
	int64_t written; /* the same as the file has it; 0: what is here is not that of the file */
	int64_t version; /* of the file, as db_version has it */
	int64_t seen;    /* the same when store_wait looked last */
	struct known *known; /* store_people.c */
};

/* A key of 16 bytes: the id of a record, or what a carrier's id of a message is turned into. */
struct key {
	unsigned char b[16];
};

/* A record on its way in, or one that was parked. */
struct incoming {
	const struct rec *r;
	enum store_kind kind;
	struct key id;
	int64_t seq, at;
	int64_t conversation; /* 0: none */
	struct str carrier, account, external_id;
	struct str words; /* of a message: what is searched */
	bool device;      /* an event about one */
};

/**
 * incoming_read(in, r, e):
 * Take what all kinds have in common from ${r}.  Return 0, or -1 with FAULT_DATA.
 */
int incoming_read(struct incoming *in, const struct rec *r, struct err *e);

/* FAULT_DATA, "record-malformed": ${what} ${why}.  Return -1. */
int incoming_malformed(struct err *e, const char *what, const char *why);

/* store.c: a transaction, unless one is open. */
int store_begin(struct store *s, struct err *e);

/* store_ref.c: which message a record is about, by its id or by what the carrier calls it. */

/* The key of the carrier's ${external_id}; ${account} may be {NULL, 0}. */
struct key ref_key(struct str carrier, struct str account, struct str external_id);

/* Look up ${ref}.  Return 1 with the message's seq and the part it names (0: none), 0, or -1. */
int ref_find(struct store *s, const struct key *ref, int64_t *message, int64_t *part, struct err *e);

/* Let ${ref} mean ${message}, unless it means something already. */
int ref_add(struct store *s, const struct key *ref, int64_t message, int64_t part, struct err *e);

/* The keys under which ${in} looks for its message, best first.  Return how many, at most 2. */
size_t ref_keys(const struct incoming *in, struct key keys[2]);

/* Remember that ${in} waits for one of ${keys}. */
int ref_park(struct store *s, const struct incoming *in, const struct key *keys, size_t n,
	     struct err *e);

/* Apply what waits for ${ref} to ${message}. */
int ref_join(struct store *s, const struct key *ref, int64_t message, struct arena *a, struct err *e);

/* store_message.c */

/* What is searched of ${r}: text, captions, names of files and places; {NULL, 0} if there is none. */
struct str message_words(const struct rec *r);

/* What a new message means for others: the index, the log, and what waited for it. */
int message_new(struct store *s, const struct incoming *in, struct err *e);

/* Take ${text} of ${seq} out of the index, or put it in. */
int words_remove(struct store *s, int64_t seq, struct str text, struct err *e);
int words_insert(struct store *s, int64_t seq, struct str text, struct err *e);

/* store_effect.c: what ${in} changes in ${message}.  ${part} is what its reference named, 0: nothing. */
int effect_apply(struct store *s, const struct incoming *in, int64_t message, int64_t part,
		 struct err *e);

/* store_people.c */

/* Forget what is kept of the file in memory: somebody else has written to it. */
void people_forget(struct store *s);
struct known *people_new(void);
void people_free(struct known *k);

/* Find or make the conversation of ${in}, a message or an event. */
int people_conversation(struct store *s, struct incoming *in, struct err *e);

/* Note who takes part in ${in}. */
int people_note(struct store *s, const struct incoming *in, struct err *e);

/* What an event says of a conversation, its participants, and of a person. */
int people_event(struct store *s, const struct incoming *in, struct err *e);

/* store_device.c */
struct push_device;

/* Read into ${d} which device ${r} is about.  Return 1, 0 if it is no event of devices, or -1 with FAULT_DATA. */
int device_read(const struct rec *r, struct push_device *d, struct err *e);

/* ${line}, that of ${r}, which device_read took, without what encrypts for the device. */
struct str device_kept(const struct rec *r, struct str line);

/* What ${in}, which is about a device, says of it. */
int device_event(struct store *s, const struct incoming *in, struct err *e);

/* store_devices.c */

/* In SQL: somebody's who may be reached by it, here or where it moved to.  It stands in an index. */
#define DEVICE_LIVES "contact IS NOT NULL AND (gone IS NULL OR gone < since OR moved >= since)"

extern const char device_count_sql[]; /* how many there are */

/* Remove at most ${most} that were over before ${before}, or all of ${address}; ${n} says how many. */
int device_prune(struct store *s, int64_t before, int64_t most, int64_t *n, struct err *e);
int device_erase(struct store *s, struct str address, int64_t *n, struct err *e);

/* store_change.c: a line of the change log; images that have no pointer are left out. */
struct change {
	enum store_op op;
	enum store_item item;
	int64_t ref, record;
	struct str old, new;
};

int change_log(struct store *s, const struct change *c, struct err *e);

#endif
