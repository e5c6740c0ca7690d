/* SPDX-License-Identifier: MIT */
/*
 * Whatever a person searches for is an expression that FTS5 takes, and a cursor is taken only as it was
 * given.
 */
#include <stdlib.h>
#include <unistd.h>

#include "db.h"
#include "store_cursor.h"
#include "store_query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const steps[] = { "CREATE VIRTUAL TABLE words USING fts5(text);"
				     "INSERT INTO words VALUES ('where is my order 1042')",
				     NULL };
static const struct db_schema schema = { 0x66757a7a, "fuzz", steps, 0 };

static struct db *words(void)
{
	char path[] = "/tmp/fuzz-words-XXXXXX";
	struct err e;
	struct db *d;
	int fd = mkstemp(path);

	if (fd < 0)
		abort();
	close(fd);
	d = db_open(path, &schema, DB_CREATE, &e);
	unlink(path);
	return d;
}

static void cursor(struct arena *a, struct str s)
{
	struct page_cursor c = { 1, 1 };
	struct str again;
	struct err e;

	if (page_cursor_read(a, s, 42, &c, &e) < 0)
		return;
	again = page_cursor_write(a, 42, &c);
	if (page_cursor_read(a, again, 42, &c, &e) < 0 || page_cursor_read(a, again, 43, &c, &e) == 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct db *d;
	struct str s = { (const char *)data, size };
	struct arena *a = arena_new();
	struct str text;
	struct err e;

	if (!d && !(d = words()))
		abort();
	cursor(a, s);
	text = str_utf8(s) ? store_words(a, s) : STR_NONE;
	if (text.p) {
		struct db_stmt *q = db_stmt(d, "SELECT rowid FROM words WHERE words MATCH ?1");

		db_bind_text(q, 1, text);
		if (db_step(q, &e) < 0)
			abort();
		db_reset(q);
	}
	arena_free(a);
	return 0;
}
