/* SPDX-License-Identifier: MIT */
/*
 * What may stand in the configuration file: every program checks all of it, so that one file serves
 * them all.
 */
#ifndef OMNI_CONFIG_H
#define OMNI_CONFIG_H

#include "conf.h"

/*
 * The keys of the file, those of all carriers and programs.  For struct stage.keys.  Made of
 * models/config.schema.json by gen/config.c: a new key goes there.
 */
const struct conf_key *config_keys(void);

#endif
