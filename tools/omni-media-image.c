/* SPDX-License-Identifier: MIT */
/* What omni-media starts for images, and nobody by hand: lib/image_pool.h. */
#include <stdio.h>
#include <sys/stat.h>

#include "cell.h"
#include "image_pool.h"

int main(void)
{
	struct stat st;

	if (fstat(CELL_FD, &st) == 0 && S_ISSOCK(st.st_mode))
		return image_worker();
	fputs("omni-media-image: omni-media starts it, for images; see omni-media(1)\n", stderr);
	return EXIT_USAGE;
}
