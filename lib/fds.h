/* SPDX-License-Identifier: MIT */
/* How many descriptors a process may have: shells and systemd give it 1024, and let it ask for more. */
#ifndef OMNI_FDS_H
#define OMNI_FDS_H

#include <stddef.h>

/* Ask for ${want}, or as many as the system gives, where there are fewer.  Return how many there are now. */
size_t fds_provide(size_t want);

#endif
