/* SPDX-License-Identifier: MIT */
/* Carriers without C: described by data in the configuration; omni-config(5). */
#ifndef OMNI_CUSTOM_H
#define OMNI_CUSTOM_H

#include "carrier.h"

/* The receive and verify slots of both vtables. */
int custom_open(struct conf *conf, struct account *a, const char *path, struct err *e);
void custom_close(struct account *a);
int custom_verify(const struct accounts *accounts, const struct hook *h, bool explain,
		  struct verdict *v, struct err *e);

#endif
