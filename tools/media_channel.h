/* SPDX-License-Identifier: MIT */
/* What each channel takes of media, and how much: the table, and what the configuration changes of it. */
#ifndef OMNI_MEDIA_CHANNEL_H
#define OMNI_MEDIA_CHANNEL_H

#include "conf.h"
#include "media.h"

enum { MEDIA_MIMES = 24 };

/* What it takes of one kind. */
struct media_limit {
	const char *mimes[MEDIA_MIMES]; /* formats, NULL-terminated; others become one of them.  None: it takes no such thing */
	uint64_t size;          /* bytes of one */
	uint32_t width, height; /* pixels; 0: as it is */
	uint32_t duration;      /* seconds; 0: as it is */
	const char *moving[3];  /* formats in which an animation stays one */
	uint64_t moving_size;   /* bytes of such a one; 0: as ${size} */
	bool square;            /* exactly ${width} by ${height} */
};

struct media_channel {
	const char *name; /* "twilio.mms" */
	unsigned count;   /* of one message; 0: any number */
	uint64_t total;   /* bytes of all of them, with the text and ${around}; 0: each by itself */
	uint64_t around;  /* bytes of heads */
	struct media_limit kinds[MEDIA_KINDS];
};

struct media_channels;

/**
 * media_channels_open(conf, e):
 * The table with what `media.channels` in ${conf} says; borrows ${conf}, which may be NULL.  Return owned, or NULL with
 * FAULT_CONFIG.
 */
struct media_channels *media_channels_open(const struct conf *conf, struct err *e);
void media_channels_close(struct media_channels *c);

/* The channel of that name, or NULL. */
const struct media_channel *media_channels_find(const struct media_channels *c, struct str name);

/**
 * media_channels_of(c, carrier, channel, from):
 * What holds for a message of ${carrier} over ${channel} from the address ${from} (all may be {NULL, 0}): the entry
 * "carrier.channel.tollfree" if the number is one, else "carrier.channel", else "channel"; or NULL.
 */
const struct media_channel *media_channels_of(const struct media_channels *c, struct str carrier,
					      struct str channel, struct str from);

/* The ${i}-th channel, or NULL behind the last. */
const struct media_channel *media_channels_at(const struct media_channels *c, size_t i);

/* True if ${mime} is one of the formats of ${l}. */
bool media_limit_takes(const struct media_limit *l, struct str mime);

#endif
