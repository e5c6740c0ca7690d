/* SPDX-License-Identifier: MIT */
/*
 * What a pool and its processes say to each other: one packet each, plain memory, as both are of the same version.
 */
#ifndef OMNI_IMAGE_WIRE_H
#define OMNI_IMAGE_WIRE_H

#include "image_pool.h"

/* Comes with a descriptor to read, and one to write. */
struct image_request {
	enum image_work what;
	uint32_t width, height;
	struct image_recipe recipe;
};

struct image_reply {
	char version[16]; /* of the first one; first in it, as the rest is another's in another version */
	bool hello;       /* the first one: it is ready, or says why it is not */
	bool last;        /* it ends now */
	bool failed;
	enum fault fault;
	char code[32];
	char text[sizeof(((struct err *)0)->text)];
	struct image_made made;
};

#endif
