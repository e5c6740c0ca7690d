/* SPDX-License-Identifier: MIT */
/* What becomes of the record of a message whose media were fetched. */
#include "media_fetch_put.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

bool job_wants(const struct rec *r, const struct json *media)
{
	return json_get_str(media, "url").n || json_get_str(media, "path").n ||
	       str_eq(rec_str(r, "direction"), STR("in"));
}

/* The type that the bytes of the object have; where they do not say, what the carrier says, else the server. */
static int find_type(struct media *m, struct media_item *i, struct err *e)
{
	struct str path = objects_path(m->store, str_c(i->object.sha256), i->arena);
	struct str declared = str_trim(str_sub(i->declared, 0, str_find(i->declared, ';')));
	int fd = open(path.p, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), rc;
	const struct media_type *t;

	if (fd < 0)
		return err_set(e, FAULT_IO, "objects", "%s: %s", path.p, strerror(errno));
	rc = sniff(m->sniff, fd, &t, e);
	close(fd);
	if (rc < 0)
		return -1;
	i->mime = str_c(t->mime);
	if (strcmp(t->mime, "application/octet-stream") != 0)
		return 0;
	if (json_get_str(i->media, "mime").n)
		i->mime = json_get_str(i->media, "mime");
	else if (declared.n && str_utf8(declared))
		i->mime = declared;
	return 0;
}

void job_find_types(struct media *m, struct job *j)
{
	for (unsigned k = 0; k < j->n; k++) {
		struct media_item *i = &j->items[k];

		i->mime = json_get_str(i->media, "mime");
		if (job_wants(&j->record, i->media) && !i->failed && (!i->kept || !i->mime.n))
			i->failed = find_type(m, i, &i->err) < 0;
	}
}

/*
 * Of a message that came in the rest goes on: the file will never be had, and nobody can send the words again.  What was
 * refused is another thing: it may be ours to mend.  What goes out goes whole, or its sender hears of it.
 */
static bool is_marked(const struct media *m, const struct job *j, const struct media_item *i)
{
	return i->failed && i->err.fault == FAULT_DATA && !m->strict &&
	       !str_eq(rec_str(&j->record, "direction"), STR("out"));
}

/* Append ${i}, which can not be had, as it came, and why. */
static void put_marked(struct buf *b, const struct media_item *i)
{
	json_open(b, '{');
	for (struct json_iter it = json_iter(i->media); json_next(&it);) {
		if (str_eq(it.key, STR("fault")))
			continue;
		json_key_str(b, it.key);
		json_put_value(b, it.value);
	}
	json_key(b, "fault");
	json_open(b, '{');
	json_add_str(b, "code", str_c(i->err.code));
	json_add_str(b, "detail", str_c(i->err.text));
	json_close(b, '}');
	json_close(b, '}');
}

/* Append ${i} as the record has it then: where it is, its digest and size, its type. */
static void put_item(struct media *m, const struct media_item *i)
{
	static const struct str ours[] = { STR("path"), STR("sha256"), STR("size"), STR("mime"),
					   STR("fault") };
	/* What is wrong with a file that was there before is still wrong. */
	size_t n = i->kept ? LEN(ours) - 1 : LEN(ours);
	struct buf *b = &m->text;

	json_open(b, '{');
	for (struct json_iter it = json_iter(i->media); json_next(&it);)
		if (!str_among(it.key, ours, n)) {
			json_key_str(b, it.key);
			json_put_value(b, it.value);
		}
	json_add_str(b, "path", objects_path(m->store, str_c(i->object.sha256), i->arena));
	json_add_str(b, "mime", i->mime);
	json_add_str(b, "sha256", str_c(i->object.sha256));
	json_add_i64(b, "size", (int64_t)i->object.size);
	json_close(b, '}');
}

void job_put(struct media *m, struct job *j, struct out *o)
{
	struct rec made = j->record;

	buf_reset(&m->text);
	json_open(&m->text, '[');
	for (unsigned i = 0; i < j->n; i++) {
		if (is_marked(m, j, &j->items[i]))
			put_marked(&m->text, &j->items[i]);
		else if (job_wants(&j->record, j->items[i].media))
			put_item(m, &j->items[i]);
		else
			json_put_value(&m->text, j->items[i].media);
	}
	json_close(&m->text, ']');
	rec_add(&made, "media", buf_get(&m->text));
	out_put(o, &made);
}

struct err *job_fault(const struct media *m, struct job *j)
{
	struct err *worst = NULL;

	for (unsigned i = 0; i < j->n; i++) {
		struct media_item *x = &j->items[i];

		if (x->failed && !is_marked(m, j, x) && (!worst || worst->fault == FAULT_TEMP))
			worst = &x->err;
	}
	return worst;
}
