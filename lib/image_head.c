/* SPDX-License-Identifier: MIT */
#include "image_head.h"

#include <inttypes.h>

#include "limit.h"

static const struct {
	const char *mime, *ending;
} formats[IMAGE_FORMATS] = {
	[IMAGE_NONE] = { "application/octet-stream", "bin" },
	[IMAGE_JPEG] = { "image/jpeg", "jpg" },
	[IMAGE_PNG] = { "image/png", "png" },
	[IMAGE_WEBP] = { "image/webp", "webp" },
	[IMAGE_GIF] = { "image/gif", "gif" },
	[IMAGE_HEIC] = { "image/heic", "heic" },
	[IMAGE_AVIF] = { "image/avif", "avif" },
};

const char *image_mime(enum image_format f)
{
	return formats[f].mime;
}

const char *image_ending(enum image_format f)
{
	return formats[f].ending;
}

enum image_format image_format_named(struct str mime)
{
	if (str_eq(mime, STR("image/heif")))
		return IMAGE_HEIC;
	if (str_eq(mime, STR("image/jpg")) || str_eq(mime, STR("image/pjpeg")))
		return IMAGE_JPEG;
	for (unsigned f = IMAGE_NONE + 1; f < IMAGE_FORMATS; f++)
		if (str_eq(mime, str_c(formats[f].mime)))
			return (enum image_format)f;
	return IMAGE_NONE;
}

/* ${n} (at most 4) bytes of ${s} at ${i}, the first the highest; 0 where there are none. */
static uint32_t big(struct str s, size_t i, unsigned n)
{
	uint32_t v = 0;

	if (i > s.n || n > s.n - i)
		return 0;
	while (n-- > 0)
		v = v << 8 | (unsigned char)s.p[i++];
	return v;
}

/* The same, the first the lowest. */
static uint32_t little(struct str s, size_t i, unsigned n)
{
	uint32_t v = 0;

	if (i > s.n || n > s.n - i)
		return 0;
	while (n-- > 0)
		v = v << 8 | (unsigned char)s.p[i + n];
	return v;
}

static bool at(struct str s, size_t i, struct str want)
{
	return str_eq(str_sub(s, i, want.n), want);
}

/* The brands of ISO/IEC 23008-12 and of AVIF: the main one, then those that it goes by too. */
static enum image_format brand(struct str s)
{
	size_t end = big(s, 0, 4);
	enum image_format found = IMAGE_NONE;

	if (end > s.n)
		end = s.n;
	for (size_t i = 8; i + 4 <= end; i += 4) {
		if (i == 12)
			continue; /* its version */
		if (at(s, i, STR("avif")) || at(s, i, STR("avis")))
			return IMAGE_AVIF;
		if (at(s, i, STR("heic")) || at(s, i, STR("heix")) || at(s, i, STR("heim")) ||
		    at(s, i, STR("heis")) || at(s, i, STR("hevc")) || at(s, i, STR("hevx")))
			found = IMAGE_HEIC;
		else if (found == IMAGE_NONE && i == 8 && at(s, i, STR("mif1")))
			found = IMAGE_HEIC;
	}
	return found;
}

enum image_format image_format_of(struct str s)
{
	if (at(s, 0, STR("\xff\xd8\xff")))
		return IMAGE_JPEG;
	if (at(s, 0, STR("\x89PNG\r\n\x1a\n")))
		return IMAGE_PNG;
	if (at(s, 0, STR("RIFF")) && at(s, 8, STR("WEBP")))
		return IMAGE_WEBP;
	if (at(s, 0, STR("GIF87a")) || at(s, 0, STR("GIF89a")))
		return IMAGE_GIF;
	if (at(s, 4, STR("ftyp")))
		return brand(str_sub(s, 0, KIB(1)));
	return IMAGE_NONE;
}

/* The orientation that stands in ${tiff}, the block of an EXIF segment; 0 if none does. */
static unsigned orientation(struct str tiff)
{
	uint32_t (*number)(struct str, size_t, unsigned) = at(tiff, 0, STR("II")) ? little : big;
	size_t ifd = number(tiff, 4, 4);
	uint32_t n = number(tiff, ifd, 2);

	for (uint32_t i = 0; i < n; i++) {
		size_t entry = ifd + 2 + (size_t)i * 12;
		uint32_t turn;

		if (number(tiff, entry, 2) != 0x0112)
			continue;
		turn = number(tiff, entry + 8, 2);
		return turn >= 1 && turn <= 8 ? turn : 0;
	}
	return 0;
}

