/* SPDX-License-Identifier: MIT */
/*
 * The pixels of a picture, between its file and what is encoded of it: decoded, upright, in sRGB, with fewer of them,
 * on white or in the middle of a square.  They are libvips's images, owned; only lib/image sees them.
 *
 * Functions return 0, or -1 with what libvips has to say in its buffer.  One that is given ${image} by its address puts
 * another in its place, or leaves it.
 */
#ifndef OMNI_IMAGE_PIXELS_H
#define OMNI_IMAGE_PIXELS_H

#include "image_head.h"

struct _VipsImage; /* libvips knows it as VipsImage */

/* What is wanted of a file. */
struct image_view {
	const struct image_head *head; /* the file's */
	uint32_t width, height;        /* pixels, at most, upright */
	bool enlarge;                  /* the larger edge is as long as it may be */
	bool moving;                   /* all frames, below each other; else the first */
};

/* Decode ${file} as ${v} has it, in the colours of sRGB.  On failure ${out} may be set: release it. */
int image_load(const struct image_view *v, struct str file, struct _VipsImage **out);

/* All pixels are worked out now, once, for several encodings; what is broken in the file shows here. */
int image_settle(struct _VipsImage **image);

/* Three colours of 8 bits, with transparency where there was some. */
int image_plain(struct _VipsImage **image);

int image_on_white(struct _VipsImage **image);

/* Put it into the middle of a transparent one of that size; each of its frames, if it is ${moving}. */
int image_centre(struct _VipsImage **image, uint32_t width, uint32_t height, bool moving);

/* True if some pixel is transparent. */
bool image_transparent(struct _VipsImage *image);

/* ${image}, its edges times ${scale}; from 1 on the same once more.  ${out} as of image_load. */
int image_scale(struct _VipsImage *image, double scale, struct _VipsImage **out);

#endif
