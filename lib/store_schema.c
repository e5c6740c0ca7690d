/* SPDX-License-Identifier: MIT */
#include "store_private.h"

/*
 * One counter numbers records, changes, conversations and contacts, so that it says what came first; no
 * number is given twice, even after its row has gone.  AUTOINCREMENT would write its table once a row.
 *
 * What costs is a page in a random place: a message touches two, in `ids` and in records_conversation.
 * That is why nothing is counted or dated in `conversations`; that a message was inserted is not in
 * `changes`, as its record says so; and a reference of the carrier that is the id itself, as it is
 * with all that omni-normalize makes, is not in `refs`.
 */
static const char version_1[] =
	"CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
	"INSERT INTO meta VALUES ('store', lower(hex(randomblob(16)))), ('next', 1), ('trimmed', 0);"

	"CREATE TABLE records ("
	" seq INTEGER PRIMARY KEY,"
	" kind INTEGER NOT NULL,"   /* enum store_kind */
	" stored INTEGER NOT NULL," /* times are milliseconds since 1970 */
	" at INTEGER NOT NULL,"
	" conversation INTEGER," /* conversations.seq */
	" message INTEGER,"      /* records.seq of the message that it is about */
	" direction TEXT, carrier TEXT, account TEXT, channel TEXT, type TEXT, sender TEXT,"
	" rank INTEGER, status TEXT," /* of a message: the best of its receipts */
	" state TEXT,"                /* of a message: what became of it, JSON; store_state.h */
	" text TEXT,"                 /* of a message: what is searched */
	" line TEXT NOT NULL);"
	"CREATE INDEX records_conversation ON records (conversation, kind, at)"
	" WHERE conversation IS NOT NULL;"
	"CREATE INDEX records_message ON records (message) WHERE message IS NOT NULL;"
	"CREATE INDEX records_at ON records (at) WHERE kind = 1;"
	"CREATE VIRTUAL TABLE words USING fts5(text, content='records', content_rowid='seq',"
	" columnsize=0, tokenize='unicode61 remove_diacritics 2');"

	"CREATE TABLE ids (id BLOB PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE refs (ref BLOB PRIMARY KEY, message INTEGER NOT NULL, part INTEGER) WITHOUT ROWID;"
	"CREATE INDEX refs_message ON refs (message);"
	"CREATE TABLE parked (ref BLOB NOT NULL, record INTEGER NOT NULL, PRIMARY KEY (ref, record))"
	" WITHOUT ROWID;"
	"CREATE INDEX parked_record ON parked (record);"

	"CREATE TABLE conversations ("
	" seq INTEGER PRIMARY KEY,"
	" id TEXT NOT NULL UNIQUE,"
	" carrier TEXT, account TEXT, channel TEXT,"
	" address TEXT,"                    /* ours */
	" closed INTEGER, turned INTEGER);" /* whether it is, and since when */
	"CREATE TABLE participants ("
	" address TEXT NOT NULL, conversation INTEGER NOT NULL, name TEXT,"
	" joined INTEGER, gone INTEGER, read INTEGER,"
	" PRIMARY KEY (address, conversation)) WITHOUT ROWID;"
	"CREATE INDEX participants_conversation ON participants (conversation);"
	"CREATE TABLE contacts (seq INTEGER PRIMARY KEY, address TEXT NOT NULL UNIQUE, image TEXT NOT NULL);"

	"CREATE TABLE changes ("
	" seq INTEGER PRIMARY KEY,"
	" at INTEGER NOT NULL,"
	" op INTEGER NOT NULL,"   /* enum store_op */
	" item INTEGER NOT NULL," /* enum store_item */
	" ref INTEGER,"           /* its seq */
	" record INTEGER,"        /* records.seq of what made the change */
	" old TEXT, new TEXT);"   /* images; of a message what varies, its state */
	"CREATE TABLE cursors (name TEXT PRIMARY KEY, seq INTEGER NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;";

/*
 * The changes of what is removed go with it.  And parts of the text index are merged 64 at a time
 * instead of 4: each commit makes one, and a word is written again half as often.
 */
static const char version_2[] = "CREATE INDEX changes_ref ON changes (ref);"
				"INSERT INTO words (words, rank) VALUES ('automerge', 0);"
				"INSERT INTO words (words, rank) VALUES ('crisismerge', 64);";

/* A token is a row as soon as anything was said of it: what comes late must find what came before. */
static const char version_3[] =
	"CREATE TABLE devices ("
	" key BLOB PRIMARY KEY,"                     /* UUIDv5 of platform/token */
	" contact TEXT, since INTEGER, record BLOB," /* whose, since when, by the event of which id */
	" image TEXT,"                               /* the subscription */
	" gone INTEGER,"
	" moved INTEGER, target BLOB, token TEXT" /* when, and where to: its key, its token */
	") WITHOUT ROWID;"
	"CREATE INDEX devices_contact ON devices (contact, since) WHERE " DEVICE_LIVES ";"
	"CREATE INDEX devices_target ON devices (target) WHERE target IS NOT NULL;";

static const char *const steps[] = { version_1, version_2, version_3, NULL };

const struct db_schema store_schema = { 0x6f6d7374, "store", steps, 0 }; /* "omst" */
