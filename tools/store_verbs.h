/* SPDX-License-Identifier: MIT */
/* What the verbs of omni-store share. */
#ifndef OMNI_STORE_VERBS_H
#define OMNI_STORE_VERBS_H

#include "store.h"
#include "verb.h"

/* clang-format off */
#define STORE_OPT_FILE { "file", 'f', "FILE", "the store (default $OMNI_STORE, /var/lib/omni/store.db)", false }
/* clang-format on */

/* The file that the command line, or the environment, names. */
const char *store_path(const struct args *a);

extern const struct command command_store_messages, command_store_message;

#endif
