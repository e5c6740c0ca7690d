/* SPDX-License-Identifier: MIT */
/* Compressed input: what is whole comes back, what is not is said, however the bytes are cut. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "pack.h"
#include "unit.h"

enum { PLAIN = 300000 };

static const char *const names[] = { "some/where.zst", "some/where.gz" };

/* Text that does not compress away, so that there are several blocks. */
static struct str plain(void)
{
	static char text[PLAIN];
	uint32_t x = 1;

	for (size_t i = 0; i < PLAIN; i++) {
		x = x * 1664525 + 1013904223;
		text[i] = (char)('a' + (x >> 28));
	}
	return (struct str){ text, PLAIN };
}

static void add_zstd(struct buf *b, struct str s, int window_log)
{
	ZSTD_CCtx *c = ZSTD_createCCtx();
	size_t room = ZSTD_compressBound(s.n) + 64, n;
	char *dst = buf_grow(b, room);
	ZSTD_outBuffer out = { dst, room, 0 };
	ZSTD_inBuffer in = { s.p, s.n, 0 };

	ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
	if (window_log)
		ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, window_log);
	/* in two steps: so its length is not in the header, and the window is */
	ZSTD_compressStream2(c, &out, &in, ZSTD_e_flush);
	n = ZSTD_compressStream2(c, &out, &in, ZSTD_e_end);
	if (ZSTD_isError(n) || n != 0)
		abort();
	b->n += out.pos;
	ZSTD_freeCCtx(c);
}

