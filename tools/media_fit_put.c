/* SPDX-License-Identifier: MIT */
/* What becomes of the record of a message whose media were made to fit. */
#include "media_fit.h"

/* True if policy lets ${p}, which can not go, go as a link. */
static bool linked(const struct fitting *j, const struct media_part *p)
{
	return j->fit->links && !j->in && p->failed && p->err.fault == FAULT_DATA &&
	       strcmp(p->err.code, "media-mismatch") != 0;
}

/* What came in and is not what it should be; what could not be looked at for want of a program is no such thing. */
static bool malformed(const struct media_part *p)
{
	return p->failed && p->err.fault == FAULT_DATA && strcmp(p->err.code, "media-unsupported") != 0;
}

static bool keeps(const struct fitting *j, const struct media_part *p)
{
	if (!p->failed || !fault_class(p->err.fault))
		return p->failed;
	return j->in ? j->fit->wary && malformed(p) : !linked(j, p);
}

const struct err *fitting_fault(const struct fitting *j)
{
	for (unsigned i = 0; i < j->set.n; i++)
		if (keeps(j, &j->parts[i]))
			return &j->parts[i].err;
	return j->failed ? &j->err : NULL;
}

/* Where the ${i}-th file is served. */
static struct str address(const struct fitting *j, unsigned i, const struct media_type *type)
{
	struct str base = j->fit->public_url;

	return arena_fmt(j->arena, "%.*s%s%.*s.%s", STR_FMT(base),
			 str_suffix(base, STR("/")) ? "" : "/", STR_FMT(j->sha256[i]), type->ending);
}

static void put_name(struct buf *b, struct str name, const struct media_type *type)
{
	size_t dot = name.n;

	while (dot > 0 && name.p[dot - 1] != '.')
		dot--;
	if (dot > 1)
		name.n = dot - 1;
	json_key(b, "name");
	buf_char(b, '"');
	json_escape(b, name);
	buf_fmt(b, ".%s\"", type->ending);
}

/* What it was before it became something else, the first time. */
static void put_origin(const struct json *media, struct buf *b)
{
	static const char *const names[] = { "url", "external_id", "sha256" };

	if (json_get(media, "origin"))
		return;
	json_key(b, "origin");
	json_open(b, '{');
	for (size_t i = 0; i < LEN(names); i++)
		json_opt_str(b, names[i], json_get_str(media, names[i]));
	json_close(b, '}');
}

static void put_facts(const struct media_facts *f, struct buf *b)
{
	json_add_i64(b, "size", (int64_t)f->size);
	if (f->width) {
		json_add_i64(b, "width", f->width);
		json_add_i64(b, "height", f->height);
	}
	if (f->duration >= 0) {
		json_key(b, "duration");
		buf_fmt(b, "%.3f", f->duration);
	}
}

/* Those members of the ${i}-th part that stay as they are. */
static void put_rest(struct fitting *j, unsigned i, bool anew, struct buf *b)
{
	static const struct str ours[] = { STR("path"),     STR("sha256"), STR("size"),
					   STR("mime"),     STR("width"),  STR("height"),
					   STR("duration"), STR("fault") };
	/* They lead to the file as it was. */
	static const struct str old[] = { STR("url"), STR("external_id") };
	const struct media_part *p = &j->parts[i];

	for (struct json_iter it = json_iter(j->media[i]); json_next(&it);) {
		if (str_among(it.key, ours, LEN(ours)) || (anew && str_among(it.key, old, LEN(old))))
			continue;
		if (str_eq(it.key, STR("name")) && !str_eq(p->has.mime, p->had.mime)) {
			put_name(b, json_str(it.value), p->has.type);
			continue;
		}
		json_key_str(b, it.key);
		json_put_value(b, it.value);
	}
}

/* The media as it goes out. */
static void put_part(struct fitting *j, unsigned i, struct buf *b)
{
	const struct media_part *p = &j->parts[i];
	bool anew = !str_eq(j->sha256[i], json_get_str(j->media[i], "sha256"));

	json_open(b, '{');
	put_rest(j, i, anew, b);
	if (!j->in && j->fit->public_url.n && (anew || !json_get(j->media[i], "url")))
		json_add_str(b, "url", address(j, i, p->has.type));
	if (anew)
		put_origin(j->media[i], b);
	json_add_str(b, "path", objects_path(j->fit->store, j->sha256[i], j->arena));
	json_add_str(b, "mime", p->has.mime);
	json_add_str(b, "sha256", j->sha256[i]);
	put_facts(&p->has, b);
	json_close(b, '}');
}

