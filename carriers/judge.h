/* SPDX-License-Identifier: MIT */
/* What the slots `judge` of the carriers share: an answer read, and what all HTTP APIs mean by it. */
#ifndef OMNI_JUDGE_H
#define OMNI_JUDGE_H

#include "carrier.h"

/* An answer being judged. */
struct judging {
	const struct dispatch *d;
	const struct response *r;
	struct judgement *j;
	const struct json *body; /* NULL: it is no JSON, or not all of it came */
};

struct judging judge_begin(const struct dispatch *d, const struct response *r, struct judgement *j);

/* True if the status is one of 200 to 299. */
bool judge_ok(const struct judging *g);

/* OUTCOME_SENT; ${id}, {NULL, 0} or what the carrier calls the message, lives in the arena afterwards. */
void judge_sent(struct judging *g, struct str id);

/* OUTCOME_NEXT, likewise. */
void judge_next(struct judging *g, struct str carry);

/* OUTCOME_UNKNOWN: the answer says neither yes nor no; ${why} is a literal. */
void judge_unknown(struct judging *g, const char *why);

/**
 * judge_error(g, class, code, text):
 * An error of ${class}: CAUSE_TEMP and CAUSE_THROTTLED are OUTCOME_RETRY, CAUSE_UNKNOWN is
 * OUTCOME_UNKNOWN, the others OUTCOME_FAILED.  `failover` is true but for CAUSE_OPTED_OUT and
 * CAUSE_UNKNOWN.  ${code} and ${text} are the carrier's ({NULL, 0}: it has none; then the text is the HTTP
 * status); secrets of the account are taken out of the text, and what is long is cut.
 */
void judge_error(struct judging *g, const char *class, struct str code, struct str text);

/*
 * The class of an answer that says nothing but its status: 401, 403, 407 and redirects CAUSE_CREDENTIALS, 429
 * CAUSE_THROTTLED, 408, 425 and 500 to 599 CAUSE_TEMP, 400 to 499 CAUSE_PERMANENT, else CAUSE_UNKNOWN.  So are 504
 * and 524: the gateway had handed the request on, and what became of it there it can not say.
 */
const char *judge_class(int status);

/* An error of which nothing but the status is understood: that of an answer that is no JSON. */
void judge_status(struct judging *g);

#endif
