/* SPDX-License-Identifier: MIT */
/*
 * What may stand in the configuration file: every program checks all of it, so that one file serves
 * them all.
 */
#ifndef OMNI_CONFIG_H
#define OMNI_CONFIG_H

#include "conf.h"

/* The keys of the file: those of the carriers and those of the stages.  For struct stage.keys. */
const struct conf_key *config_keys(void);

#endif
