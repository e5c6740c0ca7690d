/* SPDX-License-Identifier: MIT */
#include "notify.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

void notify(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	struct timespec t = { 0 };
	char line[100];
	socklen_t size;
	int fd;

	if (!path || (path[0] != '/' && path[0] != '@') || strlen(path) >= sizeof(sa.sun_path))
		return;
	memcpy(sa.sun_path, path, strlen(path));
	size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	if (path[0] == '@')
		sa.sun_path[0] = '\0'; /* a name in the abstract namespace */
	clock_gettime(CLOCK_MONOTONIC, &t);
	snprintf(line, sizeof(line), "%s", text);
	if (strcmp(text, "RELOADING=1") == 0)
		snprintf(line, sizeof(line), "%s\nMONOTONIC_USEC=%" PRId64, text,
			 (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)sendto(fd, line, strlen(line), MSG_NOSIGNAL, (struct sockaddr *)&sa, size);
	close(fd);
}

void notify_ready(int fd)
{
	(void)!write(fd, "\n", 1);
	close(fd);
}
