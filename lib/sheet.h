/* SPDX-License-Identifier: MIT */
/*
 * A sheet of pictures in rows, two beside each other with lines of text below: what went in, what came out.  Rows of red,
 * green and blue in memory; no library, no fonts of the system.
 */
#ifndef OMNI_SHEET_H
#define OMNI_SHEET_H

#include "bytes.h"

enum {
	SHEET_CELL = 320, /* pixels of a picture, at most, either way */
	SHEET_EDGE = 12,  /* between and around them */
	SHEET_LINE = 20,  /* of a line of text */
	SHEET_LINES = 2,  /* below each picture */
	SHEET_COLUMNS = 2,
	SHEET_WIDTH = SHEET_COLUMNS * (SHEET_CELL + SHEET_EDGE) + SHEET_EDGE,
	SHEET_ROW = SHEET_CELL + SHEET_LINES * SHEET_LINE + SHEET_EDGE
};

struct sheet {
	unsigned char *rows; /* SHEET_WIDTH by ${height} pixels of three bytes */
	uint32_t height, n;  /* pixels, and rows of pictures */
};

/* A white sheet for ${n} rows, in memory of its own. */
struct sheet sheet_new(uint32_t n);
void sheet_free(struct sheet *s);

/* Put ${pixels}, ${width} by ${height} of three bytes and no more than a cell, into the ${row}-th row. */
void sheet_picture(struct sheet *s, uint32_t row, unsigned column, const unsigned char *pixels,
		   uint32_t width, uint32_t height);

/* Write ${text} as its ${line}-th line: what does not fit is left out, what is not ASCII becomes "?". */
void sheet_text(struct sheet *s, uint32_t row, unsigned column, unsigned line, struct str text);

#endif
