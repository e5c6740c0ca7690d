/* SPDX-License-Identifier: MIT */
#include "fds.h"

#include <sys/resource.h>

size_t fds_provide(size_t want)
{
	struct rlimit limit, more;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 0;
	more = limit;
	more.rlim_cur = want < limit.rlim_max ? want : limit.rlim_max;
	return limit.rlim_cur < want && setrlimit(RLIMIT_NOFILE, &more) == 0 ? more.rlim_cur :
									       limit.rlim_cur;
}
