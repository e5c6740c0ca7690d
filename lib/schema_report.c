/* SPDX-License-Identifier: MIT */
/* The output format `basic` of the draft (core, 12), and lines for people. */
#include "schema.h"

void schema_put_basic(struct buf *b, const struct schema_report *r)
{
	json_open(b, '{');
	json_add_bool(b, "valid", r->n == 0);
	if (r->n > 0) {
		json_key(b, "errors");
		json_open(b, '[');
		for (size_t i = 0; i < r->n; i++) {
			json_open(b, '{');
			json_add_bool(b, "valid", false);
			json_add_str(b, "keywordLocation", r->units[i].keyword);
			json_add_str(b, "absoluteKeywordLocation", r->units[i].absolute);
			json_add_str(b, "instanceLocation", r->units[i].instance);
			json_add_str(b, "error", r->units[i].text);
			json_close(b, '}');
		}
		json_close(b, ']');
	}
	json_close(b, '}');
}

void schema_put_text(struct buf *b, const struct schema_unit *u)
{
	if (u->instance.n > 0) {
		buf_str(b, u->instance);
		buf_lit(b, ": ");
	}
	buf_str(b, u->text);
	buf_lit(b, " (");
	buf_str(b, u->absolute);
	buf_char(b, ')');
}