static unsigned turn_of(struct str tiff)
{
	unsigned turn = orientation(tiff);

	return turn ? turn : 1;
}

enum { EXIF_MAX = 1 << 20 }; /* bytes of a block: makers put some 100 KB of their own in it */

/* What of EXIF has gone by in a JPEG: a block that does not fit into one segment goes on in the next ones. */
struct exif {
	struct str first;  /* segment of a block */
	struct buf joined; /* the block, if it has more than that */
	unsigned turn;     /* of the first block that has one; 0: none yet */
};

static void end_exif(struct exif *x)
{
	if (!x->turn && !x->joined.over)
		x->turn = orientation(x->joined.n ? buf_get(&x->joined) : x->first);
	x->first = STR_NONE;
	buf_reset(&x->joined);
}

static void add_exif(struct exif *x, struct str segment)
{
	if (!x->first.p || at(segment, 0, STR("II*\0")) || at(segment, 0, STR("MM\0*"))) {
		end_exif(x);
		x->first = segment;
		return;
	}
	if (!x->joined.n)
		buf_str(&x->joined, x->first);
	buf_str(&x->joined, segment);
}

static void read_sof(struct str s, size_t i, size_t len, struct image_head *h)
{
	unsigned marker = big(s, i + 1, 1);

	if (len < 8) /* what stands behind it is no size */
		return;
	h->deep = big(s, i + 4, 1) > 8;
	h->height = big(s, i + 5, 2);
	h->width = big(s, i + 7, 2);
	h->profile |= big(s, i + 9, 1) == 4;
	h->spread = marker == 0xc2 || marker == 0xc6 || marker == 0xca || marker == 0xce;
}

/* The marker behind the coded pixels that begin at ${i}: zeros and restarts behind 0xff belong to them. */
static size_t past_scan(struct str s, size_t i)
{
	while (i + 1 < s.n) {
		unsigned second;
		const char *ff = memchr(s.p + i, 0xff, s.n - i - 1);

		if (!ff)
			return s.n;
		i = (size_t)(ff - s.p);
		second = big(s, i + 1, 1);
		if (second != 0 && second != 0xff && (second < 0xd0 || second > 0xd7))
			return i;
		i += second == 0xff ? 1 : 2;
	}
	return s.n;
}

static void read_segment(struct str s, size_t i, size_t len, struct image_head *h, struct exif *x)
{
	unsigned marker = big(s, i + 1, 1);

	if (marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc)
		read_sof(s, i, len, h);
	else if (marker == 0xe1 && at(s, i + 4, STR("Exif\0\0")))
		add_exif(x, str_sub(s, i + 10, len < 8 ? 0 : len - 8));
	else if (marker == 0xe2 && at(s, i + 4, STR("ICC_PROFILE")))
		h->profile = true;
}

static void walk_jpeg(struct str s, struct image_head *h, struct exif *x)
{
	h->whole = false;
	for (size_t i = 2; i + 2 <= s.n;) {
		unsigned marker = big(s, i + 1, 1);
		size_t len = big(s, i + 2, 2);

		if (big(s, i, 1) != 0xff)
			return;
		if (marker == 0xff) { /* padding */
			i++;
			continue;
		}
		if (marker == 0xd9) {
			h->whole = true;
			return;
		}
		if (marker == 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
			i += 2;
			continue;
		}
		if (len < 2 || (marker == 0xda && h->width == 0))
			return;
		read_segment(s, i, len, h, x);
		i += 2 + len;
		if (marker == 0xda)
			i = past_scan(s, i);
	}
}

static void read_jpeg(struct str s, struct image_head *h)
{
	struct exif x = { .joined = { .max = EXIF_MAX } };

	walk_jpeg(s, h, &x);
	end_exif(&x);
	h->turn = x.turn ? x.turn : 1;
	buf_free(&x.joined);
}

/* True if its chunks lead to the one that ends it. */
static bool png_ends(struct str s)
{
	size_t i = 8;

	while (i + 8 <= s.n && !at(s, i + 4, STR("IEND")))
		i += 12 + (size_t)big(s, i, 4);
	return i + 8 <= s.n;
}

