/* SPDX-License-Identifier: MIT */
/*
 * Independent zstd frames in memory (RFC 8878): made, measured and decoded one by one.  Frames that
 * stand one behind the other are a file that every zstd reads as one stream.
 */
#ifndef OMNI_PACK_FRAME_H
#define OMNI_PACK_FRAME_H

#include "bytes.h"
#include "err.h"

enum pack_until {
	PACK_FLUSH, /* all that was added can be decoded from what has been put out */
	PACK_END,   /* the same, and the frame is closed: what is added next begins another */
};

struct pack_maker;

/* A maker of frames with checksums at ${level} (1 to PACK_LEVEL_MAX).  Returns owned. */
struct pack_maker *pack_maker_new(int level);
void pack_maker_free(struct pack_maker *m);

enum { PACK_LEVEL_MAX = 19 };

/* Add ${text} to the frame, and append to ${out} what becomes of it. */
void pack_add(struct pack_maker *m, struct buf *out, struct str text, enum pack_until until);

/* Append a frame that every decoder skips (magic number 0x184D2A5E) with ${content}. */
void pack_add_skipped(struct buf *out, struct str content);

enum pack_state {
	PACK_WHOLE,
	PACK_CUT,     /* a frame begins here, and more bytes are needed to say where it ends */
	PACK_FOREIGN, /* no frame begins here, or its blocks make no sense */
};

/**
 * pack_measure(bytes, n):
 * Look at the frame that begins at the start of ${bytes} and set ${n} to its length if it is whole.
 * Nothing is decoded.
 */
enum pack_state pack_measure(struct str bytes, size_t *n);

/* True if ${bytes}, at least four of them, begin with the magic number of a skipped frame. */
bool pack_skipped(struct str bytes);

/* The first place in ${bytes} from ${from} on where a frame could begin, or bytes.n. */
size_t pack_search(struct str bytes, size_t from);

struct pack_reader;

struct pack_reader *pack_reader_new(void);
void pack_reader_free(struct pack_reader *r);

/**
 * pack_frame(r, frame, raw, out, e):
 * Decode ${frame}, a whole one and nothing else, and append its content, ${raw} bytes (0: not
 * known), to ${out}.  Return 0, or -1 with FAULT_DATA "pack-damaged" and ${out} as it was: its
 * checksum does not hold, its blocks make no sense, or its content is not of that length or does
 * not fit.
 */
int pack_frame(struct pack_reader *r, struct str frame, size_t raw, struct buf *out, struct err *e);

/**
 * pack_salvage(r, bytes, out):
 * Append to ${out} the content of all blocks that are whole at the start of ${bytes}, which is a
 * frame that was cut or damaged.
 */
void pack_salvage(struct pack_reader *r, struct str bytes, struct buf *out);

/* CRC-32 (ISO 3309, that of gzip) of ${s}. */
uint32_t pack_crc(struct str s);

/* Numbers inside frames: four bytes, the lowest first. */
void pack_put32(struct buf *b, uint32_t v);
uint32_t pack_get32(const char *p);

#endif
