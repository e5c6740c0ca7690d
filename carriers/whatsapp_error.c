/* SPDX-License-Identifier: MIT */
#include "whatsapp.h"

/* Codes that say by themselves what to do about them, ascending; in webhooks and answers they mean the same. */
static const struct {
	int64_t from, to;
	const char *class;
} error_classes[] = {
	{ 0, 0, CAUSE_CREDENTIALS },           /* can not authenticate */
	{ 1, 2, CAUSE_TEMP },                  /* unknown, service */
	{ 3, 3, CAUSE_CREDENTIALS },           /* capability */
	{ 4, 4, CAUSE_THROTTLED },             /* calls of the app */
	{ 10, 10, CAUSE_CREDENTIALS },         /* permission */
	{ 17, 17, CAUSE_THROTTLED },           /* calls of the user */
	{ 32, 32, CAUSE_THROTTLED },           /* calls of the page */
	{ 33, 33, CAUSE_PERMANENT },           /* no such object */
	{ 100, 100, CAUSE_PERMANENT },         /* parameter */
	{ 190, 190, CAUSE_CREDENTIALS },       /* token */
	{ 200, 299, CAUSE_CREDENTIALS },       /* permissions */
	{ 368, 368, CAUSE_CREDENTIALS },       /* restricted */
	{ 613, 613, CAUSE_THROTTLED },         /* calls */
	{ 80007, 80007, CAUSE_THROTTLED },     /* calls of the business account */
	{ 130429, 130429, CAUSE_THROTTLED },   /* throughput of the number */
	{ 130472, 130472, CAUSE_PERMANENT },   /* user is in an experiment */
	{ 130497, 130497, CAUSE_PERMANENT },   /* country */
	{ 131000, 131000, CAUSE_TEMP },        /* something went wrong */
	{ 131005, 131005, CAUSE_CREDENTIALS }, /* access denied */
	{ 131008, 131009, CAUSE_PERMANENT },   /* parameter */
	{ 131016, 131016, CAUSE_TEMP },        /* service unavailable */
	{ 131021, 131021, CAUSE_PERMANENT },   /* to oneself */
	{ 131026, 131026, CAUSE_PERMANENT },   /* undeliverable */
	{ 131030, 131030, CAUSE_PERMANENT },   /* not in the test list */
	{ 131031, 131031, CAUSE_CREDENTIALS }, /* locked */
	{ 131037, 131037, CAUSE_CREDENTIALS }, /* display name */
	{ 131042, 131042, CAUSE_CREDENTIALS }, /* payment */
	{ 131044, 131045, CAUSE_CREDENTIALS }, /* payment, registration */
	{ 131047, 131047, CAUSE_PERMANENT },   /* window closed */
	{ 131048, 131048, CAUSE_THROTTLED },   /* spam limit */
	{ 131049, 131049, CAUSE_PERMANENT },   /* ecosystem health: not within 24 hours */
	{ 131050, 131050, CAUSE_OPTED_OUT },   /* marketing stopped by the user */
	{ 131051, 131051, CAUSE_PERMANENT },   /* message type */
	{ 131052, 131053, CAUSE_TEMP },        /* media */
	{ 131056, 131056, CAUSE_THROTTLED },   /* pair limit */
	{ 131057, 131057, CAUSE_TEMP },        /* maintenance */
	{ 131062, 131062, CAUSE_PERMANENT },   /* recipient by user id */
	{ 131063, 131063, CAUSE_CREDENTIALS }, /* marketing templates switched off */
	{ 131064, 131064, CAUSE_THROTTLED },   /* messaging limit */
	{ 132000, 132001, CAUSE_PERMANENT },   /* template, here and below */
	{ 132005, 132005, CAUSE_PERMANENT },
	{ 132007, 132008, CAUSE_PERMANENT },
	{ 132012, 132012, CAUSE_PERMANENT },
	{ 132015, 132016, CAUSE_PERMANENT },
	{ 132068, 132068, CAUSE_PERMANENT },   /* flow blocked */
	{ 132069, 132069, CAUSE_THROTTLED },   /* flow throttled */
	{ 133000, 133015, CAUSE_CREDENTIALS }, /* registration, pin */
	{ 133016, 133016, CAUSE_THROTTLED },   /* registration attempts */
	{ 135000, 135000, CAUSE_TEMP },        /* generic */
	{ 137000, 137000, CAUSE_PERMANENT },   /* identity key */
};

const char *whatsapp_error(const struct json *code)
{
	int64_t n;

	if (json_i64_text(code, &n) < 0)
		return CAUSE_UNKNOWN;
	for (size_t i = 0; i < LEN(error_classes); i++)
		if (n >= error_classes[i].from && n <= error_classes[i].to)
			return error_classes[i].class;
	return CAUSE_UNKNOWN;
}

/* Title and details in one text: either alone often says too little. */
struct str whatsapp_error_text(struct arena *a, const struct json *error)
{
	const struct json *data = json_get(error, "error_data");
	struct str title = json_get_str(error, "title");
	struct str details = json_is(data, JSON_STRING) ? json_str(data) : json_get_str(data, "details");

	if (title.n == 0)
		title = json_get_str(error, "message");
	if (details.n == 0 || str_eq(details, title))
		return title;
	return title.n > 0 ? arena_join(a, arena_join(a, title, STR(": ")), details) : details;
}
