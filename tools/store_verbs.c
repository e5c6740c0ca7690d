/* SPDX-License-Identifier: MIT */
#include "store_verbs.h"

#include <stdlib.h>

const char *store_path(const struct args *a)
{
	const char *file = opt_value(a, "file");

	if (!file)
		file = getenv("OMNI_STORE");
	return file && *file ? file : "/var/lib/omni/store.db";
}
