/* SPDX-License-Identifier: MIT */
/*
 * What an image says of itself, read from its bytes without decoding any: so that a file that asks
 * for more than it may have is refused before a decoder has seen it.
 */
#ifndef OMNI_IMAGE_HEAD_H
#define OMNI_IMAGE_HEAD_H

#include "bytes.h"
#include "err.h"

enum image_format {
	IMAGE_NONE,
	IMAGE_JPEG,
	IMAGE_PNG,
	IMAGE_WEBP,
	IMAGE_GIF,
	IMAGE_HEIC,
	IMAGE_AVIF,
	IMAGE_FORMATS /* how many, with the first */
};

struct image_head {
	enum image_format format;
	uint32_t width, height; /* pixels as stored, before ${turn}; of a GIF the room that its frames take */
	uint32_t frames; /* at least 1 */
	unsigned turn; /* EXIF orientation, 1 to 8; 1 where there is none, or the format turns itself */
	bool alpha;   /* there may be transparent pixels */
	bool spread;  /* progressive or interlaced: nothing can be shown before all was read */
	bool deep;    /* more than 8 bits a channel */
	bool whole;   /* false: it ends before its end */
	bool profile; /* colours of its own: an ICC profile, or CMYK */
};

/* The format that ${start}, some 32 bytes, begins; IMAGE_NONE if it is none of them. */
enum image_format image_format_of(struct str start);

/* "image/jpeg"; "application/octet-stream" for IMAGE_NONE. */
const char *image_mime(enum image_format f);

/* "jpg", as at the end of a file's name. */
const char *image_ending(enum image_format f);

/* The format whose media type is ${mime}, or IMAGE_NONE. */
enum image_format image_format_named(struct str mime);

/**
 * image_head_read(file, h, e):
 * Read the head of ${file}, all bytes of an image; a file whose end is missing is read as far as it goes.  Return 0, or
 * -1 with FAULT_DATA: "image-unknown" (none of the formats) or "image-malformed" (no size in it).
 */
int image_head_read(struct str file, struct image_head *h, struct err *e);

/* Bytes that a decoder keeps of ${h} at once: bounds what it will take. */
uint64_t image_head_memory(const struct image_head *h);

/**
 * image_head_check(h, e):
 * Return 0 if ${h} is within the limits of lib/limit.h, or -1 with FAULT_DATA, "image-too-large", and the numbers.
 */
int image_head_check(const struct image_head *h, struct err *e);

/* True if ${turn} swaps width and height. */
static inline bool image_sideways(unsigned turn)
{
	return turn >= 5;
}

#endif
