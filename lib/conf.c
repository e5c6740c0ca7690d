/* SPDX-License-Identifier: MIT */
#include "conf.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "diag.h"
#include "file.h"
#include "limit.h"
#include "near.h"

#define CONF_DEFAULT "/etc/omni/omni.json"

const char *conf_path(const char *option)
{
	const char *env = getenv("OMNI_CONFIG");

	if (option)
		return option;
	if (env && *env)
		return env;
	return access(CONF_DEFAULT, F_OK) == 0 ? CONF_DEFAULT : NULL;
}

/* ---- checking against tables of keys ---- */

/* The known key nearest to ${key} that differs in fewer than ${limit} letters, or NULL. */
static const char *nearest_key(const struct conf_key *keys, struct str key, size_t limit)
{
	const char *nearest = NULL;

	for (; keys->name; keys++) {
		size_t d = near_distance(key, str_c(keys->name), limit);

		if (d < limit) {
			limit = d;
			nearest = keys->name;
		}
	}
	return nearest;
}

const char *conf_nearest(const struct conf_key *keys, struct str key)
{
	return nearest_key(keys, key, NEAR_MAX);
}

static int unknown_key(const struct conf *c, const struct conf_key *keys, struct str path,
		       struct str key, struct err *e)
{
	const char *nearest = conf_nearest(keys, key);

	err_set(e, FAULT_CONFIG, "config", "%s: %.*s/%.*s: unknown key", c->path, STR_FMT(path),
		STR_FMT(key));
	if (nearest)
		err_hint(e, "did you mean \"%s\"", nearest);
	return -1;
}

/* What the table says of ${key}, or NULL. */
static const struct conf_key *find_key(const struct conf_key *keys, struct str key)
{
	const struct conf_key *k = keys;

	while (k->name && !str_eq(str_c(k->name), key) && strcmp(k->name, "*") != 0)
		k++;
	if (!k->name || (strcmp(k->name, "*") == 0 && nearest_key(keys, key, 3)))
		return NULL;
	return k;
}

static int check_object(const struct conf *c, const struct conf_key *keys, const struct json *v,
			struct str path, struct err *e);

static int wrong(const struct conf *c, struct str path, const char *wanted, const struct json *v,
		 struct err *e)
{
	return err_set(e, FAULT_CONFIG, "config", "%s: %.*s: must be %s, not %s", c->path,
		       STR_FMT(path), wanted, json_type_name(json_type(v)));
}

/* A string, or an array of at least one. */
static int check_strings(const struct conf *c, const struct json *v, struct str path, struct err *e)
{
	struct json_iter it = json_iter(v);

	if (json_is(v, JSON_STRING))
		return 0;
	if (!json_is(v, JSON_ARRAY) || json_len(v) == 0)
		return wrong(c, path, "a string or an array of strings", v, e);
	while (json_next(&it))
		if (!json_is(it.value, JSON_STRING))
			return wrong(c, arena_fmt(c->arena, "%.*s/%zu", STR_FMT(path), it.i),
				     "a string", it.value, e);
	return 0;
}

/* The objects of an array or the values of a map. */
static int check_each(const struct conf *c, const struct conf_key *keys, const struct json *v,
		      struct str path, struct err *e)
{
	for (struct json_iter it = json_iter(v); json_next(&it);) {
		struct str at =
			it.object ? arena_fmt(c->arena, "%.*s/%.*s", STR_FMT(path), STR_FMT(it.key)) :
				    arena_fmt(c->arena, "%.*s/%zu", STR_FMT(path), it.i);

		if (check_object(c, keys, it.value, at, e) < 0)
			return -1;
	}
	return 0;
}

/* "a, b or c" */
static struct str list_words(struct arena *a, const char *const *words)
{
	struct str list = str_c(words[0]);

	for (size_t i = 1; words[i]; i++)
		list = arena_fmt(a, "%.*s%s%s", STR_FMT(list), words[i + 1] ? ", " : " or ", words[i]);
	return list;
}

static int check_string(const struct conf *c, const struct conf_key *key, const struct json *v,
			struct str path, struct err *e)
{
	if (!json_is(v, JSON_STRING))
		return wrong(c, path, "a string", v, e);
	for (size_t i = 0; key->words; i++) {
		if (!key->words[i])
			return err_set(e, FAULT_CONFIG, "config", "%s: %.*s: must be %.*s", c->path,
				       STR_FMT(path), STR_FMT(list_words(c->arena, key->words)));
		if (str_eq(str_c(key->words[i]), json_str(v)))
			break;
	}
	return 0;
}

static int check_number(const struct conf *c, const struct conf_key *key, const struct json *v,
			struct str path, struct err *e)
{
	bool any = key->min == 0 && key->max == 0;
	int64_t n = 0;

	if (!json_is(v, JSON_NUMBER))
		return wrong(c, path, "a number", v, e);
	if (any || (json_i64(v, &n) == 0 && n >= key->min && n <= key->max))
		return 0;
	return err_set(e, FAULT_CONFIG, "config",
		       "%s: %.*s: must be a whole number%s%s from %" PRId64 " to %" PRId64, c->path,
		       STR_FMT(path), key->unit ? " of " : "", key->unit ? key->unit : "", key->min,
		       key->max);
}

static int check_value(const struct conf *c, const struct conf_key *key, const struct json *v,
		       struct str path, struct err *e)
{
	enum json_type type = json_type(v);

