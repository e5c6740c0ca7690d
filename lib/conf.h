/* SPDX-License-Identifier: MIT */
/*
 * The configuration: one JSON file with comments, checked against tables of known keys, so that a
 * misspelt key is an error that names its path and the nearest known key.  omni-config(5).  The
 * tables are made of the file's JSON Schema when the programs are built (tools/config.h).
 */
#ifndef OMNI_CONF_H
#define OMNI_CONF_H

#include "json.h"

enum conf_type {
	CONF_STRING,
	CONF_BOOL,
	CONF_NUMBER,
	CONF_SECRET, /* a string "env:NAME", "file:PATH", "cred:NAME" or literal, or an array of them: new and old */
	CONF_STRINGS, /* a string, or an array of strings */
	CONF_OBJECT,  /* an object with the keys in `keys` */
	CONF_OBJECTS, /* such an object, or an array of them */
	CONF_MAP, /* an object with any keys, whose values are objects with the keys in `keys` */
	CONF_ANY, /* checked by its owner */
};

struct conf_key {
	const char *name; /* NULL ends a table; "*" stands for any name that is not close to another one of the table */
	enum conf_type type;
	const struct conf_key *keys; /* of the objects below; NULL: any */
	const char *const *words; /* the only ones that a string may be, NULL-terminated; NULL: any */
	int64_t min, max;         /* of a whole number; both 0: of any number */
	const char *unit;         /* of the number: "seconds" */
};

struct conf {
	const struct json *root; /* never NULL: an empty object where there is no file */
	const char *path;        /* for messages; "(none)" */
	struct arena *arena;
	bool readable_by_others; /* then literal secrets are warned about */
};

/**
 * conf_path(option):
 * Return the file to read: ${option} if not NULL, else $OMNI_CONFIG, else /etc/omni/omni.json where
 * it exists, else NULL.
 */
const char *conf_path(const char *option);

/**
 * conf_load(path, keys, e):
 * Read and check ${path} (NULL: none) against ${keys}.  Return owned, or NULL with FAULT_CONFIG;
 * the text names file and path, or line and column.
 */
struct conf *conf_load(const char *path, const struct conf_key *keys, struct err *e);

void conf_free(struct conf *c);

/*
 * The name in ${keys} that ${key} was probably meant to be, or NULL if none is near: for "did you
 * mean".
 */
const char *conf_nearest(const struct conf_key *keys, struct str key);

/**
 * conf_text(c, value, out, e):
 * Resolve ${value}, a string that may be "env:NAME", "file:PATH" or "cred:NAME" but is no secret,
 * into ${out}, {NULL, 0} if ${value} is NULL. Return 0, or -1 with FAULT_CONFIG.
 */
int conf_text(struct conf *c, const struct json *value, struct str *out, struct err *e);

/**
 * conf_secret(c, value, out, max, e):
 * Resolve ${value}, a CONF_SECRET, into at most ${max} texts in ${out}; they live as long as ${c}.
 * One trailing newline of a file is dropped.  Return how many (0 if ${value} is NULL), or -1 with
 * FAULT_CONFIG naming variable or file, never the secret.
 */
int conf_secret(struct conf *c, const struct json *value, struct str *out, int max, struct err *e);

#endif
