/* SPDX-License-Identifier: MIT */
#include "sig.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static int wake[2] = { -1, -1 };

static void on_signal(int signo)
{
	char byte = signo == SIGUSR1 ? SIG_STATS : signo == SIGHUP ? SIG_LOAD : SIG_STOP;
	int saved = errno;

	(void)!write(wake[1], &byte, 1);
	errno = saved;
}

int sig_init(bool effects, struct err *e)
{
	struct sigaction act = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_set(e, FAULT_OS, "signals", "pipe: %s", strerror(errno));
	sigemptyset(&act.sa_mask);
	sigaction(SIGUSR1, &act, NULL);
	act.sa_flags |= (int)SA_RESETHAND; /* a second SIGTERM kills */
	sigaction(SIGTERM, &act, NULL);
	if (effects) {
		signal(SIGPIPE, SIG_IGN);
		signal(SIGXFSZ, SIG_IGN); /* likewise: an error of write(2) */
	}
	return 0;
}

void sig_hangup(void)
{
	struct sigaction act = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	sigemptyset(&act.sa_mask);
	sigaction(SIGHUP, &act, NULL);
}

int sig_service(struct err *e)
{
	struct sigaction act = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	if (sig_init(true, e) < 0)
		return -1;
	sig_hangup();
	sigemptyset(&act.sa_mask);
	act.sa_flags |= (int)SA_RESETHAND;
	sigaction(SIGINT, &act, NULL);
	return 0;
}

int sig_poll(struct pollfd *fds, unsigned n, int timeout)
{
	struct pollfd p[8] = { { .fd = wake[0], .events = POLLIN } };
	char bytes[64];
	ssize_t got;
	int came = 0;

	for (unsigned i = 0; i < n; i++) {
		p[i + 1] = fds[i];
		fds[i].revents = 0;
	}
	if (poll(p, n + 1, timeout) < 0)
		return 0;
	for (unsigned i = 0; i < n; i++)
		fds[i].revents = p[i + 1].revents;
	if (p[0].revents & POLLIN)
		while ((got = read(wake[0], bytes, sizeof(bytes))) > 0)
			for (ssize_t i = 0; i < got; i++)
				came |= bytes[i];
	return came;
}

int sig_fd(void)
{
	return wake[0];
}