	switch (key->type) {
	case CONF_STRING:
		return check_string(c, key, v, path, e);
	case CONF_BOOL:
		return type == JSON_BOOL ? 0 : wrong(c, path, "true or false", v, e);
	case CONF_NUMBER:
		return check_number(c, key, v, path, e);
	case CONF_SECRET:
	case CONF_STRINGS:
		return check_strings(c, v, path, e);
	case CONF_OBJECT:
		return check_object(c, key->keys, v, path, e);
	case CONF_OBJECTS:
		return type == JSON_ARRAY ? check_each(c, key->keys, v, path, e) :
					    check_object(c, key->keys, v, path, e);
	case CONF_MAP:
		return type == JSON_OBJECT ? check_each(c, key->keys, v, path, e) :
					     wrong(c, path, "an object", v, e);
	case CONF_ANY:
		break;
	}
	return 0;
}

static int check_object(const struct conf *c, const struct conf_key *keys, const struct json *v,
			struct str path, struct err *e)
{
	const struct conf_key *k;

	if (!json_is(v, JSON_OBJECT))
		return wrong(c, path, "an object", v, e);
	for (struct json_iter it = json_iter(v); keys && json_next(&it);) {
		k = find_key(keys, it.key);
		if (!k)
			return unknown_key(c, keys, path, it.key, e);
		if (check_value(c, k, it.value,
				arena_fmt(c->arena, "%.*s/%.*s", STR_FMT(path), STR_FMT(it.key)), e) < 0)
			return -1;
	}
	return 0;
}

struct conf *conf_load(const char *path, const struct conf_key *keys, struct err *e)
{
	struct conf *c = calloc(1, sizeof(*c));
	struct str text = STR("{}");
	struct stat st;
	struct err bad;

	if (!c)
		diag_oom();
	c->arena = arena_new();
	c->path = path ? path : "(none)";
	if (path) {
		if (file_read(path, CONF_MAX_BYTES, c->arena, &text, &st, e) < 0)
			goto fail;
		c->readable_by_others = (st.st_mode & S_IROTH) != 0;
	}
	c->root = json_parse_relaxed(text, c->arena, &bad);
	if (!c->root) {
		err_set(e, FAULT_CONFIG, "config", "%s: %s", c->path, bad.text);
		goto fail;
	}
	if (check_object(c, keys, c->root, STR(""), e) < 0)
		goto fail;
	return c;
fail:
	conf_free(c);
	return NULL;
}

void conf_free(struct conf *c)
{
	if (!c)
		return;
	arena_free(c->arena);
	free(c);
}

/* ---- secrets ---- */

/* The content of a file named by a secret, without one newline at its end. */
static int secret_file(struct conf *c, const char *path, struct str *out, struct err *e)
{
	if (file_read(path, SECRET_MAX_BYTES, c->arena, out, NULL, e) < 0)
		return -1;
	if (str_suffix(*out, STR("\n")))
		out->n--;
	if (str_suffix(*out, STR("\r")))
		out->n--;
	return 0;
}

/* Resolve a reference; a literal is returned as it is, and ${literal} says so. */
static int resolve(struct conf *c, struct str s, struct str *out, bool *literal, struct err *e)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY"), *name, *value;

	*literal = false;
	if (str_prefix(s, STR("env:"))) {
		name = arena_cstr(c->arena, str_sub(s, 4, s.n));
		value = getenv(name);
		if (!value)
			return err_set(e, FAULT_CONFIG, "secret",
				       "%s: environment variable %s is not set", c->path, name);
		*out = arena_str(c->arena, str_c(value));
	} else if (str_prefix(s, STR("file:"))) {
		if (secret_file(c, arena_cstr(c->arena, str_sub(s, 5, s.n)), out, e) < 0)
			return -1;
	} else if (str_prefix(s, STR("cred:"))) {
		name = arena_cstr(c->arena, str_sub(s, 5, s.n));
		if (!dir || strchr(name, '/'))
			return err_set(e, FAULT_CONFIG, "secret",
				       "%s: credential %s: no CREDENTIALS_DIRECTORY (systemd's LoadCredential= sets it)",
				       c->path, name);
		if (secret_file(c, arena_fmt(c->arena, "%s/%s", dir, name).p, out, e) < 0)
			return -1;
	} else {
		*out = s;
		*literal = true;
	}
	if (out->n == 0) /* then ${s} is a reference, or empty itself: it can be shown */
		return err_set(e, FAULT_CONFIG, "secret", "%s: the value \"%.*s\" is empty",
			       c->path, STR_FMT(s));
	return 0;
}

int conf_text(struct conf *c, const struct json *value, struct str *out, struct err *e)
{
	bool literal;

	*out = STR_NONE;
	return value ? resolve(c, json_str(value), out, &literal, e) : 0;
}

static int secret_one(struct conf *c, struct str s, struct str *out, struct err *e)
{
	bool literal;

	if (resolve(c, s, out, &literal, e) < 0)
		return -1;
	if (literal && c->readable_by_others) {
		diag_warn("%s: holds a secret and can be read by others: chmod o-r, or use env:, file: or cred:",
			  c->path);
		c->readable_by_others = false; /* once */
	}
	return 0;
}

int conf_secret(struct conf *c, const struct json *value, struct str *out, int max, struct err *e)
{
	struct json_iter it = json_iter(value);
	int n = 0;

	if (!value)
		return 0;
	if (json_is(value, JSON_STRING))
		return secret_one(c, json_str(value), out, e) < 0 ? -1 : 1;
	while (json_next(&it)) {
		if (n == max)
			return err_set(e, FAULT_CONFIG, "secret",
				       "%s: more than %d secrets for one key", c->path, max);
		if (secret_one(c, json_str(it.value), &out[n], e) < 0)
			return -1;
		n++;
	}
	return n;
}
