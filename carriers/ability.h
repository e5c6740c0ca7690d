/* SPDX-License-Identifier: MIT */
/*
 * What can be sent over a channel of a carrier, and how much of it: by what omni-route chooses.  What is
 * not known of a message (the size of a picture that has not been fetched) is not held against it.
 */
#ifndef OMNI_ABILITY_H
#define OMNI_ABILITY_H

#include "rec.h"
#include "sms.h"

/* Types of messages, and the events that are sent. */
enum {
	ABLE_TEXT = 1,
	ABLE_MEDIA = 2,
	ABLE_LOCATION = 4,
	ABLE_CONTACTS = 8,
	ABLE_INTERACTIVE = 16,
	ABLE_REACTION = 32,
	ABLE_TEMPLATE = 64,
	ABLE_TYPING = 128,
	ABLE_READ = 256,
};

/* Files of one kind. */
struct ability_media {
	const char *kind;         /* "image", …; NULL ends a list */
	const char *const *mimes; /* NULL-terminated; NULL: any */
	int64_t size_max;         /* bytes; 0: no limit */
};

struct ability {
	const char *channel; /* NULL ends a list */
	unsigned types;      /* ABLE_… */
	size_t text_max;     /* in one request; 0: no limit */
	enum sms_measure measure;
	unsigned recipients;               /* in one message that all of them see; 0: no limit */
	unsigned files;                    /* in one message; 0: no limit */
	int64_t total_max;                 /* of all files, bytes; 0: no limit */
	const struct ability_media *media; /* the kinds that it takes; NULL: any */
};

/* What WhatsApp takes, whoever carries it there; it stands in whatsapp_ability.c. */
extern const struct ability_media ability_whatsapp[];

/* The bit of the message or event ${r}, 0 if nothing sends such. */
unsigned ability_type(const struct rec *r);

/* The one that is called ${word}: "text", …; 0 if there is none. */
unsigned ability_named(struct str word);

/* That of ${channel} in ${list} (may be NULL), or NULL. */
const struct ability *ability_of(const struct ability *list, struct str channel);

/* What is asked of an ability, read once for all of them. */
struct ability_need {
	unsigned type;
	struct str text;
	size_t length[SMS_BYTES + 1]; /* of the text, in each measure; 0: nobody has asked */
	unsigned recipients, files;
	int64_t total;
	const struct json *media; /* `media` of the record */
};

/* Read what ${r} asks for, whose text is ${text}. */
void ability_read(struct ability_need *need, const struct rec *r, struct str text);

/**
 * ability_lacks(a, need, split):
 * Return why ${a} can not do ${need}, as a code: "type", "recipients", "media-count", "media-type", "media-size",
 * "text-too-long" (not with ${split}: then it becomes parts); NULL if it can.
 */
const char *ability_lacks(const struct ability *a, struct ability_need *need, bool split);

#endif
