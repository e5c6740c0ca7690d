/* SPDX-License-Identifier: MIT */
/* Whatever a file begins with, and whatever its reader says of it, the type is a name that may stand in a record. */
#include <stdlib.h>

#include "sniff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = { (const char *)data, size };
	size_t end = str_find(s, '\n');
	struct sniff *sniff = sniff_new();
	const struct media_type *t = sniff_judge(sniff, str_sub(s, end, size), str_sub(s, 0, end));

	if (t->kind >= MEDIA_KINDS || strlen(t->mime) >= SNIFF_WORD || !strchr(t->mime, '/'))
		abort();
	for (const char *p = t->mime; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == '"' || *p == '\\' || (unsigned char)*p >= 0x7f)
			abort();
	sniff_free(sniff);
	return 0;
}
