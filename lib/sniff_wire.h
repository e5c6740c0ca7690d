/* SPDX-License-Identifier: MIT */
/* What lib/sniff.c and its process say to each other: one packet each, plain memory, as both are the same program. */
#ifndef OMNI_SNIFF_WIRE_H
#define OMNI_SNIFF_WIRE_H

#include "sniff.h"

/* Comes with a descriptor to read. */
struct sniff_request {
	bool go;
};

struct sniff_reply {
	bool hello; /* the first one: it is ready, or says why it is not */
	bool failed;
	bool last; /* it ends now */
	enum fault fault;
	char word[SNIFF_WORD];
	char text[sizeof(((struct err *)0)->text)];
};

#endif
