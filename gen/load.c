/* SPDX-License-Identifier: MIT */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>

#include "diag.h"
#include "file.h"

enum { MODEL_MAX_BYTES = 1 << 20, FILES_MAX = 1024 };

static struct {
	const char *dir;
	struct arena *arena;
	struct place_docs docs;
	struct {
		struct str path, text;
		const struct json *root;
	} files[FILES_MAX];
	size_t n;
} loaded;

static size_t load(struct str path)
{
	struct str name = arena_fmt(loaded.arena, "%s/%.*s", loaded.dir, STR_FMT(path));
	struct err e;
	size_t i = 0;

	while (i < loaded.n && !str_eq(loaded.files[i].path, path))
		i++;
	if (i < loaded.n)
		return i;
	if (i == FILES_MAX) {
		diag_error("%s: is one model too many", name.p);
		exit(1);
	}
	loaded.files[i].path = arena_str(loaded.arena, path);
	if (file_read(name.p, MODEL_MAX_BYTES, loaded.arena, &loaded.files[i].text, NULL, &e) < 0) {
		diag_error("%s", e.text);
		exit(1);
	}
	loaded.files[i].root = json_parse(loaded.files[i].text, loaded.arena, &e);
	if (!loaded.files[i].root) { /* the other parser knows the line */
		bool relaxed = json_parse_relaxed(loaded.files[i].text, loaded.arena, &e) != NULL;

		diag_error("%s: %s", name.p, relaxed ? "has a comment, or a comma too many" : e.text);
		exit(1);
	}
	return loaded.n++;
}

static const struct json *get(void *ctx, struct str path)
{
	(void)ctx;
	return loaded.files[load(path)].root;
}

void load_open(const char *dir)
{
	loaded.dir = dir;
	loaded.arena = arena_new();
	loaded.docs = (struct place_docs){ get, NULL, loaded.arena };
	loaded.n = 0;
}

void load_close(void)
{
	arena_free(loaded.arena);
}

struct arena *load_arena(void)
{
	return loaded.arena;
}

struct str load_text(struct str file)
{
	return loaded.files[load(file)].text;
}

struct place load_place(struct str name)
{
	struct place p = place_at(&loaded.docs, name);

	if (!p.v)
		load_die((struct place){ NULL, name, &loaded.docs }, "is not there");
	return p;
}

_Noreturn void load_die(struct place p, const char *what)
{
	struct str text = p.v ? json_compact(loaded.arena, p.v) : STR_NONE;

	diag_error("%s/%.*s: %s: %.*s", loaded.dir, STR_FMT(p.doc), what,
		   STR_FMT(str_utf8_cut(text, 200)));
	exit(1);
}

void load_finish(void)
{
	if (fflush(stdout) != 0 || ferror(stdout)) {
		diag_error("cannot write");
		exit(1);
	}
	load_close();
}
