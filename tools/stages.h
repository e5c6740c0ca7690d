/* SPDX-License-Identifier: MIT */
/* Every stage, one line each. */
#ifndef OMNI_STAGES_H
#define OMNI_STAGES_H

#include "stage.h"
#include "verb.h"

extern const struct stage stage_validate;
extern const struct stage stage_normalize;
extern const struct stage stage_route;
extern const struct stage stage_queue_put;
extern const struct stage stage_push;
extern const struct command command_push_keygen;
extern const struct stage stage_ratelimit;
extern const struct stage stage_deliver;
extern const struct command command_ratelimit_stat;
extern const struct stage stage_queue_settle;
extern const struct stage stage_queue_extend;
extern const struct stage stage_store_put;
extern const struct stage stage_store_ack;

#endif