static void add_gzip(struct buf *b, struct str s)
{
	z_stream z = { 0 };
	size_t room = s.n + 1024;

	if (deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	z.next_in = (unsigned char *)(uintptr_t)s.p;
	z.avail_in = (uInt)s.n;
	z.next_out = (unsigned char *)buf_grow(b, room);
	z.avail_out = (uInt)room;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	b->n += room - z.avail_out;
	deflateEnd(&z);
}

static void add(struct buf *b, struct str s, const char *name)
{
	if (str_suffix(str_c(name), STR(".zst")))
		add_zstd(b, s, 0);
	else
		add_gzip(b, s);
}

/* Read ${packed} as the file ${name} by ${step} bytes.  Return the last result. */
static ssize_t unpack(struct str packed, const char *name, size_t step, struct buf *out, struct err *e)
{
	int fd = memfd_create("test", MFD_CLOEXEC);
	struct pack *p;
	ssize_t n;

	if (fd < 0 || write(fd, packed.p, packed.n) != (ssize_t)packed.n || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	p = pack_open(fd, name);
	e->fault = FAULT_NONE;
	e->text[0] = '\0';
	buf_reset(out);
	while ((n = pack_read(p, buf_grow(out, step), step, e)) > 0)
		out->n += (size_t)n;
	if (n == 0)
		CHECK(pack_consumed(p) == packed.n);
	CHECK(pack_read(p, buf_grow(out, step), step, e) == n); /* the end stays the end */
	pack_close(p);
	return n;
}

static void whole(const char *name)
{
	static const size_t steps[] = { 1, 7, 4096, PLAIN, 3 * PLAIN };
	struct buf packed = { .max = SIZE_MAX }, out = { .max = SIZE_MAX }, want = { .max = SIZE_MAX };
	struct err e;

	add(&packed, plain(), name);
	add(&packed, STR(""), name);
	add(&packed, STR("and one more\n"), name);
	buf_str(&want, plain());
	buf_lit(&want, "and one more\n");
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		CHECK(unpack(buf_get(&packed), name, steps[i], &out, &e) == 0);
		CHECK(str_eq(buf_get(&out), buf_get(&want)));
	}
	buf_free(&packed);
	buf_free(&out);
	buf_free(&want);
}

/* Cut anywhere: never all, never more than there was, and it is said. */
static void cut_short(const char *name)
{
	struct buf packed = { .max = SIZE_MAX }, out = { .max = SIZE_MAX };
	struct err e;
	bool good = true, some = false;

	add(&packed, plain(), name);
	for (size_t n = 1; n < packed.n; n += n < 40 ? 1 : 7919) {
		ssize_t last = unpack((struct str){ packed.p, n }, name, 10000, &out, &e);

		good &= last == -1 && e.fault == FAULT_DATA && strcmp(e.code, "pack-short") == 0;
		good &= strstr(e.text, name) != NULL && strstr(e.text, "cut short") != NULL;
		good &= str_prefix(plain(), buf_get(&out));
		some |= out.n > PLAIN / 2;
	}
	CHECK(good);
	CHECK(some); /* what was whole came back */
	buf_free(&packed);
	buf_free(&out);
}

static void damaged(const char *name)
{
	struct buf packed = { .max = SIZE_MAX }, out = { .max = SIZE_MAX };
	struct err e;

	add(&packed, STR("first\n"), name);
	add(&packed, plain(), name);
	packed.p[packed.n - 2] ^= 1; /* in the checksum, or the length that gzip ends with */
	CHECK(unpack(buf_get(&packed), name, PLAIN, &out, &e) == -1);
	CHECK(e.fault == FAULT_DATA && strcmp(e.code, "pack-damaged") == 0);
	CHECK(strstr(e.text, name) != NULL);
	CHECK(str_prefix(buf_get(&out), STR("first\n")));
	CHECK(str_prefix(plain(), str_sub(buf_get(&out), 6, out.n)));

	buf_reset(&packed);
	add(&packed, STR("first\n"), name);
	buf_lit(&packed, "garbage behind it");
	CHECK(unpack(buf_get(&packed), name, 100, &out, &e) == -1);
	CHECK(strcmp(e.code, "pack-damaged") == 0);
	CHECK_STR(buf_get(&out), "first\n");
	buf_free(&packed);
	buf_free(&out);
}

static void foreign(const char *name)
{
	struct buf out = { .max = SIZE_MAX };
	struct err e;

	CHECK(unpack(STR("{\"plain\":\"text\"}\n"), name, 100, &out, &e) == -1);
	CHECK(e.fault == FAULT_DATA && strcmp(e.code, "pack-format") == 0 && out.n == 0);
	CHECK(unpack(STR(""), name, 100, &out, &e) == -1);
	CHECK(e.fault == FAULT_DATA && strcmp(e.code, "pack-format") == 0);
	buf_free(&out);
}

static void frames_may_be_skippable_and_windows_not_too_large(void)
{
	struct buf packed = { .max = SIZE_MAX }, out = { .max = SIZE_MAX };
	struct err e;

	buf_add(&packed, "\x50\x2A\x4D\x18\x03\0\0\0abc", 11); /* skippable, RFC 8878 3.1.2 */
	add_zstd(&packed, STR("x\n"), 0);
	buf_add(&packed, "\x5F\x2A\x4D\x18\0\0\0\0", 8);
	add_zstd(&packed, STR("y\n"), 27);
	CHECK(unpack(buf_get(&packed), "a.zst", 100, &out, &e) == 0);
	CHECK_STR(buf_get(&out), "x\ny\n");

	add_zstd(&packed, STR("z\n"), 28);
	CHECK(unpack(buf_get(&packed), "a.zst", 100, &out, &e) == -1);
	CHECK(e.fault == FAULT_DATA && strcmp(e.code, "pack-window") == 0);
	CHECK(strstr(e.text, "128 MiB") != NULL);
	CHECK_STR(buf_get(&out), "x\ny\n");
	buf_free(&packed);
	buf_free(&out);
}

static void zeros_behind_gzip_are_padding(void)
{
	struct buf packed = { .max = SIZE_MAX }, out = { .max = SIZE_MAX };
	struct err e;

	add_gzip(&packed, STR("x\n"));
	buf_add(&packed, "\0\0\0\0\0", 5);
	CHECK(unpack(buf_get(&packed), "a.gz", 100, &out, &e) == 0);
	CHECK_STR(buf_get(&out), "x\n");
	buf_free(&packed);
	buf_free(&out);
}

static void what_can_not_be_read_is_a_fault(void)
{
	struct pack *p = pack_open(-1, "gone.gz");
	struct err e;
	char c;

	CHECK(pack_read(p, &c, 1, &e) == -1);
	CHECK(e.fault == FAULT_IO && strstr(e.text, "gone.gz") != NULL);
	pack_close(p);
	pack_close(NULL);
}

static void names_say_what_is_compressed(void)
{
	CHECK(pack_is("a.zst") && pack_is("a.gz") && pack_is("/x/a.ndjson.zst"));
	CHECK(!pack_is("a") && !pack_is("a.zst.ndjson") && !pack_is("-") && !pack_is("gz"));
}

static void all_comes_back_in_reads_of_any_size(void)
{
	whole(names[0]);
	whole(names[1]);
}

static void cut_anywhere_it_is_said(void)
{
	cut_short(names[0]);
	cut_short(names[1]);
}

static void what_is_whole_before_damage_comes_back(void)
{
	damaged(names[0]);
	damaged(names[1]);
}

static void other_formats_are_refused(void)
{
	foreign(names[0]);
	foreign(names[1]);
}

UNIT_MAIN(UNIT(names_say_what_is_compressed), UNIT(all_comes_back_in_reads_of_any_size),
	  UNIT(cut_anywhere_it_is_said), UNIT(what_is_whole_before_damage_comes_back),
	  UNIT(other_formats_are_refused), UNIT(frames_may_be_skippable_and_windows_not_too_large),
	  UNIT(zeros_behind_gzip_are_padding), UNIT(what_can_not_be_read_is_a_fault))
