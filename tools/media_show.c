/* SPDX-License-Identifier: MIT */
#include "media_show.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "file.h"
#include "json.h"
#include "limit.h"
#include "sheet.h"
#include "shown.h"

void media_show_facts(struct buf *b, const struct media_facts *f)
{
	json_add_str(b, "mime", f->mime);
	json_add_str(b, "kind", str_c(media_kind_name(f->type->kind)));
	json_add_i64(b, "size", (int64_t)f->size);
	if (f->width) {
		json_add_i64(b, "width", f->width);
		json_add_i64(b, "height", f->height);
	}
	if (f->frames > 1)
		json_add_i64(b, "frames", f->frames);
	if (f->duration >= 0) {
		json_key(b, "duration");
		buf_fmt(b, "%.3f", f->duration);
	}
}

void media_show_error(struct buf *b, const struct err *e)
{
	const char *class = fault_class(e->fault);

	json_key(b, "error");
	json_open(b, '{');
	json_add_str(b, "class", str_c(class ? class : "temp"));
	json_add_str(b, "code", str_c(e->code));
	json_add_str(b, "detail", str_c(e->text));
	json_close(b, '}');
}

/* Wait for the only task that ${pool} has. */
static struct image_task *wait_for(struct image_pool *pool)
{
	struct image_task *t;

	while ((t = image_pool_done(pool)) == NULL) {
		struct pollfd p = { image_pool_fd(pool), POLLIN, 0 };

		poll(&p, 1, -1);
	}
	return t;
}

/* A file in memory, for rows of pixels. */
static int memory(struct err *e)
{
	int fd = memfd_create("media", MFD_CLOEXEC);

	return fd < 0 ? err_set(e, FAULT_OS, "media-write", "memfd_create: %s", strerror(errno)) : fd;
}

/* The picture ${path} in its cell; what is none leaves it empty. */
static int put_picture(struct sheet *s, struct image_pool *pool, uint32_t row, unsigned column,
		       const char *path, struct err *e)
{
	struct image_task t = { .what = IMAGE_THUMB, .width = SHEET_CELL, .height = SHEET_CELL };
	void *p;

	t.in = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (t.in < 0)
		return 0;
	t.out = memory(e);
	if (t.out < 0) {
		close(t.in);
		return -1;
	}
	image_pool_start(pool, &t);
	wait_for(pool);
	if (!t.failed && t.made.bytes == (uint64_t)t.made.width * t.made.height * 3) {
		p = mmap(NULL, t.made.bytes, PROT_READ, MAP_SHARED, t.out, 0);
		if (p != MAP_FAILED) {
			sheet_picture(s, row, column, p, t.made.width, t.made.height);
			munmap(p, t.made.bytes);
		}
	}
	close(t.in);
	close(t.out);
	return 0;
}

static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void put_lines(struct sheet *s, uint32_t row, unsigned column, const char *name,
		      const struct media_facts *f, unsigned quality)
{
	char text[128], size[SHOWN_MAX];

	sheet_text(s, row, column, 0, str_c(name));
	shown_size(size, f->size);
	if (f->width && quality)
		snprintf(text, sizeof(text), "%ux%u %sB Q%u", f->width, f->height, size, quality);
	else if (f->width)
		snprintf(text, sizeof(text), "%ux%u %sB", f->width, f->height, size);
	else
		snprintf(text, sizeof(text), "%sB", size);
	sheet_text(s, row, column, 1, str_c(text));
}

static int put_part(struct sheet *s, struct image_pool *pool, uint32_t row,
		    const struct media_part *p, const char *into, struct err *e)
{
	if (p->had.head.format != IMAGE_NONE && put_picture(s, pool, row, 0, p->path, e) < 0)
		return -1;
	put_lines(s, row, 0, name_of(p->path), &p->had, 0);
	if (p->failed) {
		sheet_text(s, row, 1, 0, str_c(p->err.code));
		return 0;
	}
	if (into && put_picture(s, pool, row, 1, into, e) < 0)
		return -1;
	put_lines(s, row, 1, into ? name_of(into) : "as it is", &p->has, p->quality);
	return 0;
}

/* Write the sheet as PNG to ${path}; the encoder is where the decoders are. */
static int write_png(const struct sheet *s, struct image_pool *pool, const char *path, struct err *e)
{
	struct image_task t = { .what = IMAGE_PNG_OF, .width = SHEET_WIDTH, .height = s->height };
	struct str rows = { (const char *)s->rows, (size_t)s->height * SHEET_WIDTH * 3 };
	void *p = MAP_FAILED;
	int rc = -1;

	t.in = memory(e);
	t.out = t.in < 0 ? -1 : memory(e);
	if (t.out < 0 || file_write(t.in, "contact sheet", rows, e) < 0)
		goto out;
	image_pool_start(pool, &t);
	wait_for(pool);
	if (t.failed) {
		*e = t.err;
		goto out;
	}
	p = mmap(NULL, t.made.bytes, PROT_READ, MAP_SHARED, t.out, 0);
	if (p == MAP_FAILED) {
		err_set(e, FAULT_OS, "media-read", "mmap: %s", strerror(errno));
		goto out;
	}
	rc = file_replace(path, (struct str){ p, t.made.bytes }, 0644, false, e);
	munmap(p, t.made.bytes);
out:
	if (t.in >= 0)
		close(t.in);
	if (t.out >= 0)
		close(t.out);
	return rc;
}

int media_show_sheet(const char *path, const struct media_part *parts, char *const *into, size_t n,
		     struct err *e)
{
	uint32_t rows = n > SHEET_ROWS_MAX ? SHEET_ROWS_MAX : (uint32_t)n;
	struct image_pool *pool = image_pool_open(1, e);
	struct sheet s;
	int rc = 0;

	if (!pool)
		return -1;
	s = sheet_new(rows);
	for (uint32_t i = 0; i < rows && rc == 0; i++)
		rc = put_part(&s, pool, i, &parts[i], into[i], e);
	if (rc == 0)
		rc = write_png(&s, pool, path, e);
	sheet_free(&s);
	image_pool_close(pool);
	return rc;
}
