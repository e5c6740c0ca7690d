/* SPDX-License-Identifier: MIT */
/*
 * canon_read is the inverse of canon_write: every record of every carrier's cases, read and written
 * again, is the same.
 */
#include <glob.h>

#include "canon.h"
#include "file.h"
#include "json_scan.h"
#include "unit.h"

/* ${line} without the members that only the webhook knows. */
static struct str bare(struct str line)
{
	struct buf a = { .max = SIZE_MAX }, b = { .max = SIZE_MAX };

	json_cut(&a, line, STR("trace"));
	json_cut(&b, buf_get(&a), STR("id"));
	line = arena_str(arena, buf_get(&b));
	buf_free(&a);
	buf_free(&b);
	return line;
}

static bool same_again(struct str line)
{
	struct buf b = { .max = SIZE_MAX };
	struct canon c;
	struct err e;
	const struct json *v = json_parse(line, arena, &e);
	struct hook h = { .id = STR("x"), .carrier = json_get_str(v, "carrier"), .arena = arena };
	struct str again;

	if (canon_read(&c, v, arena, &e) < 0) {
		printf("# %s\n", e.text);
		return false;
	}
	canon_write(&b, &c, &h);
	json_close(&b, '}');
	again = bare(buf_get(&b));
	buf_free(&b);
	if (!str_eq(again, bare(line)))
		printf("# %.*s\n# %.*s\n", STR_FMT(bare(line)), STR_FMT(again));
	return str_eq(again, bare(line));
}

static void every_record_of_the_cases_is_the_same_when_read_and_written(void)
{
	glob_t files = { 0 };
	struct err e;
	int records = 0;

	CHECK(glob("tests/carriers/*/*/want.ndjson", 0, NULL, &files) == 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		struct str text, line;

		if (strstr(files.gl_pathv[i], "/send-")) /* what goes the other way */
			continue;
		CHECK(file_read(files.gl_pathv[i], 1 << 20, arena, &text, NULL, &e) == 0);
		for (; text.n > 0; text = str_sub(text, line.n + 1, text.n)) {
			line = str_sub(text, 0, str_find(text, '\n'));
			if (str_search(line, STR("\"kind\":\"reject\"")) < line.n)
				continue;
			CHECK(same_again(line));
			records++;
		}
	}
	globfree(&files);
	CHECK(records > 300);
}

/* What canon_read says of ${text}. */
static const char *refused(const char *text)
{
	static struct err e;
	struct canon c;
	const struct json *v = json_parse(str_c(text), arena, &e);

	return canon_read(&c, v, arena, &e) < 0 ? e.text : "";
}

static void what_is_malformed_is_named(void)
{
	CHECK(strstr(refused("[]"), "not a JSON array"));
	CHECK(strstr(refused("{\"kind\":\"webhook\"}"), "\"kind\""));
	CHECK(strstr(refused("{\"kind\":\"message\"}"), "\"type\""));
	CHECK(strstr(refused("{\"kind\":\"event\"}"), "\"event\""));
	CHECK(strstr(refused("{\"kind\":\"status\",\"status\":{}}"), "\"status\""));
	CHECK(strstr(refused("{\"kind\":\"message\",\"type\":\"text\",\"text\":[]}"), "\"text\""));
	CHECK(strstr(refused("{\"kind\":\"message\",\"type\":\"text\",\"to\":[{}]}"), "\"to\""));
	CHECK(strstr(refused("{\"kind\":\"message\",\"type\":\"text\",\"media\":{}}"), "\"media\""));
	CHECK(strstr(refused("{\"kind\":\"message\",\"type\":\"text\",\"location\":{\"latitude\":1}}"),
		     "\"location\""));
	CHECK(strstr(refused("{\"kind\":\"message\",\"type\":\"text\",\"context\":[]}"), "\"context\""));
}

static void an_address_may_be_plain(void)
{
	struct err e;
	struct canon c;
	const struct json *v =
		json_parse(STR("{\"kind\":\"message\",\"type\":\"text\",\"from\":\"+1\",\"to\":\"+2\"}"),
			   arena, &e);

	CHECK(canon_read(&c, v, arena, &e) == 0);
	CHECK_STR(c.from.address, "+1");
	CHECK(c.n_to == 1);
	CHECK_STR(c.to[0].address, "+2");
}

UNIT_MAIN(UNIT(every_record_of_the_cases_is_the_same_when_read_and_written),
	  UNIT(what_is_malformed_is_named), UNIT(an_address_may_be_plain))
