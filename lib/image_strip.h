/* SPDX-License-Identifier: MIT */
/*
 * A JPEG without what rides along: names, places, thumbnails, words, and whatever follows its end.  Its pixels are copied
 * as they are coded, not decoded.
 */
#ifndef OMNI_IMAGE_STRIP_H
#define OMNI_IMAGE_STRIP_H

#include "bytes.h"

/**
 * image_strip(file, b):
 * Append to ${b} the JPEG ${file} with nothing but its tables, frame and scans, and what says how its colours are coded.
 * False if it is none, is progressive, or has anything else than that and what is left out; ${b} is undefined then.
 */
bool image_strip(struct str file, struct buf *b);

#endif
