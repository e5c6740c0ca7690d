/* SPDX-License-Identifier: MIT */
/*
 * Where records go: channels, each a descriptor that is written in big blocks.  Channel 0 is
 * standard output, channel 1 the file of --rejects, the others the destinations of --split.
 */
#ifndef OMNI_SINK_H
#define OMNI_SINK_H

#include "bytes.h"
#include "err.h"

enum { SINK_OUT = 0, SINK_REJECTS = 1, SINK_SPLIT = 2 };

struct sink;

/**
 * sink_new(rejects, split, dests, e):
 * Open ${rejects} for appending (NULL: there is no such channel).  ${split} is a path with one "%s"
 * for the name of each of ${dests} (NULL-terminated; both NULL: no such channels): a FIFO there is
 * waited for until it has a reader, anything else is a file that is appended to; they are opened
 * when the first record goes there.  Borrows the texts.  Return owned, or NULL with FAULT_USAGE or
 * FAULT_IO.
 */
struct sink *sink_new(const char *rejects, const char *split, const char *const *dests, struct err *e);
void sink_free(struct sink *s);

/* How many channels there are, and whether ${channel} is one of them. */
unsigned sink_channels(const struct sink *s);
bool sink_has(const struct sink *s, unsigned channel);

/**
 * sink_write(s, channel, text, e):
 * Write all of ${text}.  Return 0, or -1 with FAULT_IO naming the file.
 */
int sink_write(struct sink *s, unsigned channel, struct str text, struct err *e);

/**
 * sink_close(s, e):
 * Close all files; an error that shows only now counts.  Return 0, or -1 with FAULT_IO.
 */
int sink_close(struct sink *s, struct err *e);

#endif
