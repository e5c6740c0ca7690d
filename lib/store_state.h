/* SPDX-License-Identifier: MIT */
/*
 * What became of a message after it was put: receipts, edits, reactions.  In the file and in `store` of
 * what is shown it is a JSON object; omni-store(1) has its members.  Texts and values are borrowed.
 */
#ifndef OMNI_STORE_STATE_H
#define OMNI_STORE_STATE_H

#include "json.h"

/* The best receipt for one part and one recipient. */
struct receipt {
	struct str status, at;
	int64_t rank, part;       /* part 0: of the whole message */
	struct str recipient;     /* {NULL, 0}: of all */
	const struct json *error; /* or NULL */
};

struct reaction {
	struct str from, emoji, at;
};

struct state {
	struct receipt best; /* of the message; status {NULL, 0}: there was none */
	struct receipt *receipts;
	struct reaction *reactions;
	size_t n_receipts, n_reactions;
	struct str carrier, account, external_id; /* by which it was sent, where a delivery told */
	int64_t attempts;
	struct str edited, deleted, read; /* times */
	const struct json *content;       /* members that an edit gave the message */
};

/* Read ${text}, which may be {NULL, 0}: then nothing became of it.  Lives in ${a}. */
void state_read(struct state *st, struct str text, struct arena *a);

/* ${st} as JSON, living in ${a}; {NULL, 0} if nothing became of it. */
struct str state_write(const struct state *st, struct arena *a);

/**
 * state_receipt(st, got, to, a):
 * Take in the receipt ${got} for a message to the array of parties ${to}.  A lower rank changes nothing.
 */
void state_receipt(struct state *st, const struct receipt *got, const struct json *to, struct arena *a);

/* The reaction ${got} takes the place of an older one by the same person; an empty emoji takes it back. */
void state_reaction(struct state *st, const struct reaction *got, struct arena *a);

#endif
