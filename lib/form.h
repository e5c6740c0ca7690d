/* SPDX-License-Identifier: MIT */
/* application/x-www-form-urlencoded (WHATWG URL, section 5), and percent-encoding (RFC 3986). */
#ifndef OMNI_FORM_H
#define OMNI_FORM_H

#include "json.h"

struct field {
	struct str name, value;
};

struct form {
	struct field *fields; /* in the order of the text, blank values included */
	size_t n;
};

/**
 * form_decode(text, arena, form, e):
 * Decode ${text}: pairs divided by "&", "+" as space, %XX.  A pair without "=" is a name with an
 * empty value; an empty pair is passed over; a "%" without two hex digits stands for itself.
 * Values are bytes, not always UTF-8. Return 0, or -1 with FAULT_DATA, code "form-too-long", past
 * FORM_FIELDS_MAX.  Fields live in ${arena}.
 */
int form_decode(struct str text, struct arena *arena, struct form *form, struct err *e);

/* The value of the first field ${name}, or {NULL, 0}. */
struct str form_get(const struct form *form, const char *name);

/*
 * Make names and values of ${form} UTF-8: U+FFFD for what is not, each wrong byte with the
 * continuation bytes behind it.
 */
void form_texts(struct form *form, struct arena *arena);

/**
 * form_write(b, form, taken, arena):
 * Append the fields of ${form} that are not ${taken} (one flag a field) as members of the object
 * that stands open in ${b}; where a name occurs more than once it has an array.  Texts must be
 * UTF-8.
 */
void form_write(struct buf *b, const struct form *form, const bool *taken, struct arena *arena);

/* Append ${s} percent-encoded: all but A-Z a-z 0-9 - . _ ~ */
void form_escape(struct buf *b, struct str s);

#endif
