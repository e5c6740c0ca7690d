/* SPDX-License-Identifier: MIT */
#include "media_set.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "limit.h"

/* Formats that hold others, or nothing that could be known: then the word of who sent it counts. */
static bool vague(const struct media_type *t)
{
	static const char *const mimes[] = { "application/octet-stream", "application/zip",
					     "application/msword", "text/plain" };

	for (size_t i = 0; i < LEN(mimes); i++)
		if (str_eq(str_c(t->mime), str_c(mimes[i])))
			return true;
	return false;
}

/* True if ${declared} may be what is in a file of the vague type ${t}: never a picture, sound or film of those that would
 * have been known. */
static bool possible(struct str declared, const struct media_type *t)
{
	const struct media_type *d = media_type_named(declared);

	if (str_find(declared, '/') == declared.n)
		return false;
	if (str_eq(str_c(t->mime), STR("text/plain")))
		return str_prefix(declared, STR("text/"));
	return !d || d->kind == MEDIA_DOCUMENT || str_eq(str_c(d->mime), STR("audio/aac"));
}

static int look_at_image(int fd, struct media_facts *f, struct err *e)
{
	struct image_head *head = &f->head;
	void *p;
	int rc;

	if (f->size > IMAGE_FILE_MAX)
		return err_set(e, FAULT_DATA, "image-too-large",
			       "a file of %llu bytes; an image may have %zu",
			       (unsigned long long)f->size, IMAGE_FILE_MAX);
	p = mmap(NULL, (size_t)f->size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return err_set(e, FAULT_OS, "media-read", "mmap: %s", strerror(errno));
	rc = image_head_read((struct str){ p, (size_t)f->size }, head, e);
	munmap(p, (size_t)f->size);
	if (rc < 0)
		return -1;
	f->frames = head->frames;
	f->width = image_sideways(head->turn) ? head->height : head->width;
	f->height = image_sideways(head->turn) ? head->width : head->height;
	return image_head_check(head, e);
}

static int look(struct sniff *s, int fd, struct str declared, struct media_facts *f, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(e, FAULT_DATA, "media-unreadable", "not a file");
	if (st.st_size == 0)
		return err_set(e, FAULT_DATA, "media-unreadable", "empty");
	if (sniff(s, fd, &f->type, e) < 0)
		return -1;
	f->size = (uint64_t)st.st_size;
	f->mime = str_c(f->type->mime);
	if (declared.p && vague(f->type) && possible(declared, f->type))
		f->mime = str_trim(str_sub(declared, 0, str_find(declared, ';')));
	if (image_format_named(str_c(f->type->mime)) == IMAGE_NONE)
		return 0;
	return look_at_image(fd, f, e);
}

int media_look(struct sniff *s, const char *path, struct str declared, struct media_facts *f,
	       struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), rc;
	struct err why;

	*f = (struct media_facts){ .type = media_type_named(STR("application/octet-stream")),
				   .duration = -1,
				   .head = { .format = IMAGE_NONE } };
	f->mime = str_c(f->type->mime);
	if (fd < 0)
		return err_set(e, FAULT_DATA, "media-unreadable", "%s: %s", path, strerror(errno));
	rc = look(s, fd, declared, f, &why);
	close(fd);
	if (rc == 0)
		return 0;
	*e = why;
	if (strcmp(why.code, "media-unreadable") == 0)
		err_set(e, why.fault, why.code, "%s: %s", path, why.text);
	return -1;
}
