/* SPDX-License-Identifier: MIT */
#include "place.h"

#include "unit.h"

static const char a_text[] =
	"{\"$ref\":\"base.json\",\"description\":\"mine\",\"required\":[\"n\"],\"properties\":{"
	"\"n\":{\"type\":\"integer\"},\"list\":{\"type\":\"array\",\"items\":{\"$ref\":\"../top.json#/$defs/who\"}},"
	"\"id\":{\"description\":\"anew\",\"$ref\":\"base.json#/properties/id\"},"
	"\"secret\":{\"$ref\":\"../top.json#/$defs/secret\"},\"either\":{\"anyOf\":[{\"type\":\"string\"},"
	"{\"type\":\"array\",\"items\":{\"type\":\"string\"}}]},\"some\":{\"type\":[\"string\",\"null\"]},"
	"\"on\":{\"const\":true},\"any\":{},\"loop\":{\"$ref\":\"#/properties/loop\"},"
	"\"nowhere\":{\"$ref\":\"missing.json\"},\"flag\":{\"type\":\"boolean\"},"
	"\"flags\":{\"type\":\"array\",\"items\":{\"type\":\"boolean\"}}}}";
static const char base_text[] =
	"{\"description\":\"its\",\"required\":[\"id\"],\"properties\":{\"id\":{\"type\":\"string\"},"
	"\"old\":{\"type\":\"string\"}}}";
static const char top_text[] =
	"{\"$defs\":{\"who\":{\"type\":\"object\",\"properties\":{\"up\":{\"$ref\":\"dir/base.json\"}}},"
	"\"secret\":{\"x-secret\":true,\"anyOf\":[{},{}]}}}";

static const struct json *get(void *ctx, struct str path)
{
	struct err e;

	(void)ctx;
	if (str_eq(path, STR("dir/a.json")))
		return json_parse(str_c(a_text), arena, &e);
	if (str_eq(path, STR("dir/base.json")))
		return json_parse(str_c(base_text), arena, &e);
	if (str_eq(path, STR("top.json")))
		return json_parse(str_c(top_text), arena, &e);
	return NULL;
}

static struct place_docs docs = { .get = get };

static bool is_type(const char *name, const char *want)
{
	struct buf b = { .max = SIZE_MAX };
	bool yes;

	place_type(&b, place_at(&docs, arena_fmt(arena, "dir/a.json#/properties/%s", name)));
	yes = str_eq(buf_get(&b), str_c(want));
	if (!yes)
		unit_show(name, buf_get(&b));
	buf_free(&b);
	return yes;
}

static void references_are_followed_from_where_they_stand(void)
{
	struct place list, who;

	docs.arena = arena;
	list = place_at(&docs, STR("dir/a.json#/properties/list"));
	who = place_follow(place_get(list, "items"));
	CHECK(str_eq(who.doc, STR("top.json")) && json_get(who.v, "properties"));
	who = place_follow(place_get(place_get(who, "properties"), "up"));
	CHECK(str_eq(who.doc, STR("dir/base.json")) && json_get(who.v, "properties"));
	/* What has properties of its own is based on its reference, and no alias of it. */
	CHECK(json_get(place_follow(place_at(&docs, STR("dir/a.json"))).v, "$ref"));
	CHECK(!place_follow(place_at(&docs, STR("dir/a.json#/properties/nowhere"))).v);
	CHECK(!place_follow(place_at(&docs, STR("dir/a.json#/properties/loop"))).v);
	CHECK(!place_at(&docs, STR("missing.json")).v);
}

static void words_beside_a_reference_stand_above_its_target(void)
{
	struct place id, root;

	docs.arena = arena;
	root = place_at(&docs, STR("dir/a.json"));
	id = place_at(&docs, STR("dir/a.json#/properties/id"));
	CHECK(str_eq(json_str(place_word(id, "description")), STR("anew")));
	CHECK(str_eq(json_str(place_word(id, "type")), STR("string")));
	CHECK(str_eq(json_str(place_word(root, "description")), STR("mine")));
	CHECK(!place_word(id, "x-unit"));
	CHECK(!place_word(place_at(&docs, STR("dir/a.json#/properties/loop")), "type"));
}

static void members_of_bases_come_first_and_once(void)
{
	struct place_member *m;
	size_t n;

	docs.arena = arena;
	n = place_members(place_at(&docs, STR("dir/a.json")), true, &m);
	CHECK(n == 13);
	CHECK(str_eq(m[0].name, STR("id")) && m[0].required);
	CHECK(str_eq(json_get_str(m[0].at.v, "description"), STR("anew")));
	CHECK(str_eq(m[1].name, STR("old")) && !m[1].required);
	CHECK(str_eq(m[2].name, STR("n")) && m[2].required);
	n = place_members(place_at(&docs, STR("dir/a.json")), false, &m);
	CHECK(n == 12 && str_eq(m[0].name, STR("n")));
}

static void types_are_said_in_words(void)
{
	docs.arena = arena;
	CHECK(is_type("n", "whole number"));
	CHECK(is_type("list", "array of objects"));
	CHECK(is_type("id", "string"));
	CHECK(is_type("secret", "secret"));
	CHECK(is_type("either", "string or array of strings"));
	CHECK(is_type("some", "string or null"));
	CHECK(is_type("on", "true"));
	CHECK(is_type("any", "any JSON"));
	CHECK(is_type("flag", "true or false"));
	CHECK(is_type("flags", "array of true or false"));
	CHECK(is_type("loop", "any JSON"));
	CHECK(is_type("nowhere", "any JSON"));
}

UNIT_MAIN(UNIT(references_are_followed_from_where_they_stand),
	  UNIT(words_beside_a_reference_stand_above_its_target),
	  UNIT(members_of_bases_come_first_and_once), UNIT(types_are_said_in_words))
