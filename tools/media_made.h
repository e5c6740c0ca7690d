/* SPDX-License-Identifier: MIT */
/*
 * What became of files, remembered beside them: DIR/made/ab/KEY holds a line of JSON for the object that was made of an
 * object by a recipe.
 */
#ifndef OMNI_MEDIA_MADE_H
#define OMNI_MEDIA_MADE_H

#include "media_set.h"

/**
 * media_made_find(dir, sha256, recipe, a, f, object):
 * What was made of ${sha256} by ${recipe}, into ${f}, and its name into ${object}.  False if nothing is known.
 */
bool media_made_find(const char *dir, struct str sha256, struct str recipe, struct arena *a,
		     struct media_facts *f, struct str *object);

/* Remember it; where that fails it will be made again. */
void media_made_keep(const char *dir, struct str sha256, struct str recipe, struct arena *a,
		     const struct media_facts *f, struct str object);

#endif
