/* SPDX-License-Identifier: MIT */
/*
 * The door to libvips: what becomes of an image.  It decodes what strangers sent, so it belongs into a process of its
 * own that has been sealed (lib/image_pool.h); only the formats of lib/image_head.h are ever opened.
 */
#ifndef OMNI_IMAGE_H
#define OMNI_IMAGE_H

#include "image_head.h"

/* What an image is to become.  Plain data: it is sent to another process. */
struct image_recipe {
	uint32_t formats; /* that may come out: bits 1 << enum image_format */
	uint32_t moving; /* those of them that an animation is kept in; else its first frame is taken */
	uint32_t width, height; /* pixels, at most */
	bool square; /* exactly these, the picture in the middle and transparent around it: a sticker */
	uint64_t bytes;        /* at most */
	uint64_t moving_bytes; /* of an animation at most; 0: as ${bytes} */
	unsigned best, least;  /* quality, where the format has one */
	uint32_t smallest;     /* edge that it is not made shorter than, unless it is already */
};

/* What it became. */
struct image_made {
	enum image_format format;
	uint32_t width, height, frames;
	uint64_t bytes;
	unsigned quality;   /* 0: the format has none, or the picture was not encoded anew */
	unsigned encodings; /* that it took to fit; 0: the pixels are those that came in */
};

/**
 * image_open(e):
 * Start libvips, with one thread to a picture.  Once in a process.  Return 0, or -1 with FAULT_OS.
 */
int image_open(struct err *e);

/* Let decoders of ${start}, the first bytes of a file that is none, read what they need of their own. */
void image_decoder_warm(struct str start);

/**
 * image_convert(file, recipe, fd, made, e):
 * Make of ${file}, all bytes of an image, what ${recipe} says: upright, in sRGB, without metadata; and write it to ${fd}.
 * Return 0 with ${made}; or -1 with FAULT_DATA, "image-malformed", "image-unknown", "image-too-large" or, if it can not
 * be made to fit, "media-too-large"; or with FAULT_OS.
 */
int image_convert(struct str file, const struct image_recipe *recipe, int fd,
		  struct image_made *made, struct err *e);

/**
 * image_thumb(file, width, height, fd, made, e):
 * Write its first frame to ${fd}, upright and on white, at most ${width} times ${height} pixels, as rows of red, green and
 * blue.  Return as image_convert.
 */
int image_thumb(struct str file, uint32_t width, uint32_t height, int fd, struct image_made *made,
		struct err *e);

/**
 * image_png(rows, width, height, fd, made, e):
 * Write such ${rows} to ${fd} as PNG.  Return as image_convert.
 */
int image_png(struct str rows, uint32_t width, uint32_t height, int fd, struct image_made *made,
	      struct err *e);

#endif
