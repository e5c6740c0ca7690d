/* SPDX-License-Identifier: MIT */
/* How queries go through the store.  Private to it. */
#ifndef OMNI_STORE_WALK_H
#define OMNI_STORE_WALK_H

#include "store_cursor.h"
#include "store_private.h"
#include "store_query.h"

/*
 * A query walks through keys in its order, by one of these statements, and looks up each row that
 * passes: sorting, where there is any, never moves whole records.  Times go in as a range that the
 * cursor has narrowed already.
 */
#define FILTER                                                                   \
	" AND r.at BETWEEN ?1 AND ?2 AND (?3 IS NULL OR r.carrier = ?3)"         \
	" AND (?4 IS NULL OR r.account = ?4) AND (?5 IS NULL OR r.channel = ?5)" \
	" AND (?6 IS NULL OR r.direction = ?6) AND (?7 IS NULL OR r.type = ?7)"  \
	" AND (?8 IS NULL OR r.status = ?8) AND (?9 IS NULL OR r.sender = ?9)"
#define NEWEST FILTER " AND (r.at < ?10 OR r.seq < ?11) ORDER BY r.at DESC, r.seq DESC"
#define OLDEST FILTER " AND (r.at > ?10 OR r.seq > ?11) ORDER BY r.at, r.seq"

#define BY_TIME \
	"SELECT r.seq, r.at, r.conversation FROM records r INDEXED BY records_at WHERE r.kind = 1"
#define BY_TALK                                                                             \
	"SELECT r.seq, r.at, r.conversation FROM records r INDEXED BY records_conversation" \
	" WHERE r.kind = 1 AND r.conversation = ?12"
#define BY_PERSON                                                                           \
	"SELECT r.seq, r.at, r.conversation FROM records r INDEXED BY records_conversation" \
	" WHERE r.kind = 1 AND r.conversation IN"                                           \
	" (SELECT conversation FROM participants WHERE address = ?12)"

/* That no message of its conversation is newer. */
#define LAST                                                                     \
	" AND r.conversation IS NOT NULL AND NOT EXISTS"                         \
	" (SELECT 1 FROM records n INDEXED BY records_conversation"              \
	" WHERE n.conversation = r.conversation AND n.kind = 1 AND n.at >= r.at" \
	" AND (n.at > r.at OR n.seq > r.seq))"
#define BY_ALL                                                                              \
	"SELECT r.seq, r.at, r.conversation FROM records r INDEXED BY records_conversation" \
	" WHERE r.kind IN (1, 3) AND r.conversation = ?12"
#define FOUND                                                                                       \
	"SELECT r.seq, r.at, r.conversation FROM words CROSS JOIN records r ON r.seq = words.rowid" \
	" WHERE words MATCH ?12" FILTER

struct query {
	struct store *s;
	const struct store_filter *f;
	const struct store_page *p;
	const struct store_sink *to;
	struct arena *a; /* emptied after each row */
	struct buf line;
	uint32_t number; /* page_cursor_query */
	uint64_t given;
	int (*give)(struct query *q, const struct page_cursor *c, int64_t conversation, struct err *e);
};

/* Begin a query named ${verb}; ${c} is where it goes on.  Return 0 or -1; then query_end in any case. */
int query_begin(struct query *q, const char *verb, struct page_cursor *c, struct err *e);

/* End it, and return ${rc}. */
int query_end(struct query *q, int rc);

/* Bind to ${keys} what all statements have in common. */
void query_bind(struct db_stmt *keys, const struct query *q, const struct page_cursor *c);

/* Call q->give for each row of ${keys} until one does not return 0.  Return 0 or -1. */
int query_walk(struct query *q, struct db_stmt *keys, struct err *e);

/* Return 1 and the number that the statement ${sql} finds for ${text}, 0, or -1. */
int query_lookup(struct store *s, const char *sql, struct str text, int64_t *value, struct err *e);

/* Give q->line.  Return 1 when the page is full, 0 or -1. */
int query_answer(struct query *q, struct err *e);

/* For q->give: the record at ${c}, if it passes. */
int query_record(struct query *q, const struct page_cursor *c, int64_t conversation, struct err *e);

#endif