static void put_error(const struct err *e, struct buf *b)
{
	json_add_str(b, "code", str_c(e->code));
	json_add_str(b, "detail", str_c(e->text));
}

/* The media as it came in, with what is wrong with it. */
static void put_marked(struct fitting *j, unsigned i, struct buf *b)
{
	json_open(b, '{');
	for (struct json_iter it = json_iter(j->media[i]); json_next(&it);) {
		if (str_eq(it.key, STR("fault")))
			continue;
		json_key_str(b, it.key);
		json_put_value(b, it.value);
	}
	if (malformed(&j->parts[i])) {
		json_key(b, "fault");
		json_open(b, '{');
		put_error(&j->parts[i].err, b);
		json_close(b, '}');
	}
	json_close(b, '}');
}

/* The words with a link for each that could not go. */
static struct str words(struct fitting *j)
{
	struct buf b = { .max = SIZE_MAX };
	struct str text;

	buf_str(&b, rec_str(&j->record, "text"));
	for (unsigned i = 0; i < j->set.n; i++) {
		if (!linked(j, &j->parts[i]))
			continue;
		if (b.n)
			buf_char(&b, '\n');
		buf_str(&b, address(j, i, j->parts[i].had.type));
	}
	text = arena_str(j->arena, buf_get(&b));
	buf_free(&b);
	return text;
}

/* All that stay with the message.  Return how many. */
static unsigned put_media(struct fitting *j, struct buf *b)
{
	unsigned i = 0, left = 0;

	json_open(b, '[');
	for (struct json_iter it = json_iter(rec_get(&j->record, "media")); json_next(&it);) {
		left++;
		if (i == j->set.n || j->media[i] != it.value)
			json_put_value(b, it.value);
		else if (!j->parts[i++].failed)
			put_part(j, i - 1, b);
		else if (j->in)
			put_marked(j, i - 1, b);
		else
			left--;
	}
	json_close(b, ']');
	return left;
}

void fitting_put(struct fitting *j, struct out *o)
{
	struct rec made = j->record;
	struct buf *b = &j->fit->text, text = { .max = SIZE_MAX };
	unsigned left;

	buf_reset(b);
	left = put_media(j, b);
	if (left)
		rec_add(&made, "media", buf_get(b));
	else
		rec_drop(&made, "media");
	if (j->set.failed && !j->in) {
		json_put_str(&text, words(j));
		rec_add(&made, "text", buf_get(&text));
		if (!left)
			rec_add(&made, "type", STR("\"text\""));
	}
	out_put(o, &made);
	buf_free(&text);
}

/* ---- what would become of it ---- */

static void put_mimes(const struct media_limit *l, struct buf *b)
{
	json_key(b, "mimes");
	json_open(b, '[');
	for (size_t i = 0; i < LEN(l->mimes) && l->mimes[i]; i++)
		json_put_str(b, str_c(l->mimes[i]));
	json_close(b, ']');
}

static void plan_part(struct fitting *j, unsigned i, struct buf *b)
{
	struct media_part *p = &j->parts[i];
	struct str sha256 = j->sha256[i];

	json_open(b, '{');
	if (p->failed) {
		if (linked(j, p))
			json_add_str(b, "link", address(j, i, p->had.type));
		put_error(&p->err, b);
	} else if (j->in) {
		json_add_str(b, "look", sha256);
	} else if (p->has.type) {
		json_add_str(b, "pass", sha256);
	} else if (j->set.recall(p, str_c(p->recipe))) {
		json_add_str(b, "made", j->sha256[i]);
	} else {
		const struct media_limit *l = media_part_limit(p);

		json_add_str(b, "make", sha256);
		json_add_str(b, "kind", str_c(media_kind_name(p->as)));
		put_mimes(l, b);
		json_add_i64(b, "bytes", (int64_t)(p->share < l->size ? p->share : l->size));
	}
	json_close(b, '}');
}

void fitting_plan(struct fitting *j, const struct err *fault, struct out *o)
{
	struct buf *b = &j->fit->text;
	struct rec made;

	buf_reset(b);
	json_open(b, '{');
	json_opt_str(b, "id", rec_str(&j->record, "id"));
	json_add_str(b, "kind", STR("plan"));
	json_opt_str(b, "at", rec_str(&j->record, "at"));
	if (j->set.channel)
		json_add_str(b, "channel", str_c(j->set.channel->name));
	if (fault) {
		put_error(fault, b);
	} else {
		json_key(b, "media");
		json_open(b, '[');
		for (unsigned i = 0; i < j->set.n; i++)
			plan_part(j, i, b);
		json_close(b, ']');
	}
	json_close(b, '}');
	rec_made(&made, &j->record, buf_get(b));
	out_put(o, &made);
}
