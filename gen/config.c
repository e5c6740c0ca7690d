/* SPDX-License-Identifier: MIT */
/*
 * config DIR: models/config, the schema of the configuration, as the C source of the tables that
 * lib/conf checks it against.  Run by make.  So the schema is the only place where a key is
 * written down, and no program needs the engine to read its configuration.
 *
 * What such a table can not say must have a program that checks it, which the schema names beside it as
 * `x-owner`; else the build stops here.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "conf.h"
#include "diag.h"
#include "load.h"

/* Keywords that a table says, or that say nothing about what is valid. */
static const char *const known[] = { "$schema",    "$id",
				     "$ref",       "$defs",
				     "title",      "description",
				     "examples",   "type",
				     "properties", "additionalProperties",
				     "items",      "anyOf",
				     "allOf",      "unevaluatedProperties",
				     "enum",       "minimum",
				     "maximum",    "minItems",
				     "x-owner",    "x-unit",
				     "x-secret",   "x-program",
				     "x-carrier" };

struct key {
	enum conf_type type;
	unsigned table; /* of its objects; 0: any */
	unsigned words; /* the list of its words; 0: any */
	int64_t min, max;
	struct str unit;
};

static unsigned n_lists; /* of all kinds, so that each has a name of its own */

static unsigned put_table(struct place object);

/* True for what a table can say, or for what somebody else checks. */
static void check(struct place p)
{
	if (place_word(p, "x-owner"))
		return;
	for (struct json_iter it = json_iter(p.v); json_next(&it);) {
		size_t i = 0;

		while (i < LEN(known) && !str_eq(str_c(known[i]), it.key))
			i++;
		if (i == LEN(known))
			load_die(p, arena_fmt(load_arena(),
					      "no table of keys can say \"%.*s\": name its x-owner",
					      STR_FMT(it.key))
					    .p);
	}
}

static bool is_type(struct place p, const char *type)
{
	return str_eq(json_str(place_word(p, "type")), str_c(type));
}

static unsigned put_words(struct place p)
{
	const struct json *list = place_word(p, "enum");

	if (!list)
		return 0;
	printf("static const char *const words_%u[] = { ", ++n_lists);
	for (struct json_iter it = json_iter(list); json_next(&it);)
		printf("\"%.*s\", ", STR_FMT(json_str(it.value)));
	puts("NULL };\n");
	return n_lists;
}

/* A whole number, as a schema may have it. */
static int64_t limit(struct place p, const char *key)
{
	int64_t v = 0;

	if (place_word(p, key) && json_i64(place_word(p, key), &v) < 0)
		load_die(p, "is no whole number");
	return v;
}

/* "This, or an array of these": whose second is an array of the first. */
static struct key of_choice(struct place p)
{
	struct place list = place_get(p, "anyOf");
	struct place one = place_follow((struct place){ json_at(list.v, 0), p.doc, p.docs });
	struct place many = place_follow((struct place){ json_at(list.v, 1), p.doc, p.docs });
	struct place items = place_follow(place_get(many, "items"));

	if (json_len(list.v) != 2 || !is_type(many, "array") ||
	    !str_eq(json_str(json_get(one.v, "type")), json_str(json_get(items.v, "type"))))
		load_die(p, "is not \"one, or an array of such\"");
	check(many);
	if (is_type(one, "string"))
		return (struct key){ .type = CONF_STRINGS };
	if (one.v != items.v)
		load_die(p, "the one is another than those of the array");
	return (struct key){ .type = CONF_OBJECTS, .table = put_table(one) };
}

static struct key of_object(struct place p)
{
	struct place any = place_get(p, "additionalProperties");

	if (place_get(p, "properties").v)
		return (struct key){ .type = CONF_OBJECT, .table = put_table(p) };
	if (json_is(any.v, JSON_OBJECT))
		return (struct key){ .type = CONF_MAP, .table = put_table(place_follow(any)) };
	return (struct key){ .type = CONF_OBJECT };
}

static struct key key_of(struct place p)
{
	struct place to = place_follow(p);

	if (!to.v)
		load_die(p, "leads nowhere");
	check(p);
	if (!place_word(p, "x-owner"))
		check(to);
	if (json_true(place_word(p, "x-secret")))
		return (struct key){ .type = CONF_SECRET };
	if (is_type(to, "string"))
		return (struct key){ .type = CONF_STRING, .words = put_words(to) };
	if (is_type(to, "boolean"))
		return (struct key){ .type = CONF_BOOL };
	if (is_type(to, "number"))
		return (struct key){ .type = CONF_NUMBER };
	if (is_type(to, "integer"))
		return (struct key){ .type = CONF_NUMBER,
				     .min = limit(to, "minimum"),
				     .max = limit(to, "maximum"),
				     .unit = json_str(place_word(p, "x-unit")) };
	if (json_get(p.v, "x-owner"))
		return (struct key){ .type = CONF_ANY };
	if (json_get(to.v, "anyOf"))
		return of_choice(to);
	if (is_type(to, "object"))
		return of_object(to);
	load_die(p, "no table of keys can say this type");
}

static void put_key(struct str name, const struct key *k)
{
	static const char *const types[] = { "CONF_STRING",  "CONF_BOOL",    "CONF_NUMBER",
					     "CONF_SECRET",  "CONF_STRINGS", "CONF_OBJECT",
					     "CONF_OBJECTS", "CONF_MAP",     "CONF_ANY" };

	printf("\t{ .name = \"%.*s\", .type = %s", STR_FMT(name), types[k->type]);
	if (k->table)
		printf(", .keys = table_%u", k->table);
	if (k->words)
		printf(", .words = words_%u", k->words);
	if (k->max)
		printf(", .min = %" PRId64 ", .max = %" PRId64, k->min, k->max);
	if (k->unit.n)
		printf(", .unit = \"%.*s\"", STR_FMT(k->unit));
	puts(" },");
}

/* The tables of what is below come first. */
static unsigned put_table(struct place object)
{
	struct place_member *m;
	size_t n = place_members(object, true, &m);
	struct place any = place_get(object, "additionalProperties");
	struct key *keys = arena_calloc(load_arena(), n + 1, sizeof(*keys));
	unsigned self;

	check(object);
	for (size_t i = 0; i < n; i++)
		keys[i] = key_of(m[i].at);
	if (json_is(any.v, JSON_OBJECT))
		keys[n] = key_of(any);
	self = ++n_lists;
	printf("static const struct conf_key table_%u[] = {\n", self);
	for (size_t i = 0; i < n; i++)
		put_key(m[i].name, &keys[i]);
	if (json_is(any.v, JSON_OBJECT))
		put_key(STR("*"), &keys[n]);
	puts("\t{ .name = NULL },\n};\n");
	return self;
}

int main(int argc, char **argv)
{
	unsigned top;

	diag_init("config");
	if (argc != 2)
		return 1;
	load_open(argv[1]);
	puts("/* SPDX-License-Identifier: MIT */\n/* Made of models/config.schema.json by gen/config.c. */");
	puts("#include \"config.h\"\n\n#include <stddef.h>\n");
	top = put_table(load_place(STR("config.schema.json")));
	printf("const struct conf_key *config_keys(void)\n{\n\treturn table_%u;\n}\n", top);
	load_finish();
	return 0;
}
