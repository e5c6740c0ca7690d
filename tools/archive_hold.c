/* SPDX-License-Identifier: MIT */
#include "archive_hold.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "archive_segment.h"
#include "clock.h"
#include "conf.h"
#include "diag.h"
#include "file.h"
#include "json.h"
#include "limit.h"

struct hold {
	struct str stream, by, value; /* {NULL, 0}: any */
	int64_t from, to;
	const char *reason;
	struct hold *next;
};

struct archive_hold {
	struct arena *arena;
	struct hold *list;
};

static const struct conf_key keys[] = {
	{ .name = "stream" }, { .name = "from" },   { .name = "to" }, { .name = "by" },
	{ .name = "value" },  { .name = "reason" }, { .name = NULL },
};

struct archive_hold *archive_hold_new(void)
{
	struct archive_hold *h = calloc(1, sizeof(*h));

	if (!h)
		diag_oom();
	h->arena = arena_new();
	return h;
}

void archive_hold_free(struct archive_hold *h)
{
	if (!h)
		return;
	arena_free(h->arena);
	free(h);
}

/* Every member must be one that we know: a hold that is misread is one that does not hold. */
static int check_members(const struct json *v, struct err *e)
{
	for (struct json_iter it = json_iter(v); json_next(&it);) {
		const struct conf_key *k = keys;
		const char *near;

		while (k->name && !str_eq(it.key, str_c(k->name)))
			k++;
		near = conf_nearest(keys, it.key);
		if (!k->name)
			return err_set(e, FAULT_CONFIG, "hold", "unknown member \"%.*s\"%s%s%s",
				       STR_FMT(it.key), near ? "; did you mean \"" : "",
				       near ? near : "", near ? "\"" : "");
		if (!json_is(it.value, JSON_STRING))
			return err_set(e, FAULT_CONFIG, "hold", "\"%s\" must be a string", k->name);
	}
	return 0;
}

static int time_of(const struct json *v, const char *key, int64_t *ms, struct err *e)
{
	struct str s = json_get_str(v, key);

	if (s.p && clock_parse(s, ms) < 0)
		return err_set(e, FAULT_CONFIG, "hold",
			       "\"%s\" is not a time; write it as 2026-01-14T09:00:00Z", key);
	return 0;
}

static int add(struct archive_hold *h, struct str line, struct err *e)
{
	const struct json *v = json_parse(line, h->arena, e);
	struct hold *hold = arena_calloc(h->arena, 1, sizeof(*hold));
	struct str reason;

	if (!v || !json_is(v, JSON_OBJECT))
		return err_set(e, FAULT_CONFIG, "hold", "not a JSON object");
	*hold = (struct hold){ .from = INT64_MIN, .to = INT64_MAX, .next = h->list };
	if (check_members(v, e) < 0 || time_of(v, "from", &hold->from, e) < 0 ||
	    time_of(v, "to", &hold->to, e) < 0)
		return -1;
	hold->stream = json_get_str(v, "stream");
	hold->by = json_get_str(v, "by");
	hold->value = json_get_str(v, "value");
	reason = json_get_str(v, "reason");
	if (!hold->by.p != !hold->value.p)
		return err_set(e, FAULT_CONFIG, "hold", "\"by\" and \"value\" go together");
	hold->reason = reason.p ? arena_cstr(h->arena, reason) : "held";
	h->list = hold;
	return 0;
}

int archive_hold_read(struct archive_hold *h, const char *path, bool must, struct err *e)
{
	struct str text;
	unsigned long lineno = 0;
	struct err why;

	if (!must && access(path, F_OK) < 0 && errno == ENOENT)
		return 0;
	if (file_read(path, CONF_MAX_BYTES, h->arena, &text, NULL, e) < 0)
		return -1;
	while (text.n > 0) {
		struct str line = str_sub(text, 0, str_find(text, '\n'));

		lineno++;
		if (str_trim(line).n > 0 && add(h, line, &why) < 0)
			return err_set(e, FAULT_CONFIG, "hold", "%s: line %lu: %s", path, lineno,
				       why.text);
		text = str_sub(text, line.n + 1, SIZE_MAX);
	}
	return 0;
}

/* True if the segment ${path} may have a record whose member ${by} is ${value}. */
static bool may_have(const char *path, struct str by, struct str value)
{
	struct err e;
	struct archive_segment *s = archive_segment_open(path, &e);
	struct archive_lookup *l = s ? archive_segment_index(s) : NULL;
	bool indexed = false;
	uint32_t frame;
	int n = 1;

	for (unsigned i = 0; l && i < archive_lookup_names(l)->n; i++)
		indexed |= str_eq(archive_lookup_names(l)->name[i], by);
	if (indexed)
		n = archive_lookup_find(l, archive_hash(by, value), &frame, 1, &e);
	archive_segment_close(s);
	return n != 0;
}

const char *archive_held(const struct archive_hold *h, const char *stream, const char *path,
			 const struct archive_entry *x)
{
	for (const struct hold *hold = h->list; hold; hold = hold->next) {
		if (hold->stream.p && !str_eq(hold->stream, str_c(stream)))
			continue;
		if (x->sum.t1 < hold->from || x->sum.t0 >= hold->to)
			continue;
		if (!hold->by.p || may_have(path, hold->by, hold->value))
			return hold->reason;
	}
	return NULL;
}
