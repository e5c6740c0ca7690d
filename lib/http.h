/* SPDX-License-Identifier: MIT */
/* An HTTP request as a value (RFC 9112): no sockets here. */
#ifndef OMNI_HTTP_H
#define OMNI_HTTP_H

#include "arena.h"
#include "err.h"
#include "limit.h"

struct header {
	struct str name, value;
};

struct request {
	struct str method, target; /* target as it was sent: "/webhooks/twilio?x=1" */
	/*
	 * Names in lower case, a repeated one joined with ", "; values in UTF-8: other bytes are
	 * taken as ISO-8859-1.
	 */
	struct header headers[REQUEST_HEADERS];
	size_t n_headers;
	struct str body; /* decoded from chunks, if it came in chunks */
};

/**
 * http_parse(text, arena, req, used, e):
 * Read the first request in ${text} into ${req}: request line, headers, an empty line, body; line
 * ends are CRLF or LF.  The body is as long as Content-Length says, or chunked, or the rest of
 * ${text}.  Set ${used} to the bytes it took. What two readers could cut at different places is
 * malformed: folded headers, white space before a colon, lengths that contradict each other.  Empty
 * lines before the request are passed over. Texts live in ${text} or ${arena}.  Return 0, or -1
 * with FAULT_DATA, code "request-malformed", "request-short" (the body is shorter than it says) or
 * "request-too-large".
 */
int http_parse(struct str text, struct arena *arena, struct request *req, size_t *used, struct err *e);

/**
 * http_head(text, arena, req, old, e):
 * Read only the request line and headers that ${text} begins with, up to the empty line.  Set
 * ${old} if it is HTTP/1.0.  Return as http_parse does.
 */
int http_head(struct str text, struct arena *arena, struct request *req, bool *old, struct err *e);

/**
 * http_length(req, old, chunked, length, e):
 * Say from the headers of ${req} how long its body is: ${chunked}, or ${length} bytes; ${length} is
 * left alone where no header says it.  Return as http_parse does.
 */
int http_length(const struct request *req, bool old, bool *chunked, size_t *length, struct err *e);

/* The value of the header ${name} (lower case), or {NULL, 0}. */
struct str http_header(const struct request *req, const char *name);

/**
 * http_retry_after(value, now_ms):
 * How long ${value}, of the header Retry-After, asks to wait: seconds, or a date (RFC 9110, 10.2.3; of the three forms of
 * dates the one that is made today).  Milliseconds, at least 0; -1 if it is neither.
 */
int64_t http_retry_after(struct str value, int64_t now_ms);

#endif
