/* SPDX-License-Identifier: MIT */
/* Every verb that is no stage, one line each. */
#ifndef OMNI_COMMANDS_H
#define OMNI_COMMANDS_H

#include "verb.h"

extern const struct command command_queue_take;
extern const struct command command_queue_dead;
extern const struct command command_queue_redrive;
extern const struct command command_queue_purge;
extern const struct command command_queue_stat;
extern const struct command command_sandbox;

#endif