static void read_png(struct str s, struct image_head *h)
{
	if (!at(s, 12, STR("IHDR")))
		return;
	h->width = big(s, 16, 4);
	h->height = big(s, 20, 4);
	h->deep = big(s, 24, 1) > 8;
	h->alpha = big(s, 25, 1) & 4;
	h->spread = big(s, 28, 1) == 1;
	for (size_t i = 33; i + 12 <= s.n && !at(s, i + 4, STR("IDAT"));) {
		size_t len = big(s, i, 4);

		if (at(s, i + 4, STR("tRNS")))
			h->alpha = true;
		else if (at(s, i + 4, STR("iCCP")))
			h->profile = true;
		else if (at(s, i + 4, STR("eXIf")))
			h->turn = turn_of(str_sub(s, i + 8, len));
		i += 12 + len;
	}
	h->whole = png_ends(s);
}

static void read_webp_chunk(struct str s, size_t i, size_t len, struct image_head *h)
{
	if (at(s, i, STR("VP8X"))) {
		h->alpha |= (big(s, i + 8, 1) & 0x10) != 0;
		h->profile = big(s, i + 8, 1) & 0x20;
		h->width = little(s, i + 12, 3) + 1;
		h->height = little(s, i + 15, 3) + 1;
	} else if (at(s, i, STR("VP8 ")) && h->width == 0) {
		h->width = little(s, i + 14, 2) & 0x3fff;
		h->height = little(s, i + 16, 2) & 0x3fff;
	} else if (at(s, i, STR("VP8L")) && h->width == 0) {
		uint32_t bits = little(s, i + 9, 4);

		h->width = (bits & 0x3fff) + 1;
		h->height = (bits >> 14 & 0x3fff) + 1;
		h->alpha = bits >> 28 & 1;
	} else if (at(s, i, STR("ANMF"))) {
		h->frames++;
	} else if (at(s, i, STR("EXIF"))) {
		struct str exif = str_sub(s, i + 8, len);

		h->turn = turn_of(at(exif, 0, STR("Exif\0\0")) ? str_sub(exif, 6, len) : exif);
	}
}

static void read_webp(struct str s, struct image_head *h)
{
	h->frames = 0;
	for (size_t i = 12; i + 8 <= s.n;) {
		size_t len = little(s, i + 4, 4);

		read_webp_chunk(s, i, len, h);
		i += 8 + len + (len & 1);
	}
	h->whole = little(s, 4, 4) <= s.n - 8;
	if (h->frames == 0)
		h->frames = 1;
}

/* Past the data blocks of a GIF, each with its length in front, and the empty one that ends them. */
static size_t past_blocks(struct str s, size_t i)
{
	while (i < s.n && s.p[i])
		i += 1 + (size_t)(unsigned char)s.p[i];
	return i + 1;
}

/* Bytes of a table of colours by the flags in front of it. */
static size_t colours(uint32_t flags)
{
	return flags & 0x80 ? (size_t)3 << ((flags & 7) + 1) : 0;
}

/* Decoders make room for frames that stand out of the picture. */
static void read_gif_frame(struct str s, size_t i, struct image_head *h)
{
	uint32_t right = little(s, i + 1, 2) + little(s, i + 5, 2);
	uint32_t bottom = little(s, i + 3, 2) + little(s, i + 7, 2);

	h->frames++;
	if (right > h->width)
		h->width = right;
	if (bottom > h->height)
		h->height = bottom;
}

static void read_gif(struct str s, struct image_head *h)
{
	size_t i = 13 + colours(big(s, 10, 1));

	h->width = little(s, 6, 2);
	h->height = little(s, 8, 2);
	h->alpha = true;
	h->frames = 0;
	while (i < s.n && s.p[i] != ';') {
		unsigned char c = (unsigned char)s.p[i];

		if (c == 0x21) {
			i = past_blocks(s, i + 2);
		} else if (c == 0x2c) {
			read_gif_frame(s, i, h);
			i = past_blocks(s, i + 11 + colours(big(s, i + 9, 1)));
		} else {
			break;
		}
	}
	h->whole = i <= s.n; /* many lack the end mark and nothing else */
	if (h->frames == 0)
		h->frames = 1;
}

/* The box ${name} among those that stand in ${s}, without its head; {NULL, 0} if there is none. */
static struct str box(struct str s, struct str name)
{
	for (size_t i = 0; i + 8 <= s.n;) {
		size_t len = big(s, i, 4);

		if (len < 8) /* 0: to the end; 1: of more than 4 GiB */
			len = s.n - i;
		if (at(s, i + 4, name))
			return str_sub(s, i + 8, len - 8);
		i += len;
	}
	return STR_NONE;
}

