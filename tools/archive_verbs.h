/* SPDX-License-Identifier: MIT */
/* The verbs of omni-archive, and what they share. */
#ifndef OMNI_ARCHIVE_VERBS_H
#define OMNI_ARCHIVE_VERBS_H

#include "archive.h"
#include "archive_recover.h"
#include "archive_write.h"
#include "verb.h"

extern const struct stage stage_archive_write;
extern const struct command archive_list, archive_cat, archive_get, archive_verify,
	archive_recover_verb, archive_compact, archive_export, archive_import, archive_prune;

/* The directory of the archive, the only operand or option that all verbs need. */
const char *archive_root(const struct args *a);

/* --from and --to into ${range}. */
int archive_range_of(const struct args *a, struct archive_range *range, struct err *e);

/* The options of what writes into ${how}, whose members that they do not name are set. */
int archive_how_of(const struct args *a, struct archive_write_how *how, struct err *e);

/* The streams of the archive, or the one that --stream names; NULL-terminated, living in ${arena}. */
char **archive_streams_of(const struct args *a, struct arena *arena, struct err *e);

/* Write ${text} to standard output at once. */
int archive_put(struct str text, struct err *e);

/* What the options of several verbs look like. */
#define ARCHIVE_OPT_ROOT                                                                                \
	{                                                                                               \
		"root", 'd', "DIR", "the archive (default $OMNI_ARCHIVE, /var/lib/omni/archive)", false \
	}
#define ARCHIVE_OPT_STREAM                                             \
	{                                                              \
		"stream", 's', "NAME", "only this stream of it", false \
	}
#define ARCHIVE_OPT_FROM                                                       \
	{                                                                      \
		"from", 0, "TIME", "only records of this time or later", false \
	}
#define ARCHIVE_OPT_TO                                                  \
	{                                                               \
		"to", 0, "TIME", "only records before this time", false \
	}
#define ARCHIVE_OPT_END                    \
	{                                  \
		NULL, 0, NULL, NULL, false \
	}

#endif
