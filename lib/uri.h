/* SPDX-License-Identifier: MIT */
/* URIs and references to them as RFC 3986 has them, and IRIs (RFC 3987). */
#ifndef OMNI_URI_H
#define OMNI_URI_H

#include "arena.h"

struct uri {
	struct str scheme, authority, path, query, fragment; /* {NULL, 0}: not there; a path always is */
};

/* Cut ${text} into its parts, which borrow it.  Every text has some. */
struct uri uri_split(struct str text);

/* ${ref} as seen from ${base} (RFC 3986, 5.2), without dots in its path; lives in ${a}. */
struct str uri_resolve(struct arena *a, struct str base, struct str ref);

/* ${text} up to "#". */
struct str uri_bare(struct str text);

/* ${s} with each "%" and two digits as their byte; false if a "%" stands alone. */
bool uri_decode(struct buf *b, struct str s);

/* ${s} fit for the path or the fragment of a URI. */
void uri_encode(struct buf *b, struct str s);

enum { URI_REFERENCE = 1, URI_IRI = 2 }; /* a reference will do; letters beyond ASCII are legal */

/* True if ${text} is a URI by the grammar of RFC 3986, appendix A. */
bool uri_valid(struct str text, unsigned flags);

/* True if ${text} is a URI template (RFC 6570). */
bool uri_template_valid(struct str text);

#endif
