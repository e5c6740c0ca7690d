/* SPDX-License-Identifier: MIT */
/*
 * embed DIR FILE...: the JSON Schemas ${FILE}, which are below ${DIR}, as the C source of what
 * lib/model.h declares.  Run by make.
 */
#include <stdio.h>
#include <stdlib.h>

#include "diag.h"
#include "load.h"
#include "model.h"

/* In the order in which omni-models lists them. */
static const char *const groups[] = { "message",  "conversation", "carrier",
				      "workflow", "config",       "defs" };

struct entry {
	struct place root;
	struct str file, name;
	size_t group;
};

static int by_group_and_name(const void *x, const void *y)
{
	const struct entry *a = x, *b = y;

	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	return str_cmp(a->name, b->name);
}

/*
 * "carrier/twilio/send.schema.json" is "twilio/send" in the group carrier, "config.schema.json"
 * "config" in a group of its own.
 */
static void name_entry(struct entry *m)
{
	struct str path = str_sub(m->file, 0, m->file.n - strlen(".schema.json"));
	size_t slash = str_find(path, '/');
	struct str group = str_sub(path, 0, slash);

	m->name = slash < path.n ? str_sub(path, slash + 1, path.n) : path;
	while (m->group < LEN(groups) && !str_eq(str_c(groups[m->group]), group))
		m->group++;
	if (m->group == LEN(groups))
		load_die(m->root, "is in no known group of models");
}

static void check(const struct entry *list, size_t i)
{
	const struct entry *m = &list[i];
	struct str id = arena_join(load_arena(), STR(MODEL_BASE), m->file);

	if (!str_eq(json_get_str(m->root.v, "$id"), id))
		load_die(m->root, "the $id is not that of its file");
	if (!json_get_str(m->root.v, "title").n)
		load_die(m->root, "has no title");
	for (size_t k = 0; k < i; k++)
		if (str_eq(list[k].name, m->name))
			load_die(m->root, "another model has the same name");
}

/* A literal of C. */
static void put_literal(struct str s)
{
	putchar('"');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '\n')
			fputs("\\n\"\n\t\"", stdout);
		else if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20 || c >= 0x7f || c == '?')
			printf("\\%03o", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void put_member(const char *member, struct str s)
{
	if (!s.p)
		return;
	printf("\t\t.%s = ", member);
	put_literal(s);
	puts(",");
}

/* The programs that read or write it, in one text. */
static void put_programs(const struct entry *m)
{
	struct buf b = { .max = SIZE_MAX };

	for (struct json_iter it = json_iter(json_get(m->root.v, "x-program")); json_next(&it);) {
		if (it.i)
			buf_char(&b, ' ');
		buf_str(&b, json_str(it.value));
	}
	put_member("programs", b.p ? buf_get(&b) : STR(""));
	buf_free(&b);
}

static void put_entry(const struct entry *m)
{
	puts("\t{");
	put_member("name", m->name);
	put_member("group", str_c(groups[m->group]));
	put_member("id", json_get_str(m->root.v, "$id"));
	put_member("uri", arena_join(load_arena(), STR("omni:"), m->name));
	put_member("title", json_get_str(m->root.v, "title"));
	put_member("kind", json_get_str(m->root.v, "x-kind"));
	put_member("carrier", json_get_str(m->root.v, "x-carrier"));
	put_programs(m);
	if (str_eq(json_get_str(m->root.v, "x-status"), STR("planned")))
		puts("\t\t.planned = true,");
	fputs("\t\t.text = { ", stdout);
	put_literal(load_text(m->file));
	printf(", %zu },\n\t},\n", load_text(m->file).n);
}

int main(int argc, char **argv)
{
	size_t n = argc < 3 ? 0 : (size_t)argc - 2;
	struct entry *list;

	diag_init("embed");
	if (n == 0)
		return 1;
	load_open(argv[1]);
	list = arena_calloc(load_arena(), n, sizeof(*list));
	for (size_t i = 0; i < n; i++) {
		list[i].file = str_sub(str_c(argv[i + 2]), strlen(argv[1]) + 1, SIZE_MAX);
		list[i].root = load_place(list[i].file);
		name_entry(&list[i]);
		check(list, i);
	}
	qsort(list, n, sizeof(*list), by_group_and_name);
	puts("/* SPDX-License-Identifier: MIT */\n/* Made of models/ by gen/embed.c. */\n#include \"model.h\"\n");
	puts("const struct model models[] = {");
	for (size_t i = 0; i < n; i++)
		put_entry(&list[i]);
	puts("};\n\nconst size_t models_n = LEN(models);");
	load_finish();
	return 0;
}
