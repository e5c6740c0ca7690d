/* SPDX-License-Identifier: MIT */
#include "conf.h"

#include <stdlib.h>
#include <unistd.h>

#include "unit.h"

static const struct conf_key leaf[] = {
	{ .name = "name", .type = CONF_STRING },
	{ .name = "secret", .type = CONF_SECRET },
	{ .name = NULL },
};
static const char *const colours[] = { "red", "green", "blue", NULL };
static const struct conf_key keys[] = {
	{ .name = "flag", .type = CONF_BOOL },
	{ .name = "number", .type = CONF_NUMBER },
	{ .name = "words", .type = CONF_STRINGS },
	{ .name = "one", .type = CONF_OBJECT, .keys = leaf },
	{ .name = "some", .type = CONF_OBJECTS, .keys = leaf },
	{ .name = "named", .type = CONF_MAP, .keys = leaf },
	{ .name = "free", .type = CONF_ANY },
	{ .name = "open", .type = CONF_OBJECT },
	{ .name = "colour", .type = CONF_STRING, .words = colours },
	{ .name = "wait", .type = CONF_NUMBER, .min = -1, .max = 60, .unit = "seconds" },
	{ .name = NULL },
};

static struct err e;

static struct conf *load(const char *text)
{
	char path[] = "/tmp/omni-unit-XXXXXX";
	int fd = mkstemp(path);
	struct conf *c = NULL;

	e = (struct err){ 0 };
	if (fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text))
		c = conf_load(path, keys, &e);
	close(fd);
	unlink(path);
	return c;
}

static bool refused(const char *text, const char *what)
{
	struct conf *c = load(text);
	bool yes = !c && e.fault == FAULT_CONFIG && strstr(e.text, what);

	if (!yes)
		unit_show("text", str_c(e.text));
	conf_free(c);
	return yes;
}

static bool taken(const char *text)
{
	struct conf *c = load(text);
	bool yes = c != NULL;

	conf_free(c);
	return yes;
}

static void words_and_ranges_are_checked(void)
{
	CHECK(taken("{\"colour\":\"green\",\"wait\":-1}"));
	CHECK(taken("{\"wait\":60}"));
	CHECK(refused("{\"colour\":\"grey\"}", ": /colour: must be red, green or blue"));
	CHECK(refused("{\"colour\":\"\"}", "/colour: must be red, green or blue"));
	CHECK(refused("{\"colour\":1}", "/colour: must be a string, not number"));
	CHECK(refused("{\"wait\":61}", ": /wait: must be a whole number of seconds from -1 to 60"));
	CHECK(refused("{\"wait\":1.5}", "/wait: must be a whole number"));
	CHECK(refused("{\"wait\":\"1\"}", "/wait: must be a number, not string"));
	CHECK(taken("{\"number\":1.5}"));
}

static void every_type_is_checked(void)
{
	CHECK(taken("{}"));
	CHECK(taken("{\"flag\":true,\"number\":1.5,\"words\":\"a\",\"free\":[{\"x\":1}],\"open\":{\"x\":1}} // end"));
	CHECK(taken("{\"words\":[\"a\",\"b\"],\"one\":{\"name\":\"x\"},\"some\":{},\"named\":{\"any\":{\"name\":\"x\"}}}"));
	CHECK(taken("{\"some\":[]}") && taken("{\"some\":[{\"secret\":[\"a\",\"b\"]},{}]}"));
	CHECK(refused("{\"flag\":1}", "/flag: must be true or false, not number"));
	CHECK(refused("{\"number\":\"1\"}", "/number: must be a number, not string"));
	CHECK(refused("{\"words\":[]}", "/words: must be"));
	CHECK(refused("{\"words\":[\"a\",{}]}", "/words/1: must be a string, not object"));
	CHECK(refused("{\"one\":[]}", "/one: must be an object, not array"));
	CHECK(refused("{\"some\":[{},[]]}", "/some/1: must be an object, not array"));
	CHECK(refused("{\"named\":[]}", "/named: must be an object, not array"));
	CHECK(refused("{\"named\":{\"a\":{\"nome\":1}}}",
		      "/named/a/nome: unknown key; did you mean \"name\""));
	CHECK(refused("{\"open\":1}", "/open: must be an object"));
	CHECK(refused("{\n\"flag\":}", "line 2, column 8"));
}

static void the_nearest_name_is_found(void)
{
	const char *near = conf_nearest(keys, STR("numbr"));

	CHECK(near && strcmp(near, "number") == 0);
	near = conf_nearest(keys, STR("sone"));
	CHECK(near && (strcmp(near, "one") == 0 || strcmp(near, "some") == 0));
	CHECK(conf_nearest(keys, STR("quite-another-thing")) == NULL);
	CHECK(conf_nearest(keys, arena_fmt(arena, "%0500d", 7)) == NULL);
}

static void the_path_is_what_was_said_nearest(void)
{
	setenv("OMNI_CONFIG", "/from/env", 1);
	CHECK_STR(str_c(conf_path("/from/option")), "/from/option");
	CHECK_STR(str_c(conf_path(NULL)), "/from/env");
	setenv("OMNI_CONFIG", "", 1);
	CHECK(conf_path(NULL) == NULL || strcmp(conf_path(NULL), "/etc/omni/omni.json") == 0);
	unsetenv("OMNI_CONFIG");
}

static void secrets_are_resolved(void)
{
	struct conf *c =
		load("{\"one\":{\"secret\":[\"literal\",\"env:OMNI_UNIT\",\"env:OMNI_UNIT2\"]}}");
	const struct json *v = c ? json_pointer(c->root, STR("/one/secret")) : NULL;
	struct str out[3];

	setenv("OMNI_UNIT", "from env", 1);
	unsetenv("OMNI_UNIT2");
	CHECK(v != NULL);
	CHECK(conf_secret(c, NULL, out, 3, &e) == 0);
	CHECK(conf_secret(c, json_at(v, 0), out, 3, &e) == 1);
	CHECK_STR(out[0], "literal");
	CHECK(conf_secret(c, json_at(v, 1), out, 3, &e) == 1);
	CHECK_STR(out[0], "from env");
	CHECK(conf_secret(c, v, out, 3, &e) == -1 && e.fault == FAULT_CONFIG &&
	      strstr(e.text, "OMNI_UNIT2"));
	setenv("OMNI_UNIT2", "too", 1);
	CHECK(conf_secret(c, v, out, 3, &e) == 3);
	CHECK(conf_secret(c, v, out, 2, &e) == -1);
	CHECK(!strstr(e.text, "literal") && !strstr(e.text, "from env"));
	conf_free(c);
}

UNIT_MAIN(UNIT(words_and_ranges_are_checked), UNIT(every_type_is_checked),
	  UNIT(the_nearest_name_is_found), UNIT(the_path_is_what_was_said_nearest),
	  UNIT(secrets_are_resolved))
