/* SPDX-License-Identifier: MIT */
/* An address that was read is written so that it reads the same. */
#include <stdlib.h>

#include "cidr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = { (const char *)data, size };
	char text[CIDR_TEXT];
	struct address a, again;
	struct cidr c;

	if (cidr_read(s, &c) == 0 && (c.bits > 128 || !cidr_has(&c, &c.address)))
		abort();
	if (address_read(s, &a) < 0)
		return 0;
	address_format(text, &a);
	if (address_read(str_c(text), &again) < 0 || memcmp(&a.bytes, &again.bytes, sizeof(a.bytes)) != 0)
		abort();
	return 0;
}
