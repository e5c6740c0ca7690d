/* SPDX-License-Identifier: MIT */
/* A webhook: one HTTP request of a carrier, in a record of kind "webhook" (omni-record(5)). */
#ifndef OMNI_HOOK_H
#define OMNI_HOOK_H

#include "form.h"
#include "rec.h"

struct hook {
	struct str id, at;
	int64_t at_ms; /* `at` in milliseconds; signature ages are measured against it, never the clock */
	struct str carrier;
	struct str account;     /* as the path named it; {NULL, 0} if it did not */
	struct str method, url; /* url: public, query included */
	const struct json *headers;
	struct str body;             /* the raw bytes */
	const struct json *verified; /* what omni-validate appended, or NULL */
	struct str peer;     /* address of who sent it; {NULL, 0} if the record does not say */
	struct arena *arena; /* the record's */
	struct form *form;   /* for hook_form; NULL in a hook that hook_read did not make */
};

/**
 * hook_read(h, r, e):
 * Read the webhook in ${r}.  Return 0, or -1 with FAULT_DATA, code "webhook-malformed", naming the
 * member.
 */
int hook_read(struct hook *h, const struct rec *r, struct err *e);

/**
 * hook_share(h, r):
 * Keep ${h}, which was read from ${r} and lives in its arena, for stages behind this one in the same
 * process: their hook_read has it for nothing.  It is forgotten when a member is added to ${r}.
 */
static inline void hook_share(const struct hook *h, struct rec *r)
{
	r->hook = h;
}

/* The value of the header ${name} (lower case), or {NULL, 0}. */
struct str hook_header(const struct hook *h, const char *name);

/* True if the media type of the body is ${type} ("application/json"), parameters and case aside. */
bool hook_type_is(const struct hook *h, const char *type);

/**
 * hook_json(h, e):
 * Parse the body as JSON.  Return its root, living in the record's arena, or NULL with FAULT_DATA,
 * code "body-not-json".
 */
const struct json *hook_json(const struct hook *h, struct err *e);

/**
 * hook_form(h, form, e):
 * The body as a form, which is decoded once; ${form} borrows its fields, which must stay as they
 * are.  Return 0, or -1 as form_decode.
 */
int hook_form(const struct hook *h, struct form *form, struct err *e);

/* Append ${body} to a request as hook_read reads it: `body`, or `body64` if it is not UTF-8. */
void hook_write_body(struct buf *b, struct str body);

#endif
