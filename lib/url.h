/* SPDX-License-Identifier: MIT */
/*
 * URLs cut into their parts without changing a byte: signatures are made over the text, so nothing
 * is decoded, lower-cased or put in order.
 */
#ifndef OMNI_URL_H
#define OMNI_URL_H

#include "arena.h"

struct url {
	struct str scheme;   /* "https", as written */
	struct str userinfo; /* "user:pass", without "@"; {NULL, 0} if there is none */
	struct str host;     /* name, address or [v6] */
	struct str port;     /* digits; {NULL, 0} if there is none */
	struct str path;     /* from "/" on; may be empty */
	struct str query;    /* without "?"; {NULL, 0} if there is none */
};

/**
 * url_split(text, url):
 * Cut ${text} (absolute, any scheme; a fragment is dropped) into ${url}, which borrows it.  Return
 * 0, or -1 if it is no such URL.
 */
int url_split(struct str text, struct url *url);

/* Put ${url} together again; lives in ${a}. */
struct str url_join(struct arena *a, const struct url *url);

/*
 * The value of the first parameter ${name} in the query of ${url}, as it is written; {NULL, 0} if
 * there is none.
 */
struct str url_param(struct str url, const char *name);

/*
 * ${url} without the parameters ${name} of its query, and without "?" where none are left; the same
 * text if there are none.
 */
struct str url_without(struct arena *a, struct str url, const char *name);

/**
 * url_public(a, called, base):
 * Return ${called}, a URL as it was received, as it is for who calls ${base}, the public URL of all
 * or of one account: scheme, host and port are those of ${base}, and its path stands before that of
 * ${called} unless it does so already; path and query keep their bytes.  Without a ${base}, or
 * where one of them is no URL, it is ${called}.  A fragment is dropped.
 */
struct str url_public(struct arena *a, struct str called, struct str base);

/* The query of ${url} without "?"; {NULL, 0} if there is none. */
struct str url_query(struct str url);

/*
 * True if ${host} has nothing in it but what host names, addresses and ports have: fit to be shown.
 */
bool url_host_plain(struct str host);

/* "443" for https, "80" for http, else {NULL, 0}. */
struct str url_default_port(const struct url *url);

#endif
