/* SPDX-License-Identifier: MIT */
#include "store_private.h"

int change_log(struct store *s, const struct change *c, struct err *e)
{
	struct db_stmt *q = db_stmt(s->db, "INSERT INTO changes VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");

	db_bind_i64(q, 1, s->next++);
	db_bind_i64(q, 2, s->now);
	db_bind_i64(q, 3, c->op);
	db_bind_i64(q, 4, c->item);
	db_bind_i64(q, 5, c->ref);
	db_bind_i64(q, 6, c->record);
	db_bind_text(q, 7, c->old);
	db_bind_text(q, 8, c->new);
	return db_run(q, e);
}
