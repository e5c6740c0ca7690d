/* SPDX-License-Identifier: MIT */
/* The credentials of omni-push, as the configuration has them (`push`), and the tokens that are made with them. */
#ifndef OMNI_PUSH_ACCOUNT_H
#define OMNI_PUSH_ACCOUNT_H

#include "conf.h"
#include "push_note.h"
#include "webpush.h"

struct push_account {
	enum push_platform platform;
	struct str name;     /* its own, else the topic, the project or "webpush" */
	struct str base_url; /* without a slash at the end; {NULL, 0}: the gateway's own */

	/* apns: either a key or a certificate */
	struct str topic, team_id, key_id;
	bool sandbox;
	const char *cert, *cert_key; /* PEM files */

	/* fcm */
	struct str project, client_email, token_uri, key_name;

	struct key *key; /* signs for apns and fcm */

	/* webpush */
	struct vapid *vapid;
	size_t pad;
	bool private_addresses; /* may be reached: the service is our own */

	/* The token that requests have: of apns signed here, of fcm fetched. */
	struct arena *arena;
	struct str bearer;
	int64_t made, ends; /* milliseconds since 1970; fcm: when it ends */
};

struct push_accounts {
	struct push_account *list;
	size_t n;
	bool truncate;  /* a body that is too long is cut; else the push is refused */
	const char *ca; /* a file of certificates to trust, or NULL */
};

/**
 * push_accounts_open(conf, e):
 * Read `push` of ${conf}, which is borrowed.  Return owned, or NULL with FAULT_CONFIG.
 */
struct push_accounts *push_accounts_open(struct conf *conf, struct err *e);
void push_accounts_close(struct push_accounts *a);

/**
 * push_account_for(a, d, e):
 * The account that ${d} was registered under: the one that it names, else for apns the one of its topic, else the
 * only one or the first.  NULL with FAULT_DATA, "account-unknown", if there is none.
 */
struct push_account *push_account_for(const struct push_accounts *a, const struct push_device *d,
				      struct err *e);

#endif
