/* SPDX-License-Identifier: MIT */
#include "cell.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "diag.h"

char *cell_program(const char *name, struct err *e)
{
	static const char *const places[] = { "libexec", "../libexec/omni" };
	char self[4096], path[sizeof(self) + 64];
	ssize_t n = readlink(child_self, self, sizeof(self) - 1);
	char *slash;

	self[n < 0 ? 0 : n] = '\0';
	slash = strrchr(self, '/');
	if (!slash) {
		err_set(e, FAULT_OS, "cell", "%s: %s", child_self, strerror(errno));
		return NULL;
	}
	*slash = '\0';
	for (size_t i = 0; i < LEN(places); i++) {
		char *found;

		snprintf(path, sizeof(path), "%s/%s/%s", self, places[i], name);
		if (access(path, X_OK) < 0)
			continue;
		found = strdup(path);
		if (!found)
			diag_oom();
		return found;
	}
	err_set(e, FAULT_OS, "cell", "%s: %s; install it as \"make install\" does", path,
		strerror(errno));
	return NULL;
}

static int spawn(pid_t *pid, const char *program, const char *name, char *const env[], int theirs)
{
	char *argv[] = { (char *)(uintptr_t)name, NULL };

	return child_start(&(struct child){ .program = program ? program : child_self,
					    .argv = argv,
					    .env = env,
					    .fds = { -1, -1, -1, theirs },
					    .n = CELL_FD + 1 },
			   pid);
}

int cell_start(struct cell *c, const char *program, const char *name, char *const env[], struct err *e)
{
	int pair[2], rc;

	*c = (struct cell){ .pid = 0, .socket = -1 };
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(e, FAULT_OS, "cell", "%s: socketpair: %s", name, strerror(errno));
	/* dup2 on itself would leave it close-on-exec. */
	if (pair[1] == CELL_FD) {
		int moved = fcntl(pair[1], F_DUPFD_CLOEXEC, CELL_FD + 1);

		close(pair[1]);
		pair[1] = moved;
	}
	rc = spawn(&c->pid, program, name, env, pair[1]);
	close(pair[1]);
	if (rc == 0) {
		c->socket = pair[0];
		return 0;
	}
	close(pair[0]);
	c->pid = 0;
	return err_set(e, FAULT_OS, "cell", "%s can not be started: %s", name, strerror(rc));
}

int cell_end(struct cell *c)
{
	int status = 0;

	close(c->socket);
	kill(c->pid, SIGKILL);
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	*c = (struct cell){ .pid = 0, .socket = -1 };
	return status;
}

union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(CELL_FDS * sizeof(int))];
};

int cell_send(int socket, struct str packet, const int *fds, unsigned n)
{
	union control control = { .room = { 0 } };
	struct iovec iov = { (void *)(uintptr_t)packet.p, packet.n };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t rc;

	if (n > 0) {
		m.msg_control = &control;
		m.msg_controllen = CMSG_SPACE(n * sizeof(int));
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(&control.head), fds, n * sizeof(int));
	}
	do
		rc = sendmsg(socket, &m, MSG_NOSIGNAL);
	while (rc < 0 && errno == EINTR);
	return rc < 0 ? -1 : 0;
}

int cell_receive(int socket, void *packet, size_t size, int *fds, unsigned n)
{
	union control control;
	struct iovec iov = { packet, size };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    /* What nobody asked for is not let in: it would stay open. */
			    .msg_control = n ? &control : NULL,
			    .msg_controllen = n ? sizeof(control) : 0 };
	struct cmsghdr *c;
	ssize_t rc;

	do
		rc = recvmsg(socket, &m, MSG_CMSG_CLOEXEC);
	while (rc < 0 && errno == EINTR);
	c = rc < 0 || n == 0 ? NULL : CMSG_FIRSTHDR(&m);
	if (rc < 0 || (size_t)rc != size || (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		return -1;
	if (n == 0)
		return 0;
	if (!c || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(n * sizeof(int)))
		return -1;
	memcpy(fds, CMSG_DATA(c), n * sizeof(int));
	return 0;
}
