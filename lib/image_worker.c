/* SPDX-License-Identifier: MIT */
#include "image_wire.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cell.h"
#include "limit.h"
#include "seal.h"

static void reply(const struct image_reply *r)
{
	if (cell_send(CELL_FD, (struct str){ (const char *)r, sizeof(*r) }, NULL, 0) < 0)
		_exit(EXIT_OS);
}

static void say(struct image_reply *r, const struct err *e)
{
	r->failed = true;
	r->fault = e->fault;
	strncpy(r->code, e->code, sizeof(r->code) - 1);
	memcpy(r->text, e->text, sizeof(r->text));
}

static int map(int fd, size_t most, struct str *file, struct err *e)
{
	struct stat st;
	void *p;

	if (fstat(fd, &st) < 0)
		return err_set(e, FAULT_OS, "media-read", "fstat: %s", strerror(errno));
	if (st.st_size <= 0 || (uint64_t)st.st_size > most)
		return err_set(e, FAULT_DATA, "image-too-large",
			       "a file of %lld bytes; an image may have 1 to %zu",
			       (long long)st.st_size, most);
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return err_set(e, FAULT_OS, "media-read", "mmap: %s", strerror(errno));
	*file = (struct str){ p, (size_t)st.st_size };
	return 0;
}

static int work(const struct image_request *q, struct str file, int out, struct image_made *made,
		struct err *e)
{
	switch (q->what) {
	case IMAGE_CONVERT:
		return image_convert(file, &q->recipe, out, made, e);
	case IMAGE_THUMB:
		return image_thumb(file, q->width, q->height, out, made, e);
	case IMAGE_PNG_OF:
		return image_png(file, q->width, q->height, out, made, e);
	}
	return err_set(e, FAULT_OS, "media-read", "no such work");
}

/* Processor time that is left for the next picture; who has little ends, and another one begins. */
static bool tired(void)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	return used.ru_utime.tv_sec + used.ru_stime.tv_sec > IMAGE_CPU_SECONDS;
}

/* Return false if it was the last. */
static bool handle(const struct image_request *q, const int fds[2])
{
	struct image_reply r = { .hello = false };
	size_t most = q->what == IMAGE_PNG_OF ? SHEET_BYTES_MAX : IMAGE_FILE_MAX;
	struct str file = STR_NONE;
	struct err e;

	if (map(fds[0], most, &file, &e) < 0 || work(q, file, fds[1], &r.made, &e) < 0)
		say(&r, &e);
	if (file.p)
		munmap((void *)(uintptr_t)file.p, file.n);
	close(fds[0]);
	close(fds[1]);
	r.last = tired();
	reply(&r);
	return !r.last;
}

/*
 * Decoders read their tables and open their plug-ins when they see the first file: that has to be before there are no
 * files any more.  Nothing of this is a picture; each fails where it should.
 */
static void warm_up(void)
{
	static const char heic[] = "\0\0\0\x18"
				   "ftypheic\0\0\0\0mif1heic";
	/* A GIF of one pixel, which every decoder and the encoder of JPEG takes part in. */
	static const char gif[] = "GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\1\0\1\0\0\2\2D\1\0;";
	const struct image_recipe recipe = { .formats = 1u << IMAGE_JPEG,
					     .width = 16,
					     .height = 16,
					     .bytes = 10000,
					     .best = 80,
					     .least = 40,
					     .smallest = 1 };
	struct image_made made;
	struct err e;

	image_decoder_warm((struct str){ heic, sizeof(heic) - 1 });
	image_convert((struct str){ gif, sizeof(gif) - 1 }, &recipe, STDOUT_FILENO, &made, &e);
}

int image_worker(void)
{
	const struct seal_limits limits = { .memory = IMAGE_MEMORY_MAX * 2,
					    .seconds = IMAGE_CPU_SECONDS * 2,
					    .file = IMAGE_FILE_MAX * 4,
					    .descriptors = 32 };
	struct image_reply hello = { .version = OMNI_VERSION, .hello = true };
	struct image_request q = { .what = IMAGE_CONVERT };
	int fds[2];
	struct err e;

	if (seal_close(CELL_FD + 1, &e) < 0 || image_open(&e) < 0) {
		say(&hello, &e);
	} else {
		warm_up();
		if (seal_limit(&limits, &e) < 0 || seal_calls(SEAL_COMPUTE, &e) < 0)
			say(&hello, &e);
	}
	reply(&hello);
	while (!hello.failed && cell_receive(CELL_FD, &q, sizeof(q), fds, 2) == 0 && handle(&q, fds))
		;
	_exit(EXIT_OK); /* no library has anything to tidy up, nor may it open a file to do so */
}
