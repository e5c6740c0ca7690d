/* SPDX-License-Identifier: MIT */
/*
 * The files that the media of messages stand for, brought into the object store: from their carriers, from anywhere on
 * the public Internet, or from directories that the operator has named.  Many at once; what breaks goes on where it broke.
 *
 *	media_fetch_start(m, &item);
 *	poll(media_fetch_fd(m)); while ((item = media_fetch_done(m))) …
 */
#ifndef OMNI_MEDIA_FETCH_H
#define OMNI_MEDIA_FETCH_H

#include "carrier.h"
#include "fetch.h"
#include "objects.h"

/* What the operator said; all of it is borrowed. */
struct media_rules {
	const char *const *files; /* directories, NULL-terminated: files below them may be sent */
	const char *const *trust; /* starts of URLs, NULL-terminated, whose hosts need not be public */
	const char *ca;           /* as fetch_options.ca */
	uint64_t size_max;        /* bytes of one file */
	unsigned at_once;         /* requests in flight */
};

struct media_item {
	/* set by the caller, which keeps the item and all that it points to in place */
	const struct json *media; /* as the record has it: url, external_id, path, sha256 */
	const struct carrier *carrier; /* that it came over, with its account; NULL: it is ours, or of nobody we know */
	const struct account *account;
	struct arena *arena; /* where texts live that are made on the way */
	void *own;

	/* set when it is done */
	bool failed;
	/*
	 * FAULT_DATA: "media-malformed", "media-gone", "media-too-large", "media-mismatch" (not the bytes that were
	 * announced); FAULT_DENIED: "media-refused"; FAULT_TEMP: "media-timeout", "media-unavailable", with retry_ms,
	 * if the server said when, else 0; FAULT_IO: the store.
	 */
	struct err err;
	struct object object;
	bool kept;           /* it was there before */
	struct str declared; /* its media type as the server says it, or {NULL, 0} */

	struct str mime; /* for the caller: the media type of the object */

	struct media_item *next; /* media_fetch's from here on */
	struct media_way *way;
};

struct media_fetch;

/**
 * media_fetch_open(rules, store, e):
 * Borrows both.  Return owned, or NULL with FAULT_OS or FAULT_CONFIG.
 */
struct media_fetch *media_fetch_open(const struct media_rules *rules, struct objects *store,
				     struct err *e);

/* What is under way is dropped; its items must be there until then.  close(NULL) is legal. */
void media_fetch_close(struct media_fetch *m);

/* Begin.  Never fails: see the item. */
void media_fetch_start(struct media_fetch *m, struct media_item *item);

/* Readable while media_fetch_done has something to look at. */
int media_fetch_fd(const struct media_fetch *m);

/*
 * One item that is done, or NULL if none is.  Does not wait.  Its object is there when objects_commit of the store has
 * been called.
 */
struct media_item *media_fetch_done(struct media_fetch *m);

/**
 * media_fetch_plan(m, item, b):
 * Append to ${b} an object that says how ${item} would be had: the first request, with the name of the secret that goes
 * with it, or the file.  An item that can not be had has `code` and `detail` instead.  Return true if it is there already.
 */
bool media_fetch_plan(struct media_fetch *m, struct media_item *item, struct buf *b);

#endif
