/* SPDX-License-Identifier: MIT */
/*
 * What the end of a file's name says about the file; for certain it is known only once the file was
 * fetched.
 */
#ifndef OMNI_MIME_H
#define OMNI_MIME_H

#include "bytes.h"

struct mime {
	const char *ending; /* "jpg" */
	const char *type;   /* "image/jpeg" */
	const char *kind;   /* image video audio document, as in the media of a message */
};

/* What follows the last dot of ${name}; {NULL, 0} if there is no dot. */
struct str mime_ending(struct str name);

/*
 * What ${name} ends in, letters without case, or NULL if it is none of the endings that phones
 * send.
 */
const struct mime *mime_of(struct str name);

#endif
