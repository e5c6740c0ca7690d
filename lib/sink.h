/* SPDX-License-Identifier: MIT */
/*
 * Where records go: channels, each a descriptor that is written in big blocks.  Channel 0 is
 * standard output; files of rejects and the destinations of --split are others.
 */
#ifndef OMNI_SINK_H
#define OMNI_SINK_H

#include "bytes.h"
#include "err.h"

enum { SINK_OUT = 0 };

struct sink;

/* A sink of standard output alone.  Return owned. */
struct sink *sink_new(void);
void sink_free(struct sink *s);

/**
 * sink_file(s, path, e):
 * Open ${path} for appending.  Return its channel, the same for the same path, or -1 with FAULT_IO.
 */
int sink_file(struct sink *s, const char *path, struct err *e);

/**
 * sink_split(s, pattern, dests, e):
 * Add a channel for each of ${dests} (NULL-terminated): ${pattern} is a path with one "%s" for the
 * name.  A FIFO there is waited for until it has a reader, anything else is a file that is appended
 * to; they are opened when the first record goes there.  Return the channel of the first, those of
 * the others follow, or -1 with FAULT_USAGE.
 */
int sink_split(struct sink *s, const char *pattern, const char *const *dests, struct err *e);

/* How many channels there are. */
unsigned sink_channels(const struct sink *s);

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
