/* SPDX-License-Identifier: MIT */
/* The types of media that are known here by name; what a file holds is lib/sniff.h's to say. */
#ifndef OMNI_MEDIA_H
#define OMNI_MEDIA_H

#include "bytes.h"

enum media_kind {
	MEDIA_IMAGE,
	MEDIA_STICKER,
	MEDIA_AUDIO,
	MEDIA_VOICE,
	MEDIA_VIDEO,
	MEDIA_DOCUMENT,
	MEDIA_KINDS
};

struct media_type {
	const char *mime;   /* "image/jpeg"; "application/octet-stream" where nothing is known */
	const char *ending; /* "jpg" */
	enum media_kind kind;
};

/* The type whose media type is ${mime}, parameters behind ";" left out, or NULL if it is none that is known here. */
const struct media_type *media_type_named(struct str mime);

/* "image", as `kind` of the media of a message has it. */
const char *media_kind_name(enum media_kind k);

/* The kind that goes by ${name}, or MEDIA_KINDS. */
enum media_kind media_kind_named(struct str name);

#endif