/*
 * A file holds the picture, its tiles, a small one and others, each with its size: the largest bounds
 * what will be decoded.
 */
static void read_heif(struct str s, struct image_head *h)
{
	struct str meta = box(s, STR("meta"));
	struct str ipco = box(box(str_sub(meta, 4, meta.n), STR("iprp")), STR("ipco"));
	uint64_t most = 0;

	for (size_t i = 0; i + 8 <= ipco.n;) {
		size_t len = big(ipco, i, 4);
		uint64_t w = big(ipco, i + 12, 4), ht = big(ipco, i + 16, 4);

		if (at(ipco, i + 4, STR("ispe")) && w * ht > most) {
			most = w * ht;
			h->width = (uint32_t)w;
			h->height = (uint32_t)ht;
		} else if (at(ipco, i + 4, STR("auxC"))) {
			h->alpha = true;
		} else if (at(ipco, i + 4, STR("colr")) && !at(ipco, i + 8, STR("nclx"))) {
			h->profile = true;
		}
		if (len < 8)
			return;
		i += len;
	}
}

int image_head_read(struct str file, struct image_head *h, struct err *e)
{
	*h = (struct image_head){ .format = image_format_of(file), .frames = 1, .turn = 1, .whole = true };
	switch (h->format) {
	case IMAGE_JPEG:
		read_jpeg(file, h);
		break;
	case IMAGE_PNG:
		read_png(file, h);
		break;
	case IMAGE_WEBP:
		read_webp(file, h);
		break;
	case IMAGE_GIF:
		read_gif(file, h);
		break;
	case IMAGE_HEIC:
	case IMAGE_AVIF:
		read_heif(file, h);
		break;
	case IMAGE_NONE:
	case IMAGE_FORMATS:
		return err_set(e, FAULT_DATA, "image-unknown",
			       "neither JPEG, PNG, WebP, GIF, HEIC nor AVIF by its first bytes");
	}
	if (h->width == 0 || h->height == 0)
		return err_set(e, FAULT_DATA, "image-malformed", "%s without a size in it",
			       image_mime(h->format));
	return 0;
}

uint64_t image_head_memory(const struct image_head *h)
{
	uint64_t pixels = (uint64_t)h->width * h->height;
	uint64_t lines = (uint64_t)h->width * 1024; /* 64 lines of 16 bytes: decoded as it is read */

	switch (h->format) {
	case IMAGE_JPEG:
		return lines + (h->spread ? pixels * 6 : 0);
	case IMAGE_PNG:
		return lines + (h->spread ? pixels * (h->deep ? 8 : 4) : 0);
	case IMAGE_HEIC:
	case IMAGE_AVIF:
		return lines + pixels * 7; /* planes as coded, and as colours */
	default:
		return lines + pixels * 8; /* a frame, and the one before it */
	}
}

int image_head_check(const struct image_head *h, struct err *e)
{
	uint64_t pixels = (uint64_t)h->width * h->height, memory = image_head_memory(h);

	if (h->width > IMAGE_EDGE_MAX || h->height > IMAGE_EDGE_MAX)
		return err_set(e, FAULT_DATA, "image-too-large",
			       "%" PRIu32 "x%" PRIu32 " pixels; an edge may have %d", h->width,
			       h->height, IMAGE_EDGE_MAX);
	if (h->frames > IMAGE_FRAMES_MAX)
		return err_set(e, FAULT_DATA, "image-too-large",
			       "%" PRIu32 " frames; an animation may have %d", h->frames,
			       IMAGE_FRAMES_MAX);
	if (pixels * h->frames > IMAGE_PIXELS_MAX)
		return err_set(e, FAULT_DATA, "image-too-large",
			       "%" PRIu32 "x%" PRIu32 " pixels in %" PRIu32 " frame%s; all may have %d",
			       h->width, h->height, h->frames, h->frames == 1 ? "" : "s",
			       IMAGE_PIXELS_MAX);
	if (memory > IMAGE_MEMORY_MAX)
		return err_set(e, FAULT_DATA, "image-too-large",
			       "%" PRIu32 "x%" PRIu32 " pixels of %s need %" PRIu64
			       " MiB to decode; they may need %zu",
			       h->width, h->height, image_mime(h->format), memory >> 20,
			       IMAGE_MEMORY_MAX >> 20);
	return 0;
}
