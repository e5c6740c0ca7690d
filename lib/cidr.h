/* SPDX-License-Identifier: MIT */
/*
 * Internet addresses and networks, of both versions; IPv4 inside IPv6 (::ffff:192.0.2.7) is IPv4.
 */
#ifndef OMNI_CIDR_H
#define OMNI_CIDR_H

#include <netinet/in.h>

#include "bytes.h"

enum { CIDR_TEXT = 46 };

struct address {
	bool known;              /* false: no Internet address, a Unix socket */
	unsigned char bytes[16]; /* IPv4 as ::ffff:a.b.c.d */
};

struct cidr {
	struct address address;
	unsigned bits; /* of the 128 */
};

/* The address in ${sa}; one that is not known if it is of another family. */
struct address address_of(const struct sockaddr *sa);

/**
 * address_read(s, a):
 * Read ${s}, an address as text, an IPv6 one with or without brackets, a port behind it passed over
 * ("[2001:db8::1]:443"). Return 0, or -1 if it is none.
 */
int address_read(struct str s, struct address *a);

/* Write ${a} as text, NUL-terminated; "" if it is not known. */
void address_format(char out[CIDR_TEXT], const struct address *a);

/**
 * cidr_read(s, c):
 * Read ${s}, "192.0.2.0/24", "2001:db8::/32" or a single address.  Return 0, or -1 if it is none.
 */
int cidr_read(struct str s, struct cidr *c);

bool cidr_has(const struct cidr *c, const struct address *a);

/*
 * True if ${a} is an address of the public Internet (unicast, and none of the special-purpose ranges of the IANA
 * registries, RFC 6890): not private, shared (100.64.0.0/10), loopback, link-local, multicast, documentation,
 * benchmarking or reserved.  IPv6 that stands for an IPv4 address: NAT64 (64:ff9b::/96) is what that is, 6to4
 * and Teredo never are.
 */
bool cidr_public(const struct address *a);

#endif
