/* SPDX-License-Identifier: MIT */
/* The verbs of omni-models(1). */
#ifndef OMNI_MODELS_H
#define OMNI_MODELS_H

#include "model.h"
#include "verb.h"

extern const struct command models_list;
extern const struct command models_show;
extern const struct command models_doc;
extern const struct command models_example;
extern const struct command models_export;
extern const struct command models_check;

/**
 * models_named(name, e):
 * The model ${name}, or NULL with FAULT_USAGE and the name that was probably meant.
 */
const struct model *models_named(const char *name, struct err *e);

#endif
