/* SPDX-License-Identifier: MIT */
/* What the slots `media` of the carriers share: how a file of theirs is asked for, and who may see the credentials. */
#ifndef OMNI_SOURCE_H
#define OMNI_SOURCE_H

#include "carrier.h"

/*
 * True if ${url} is https at the host ${domain} or at one below it, or below the base_url: there credentials may be sent.
 */
bool source_trusted(const struct media_query *q, struct str url, const char *domain);

/* Make ${out} a GET of ${url}. */
void source_get(struct submit *out, struct str url);

/* What the account has under ${key} of ${carrier}'s send_keys; {NULL, 0} if nothing. */
struct str source_key(const struct carrier *carrier, const struct media_query *q, const char *key);

/* How ${key} of ${carrier}'s send_keys is shown: as basic auth with ${user}, or in a header behind ${prefix}. */
struct source_auth {
	enum submit_auth how;
	struct str user;
	const char *header, *prefix;
	const char *key;
};

/*
 * Let ${out} go with the credentials ${auth}, where the account has them; else without: what a carrier gives to anybody
 * can be had all the same.
 */
void source_authorize(const struct carrier *carrier, const struct media_query *q,
		      const struct source_auth *auth, struct submit *out);

#endif
