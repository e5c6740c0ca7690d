/* SPDX-License-Identifier: MIT */
/* What the verbs of omni-store share. */
#ifndef OMNI_STORE_VERBS_H
#define OMNI_STORE_VERBS_H

#include "store_query.h"
#include "verb.h"

/* clang-format off */
#define STORE_OPT_FILE { "file", 'f', "FILE", "the store (default $OMNI_STORE, /var/lib/omni/store.db)", false }
/* clang-format on */

/* The file that the command line, or the environment, names. */
const char *store_path(const struct args *a);

/* Writes lines to standard output. */
extern const struct store_sink store_printer;

/* Return 0 if there is one operand, ${what} ("the id of a message"), or none where that is NULL; else -1. */
int store_operand(const struct args *a, const char *what, struct err *e);

extern const struct command command_store_messages, command_store_message, command_store_conversations,
	command_store_conversation, command_store_contacts, command_store_contact,
	command_store_devices, command_store_search, command_store_changes, command_store_stat,
	command_store_backup, command_store_check, command_store_prune, command_store_erase;

#endif
