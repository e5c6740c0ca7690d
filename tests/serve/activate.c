/* SPDX-License-Identifier: MIT */
/*
 * What a supervisor does with a socket.  usage: activate [-0 | -i] PORTFILE COMMAND...
 *
 * Listens on a free port of 127.0.0.1, writes its number to PORTFILE and runs COMMAND with the socket passed on as
 * systemd does (LISTEN_FDS), as standard input with -0, or each connection as standard input and output with -i.
 * SIGHUP starts a second COMMAND and then ends the first with SIGTERM, and a line on standard output says so; SIGTERM ends
 * all.  Exits with the code of the last.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static sigset_t signals; /* they are waited for, and never come while something else goes on */

static int listen_somewhere(const char *file)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t size = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	FILE *f;

	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 || listen(fd, 1024) < 0 ||
	    getsockname(fd, (struct sockaddr *)&sa, &size) < 0 || !(f = fopen(file, "w"))) {
		perror("activate");
		exit(1);
	}
	fprintf(f, "%d\n", ntohs(sa.sin_port));
	fclose(f);
	return fd;
}

static pid_t spawn(char **argv, int fd, char mode)
{
	pid_t pid = fork();
	char text[20];

	if (pid != 0)
		return pid;
	sigprocmask(SIG_UNBLOCK, &signals, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nothing behind */
	if (mode == '0' || mode == 'i')
		dup2(fd, 0);
	if (mode == 'i')
		dup2(fd, 1);
	if (mode == 'l') {
		if (fd != 3)
			dup2(fd, 3);
		snprintf(text, sizeof(text), "%d", (int)getpid());
		setenv("LISTEN_PID", text, 1);
		setenv("LISTEN_FDS", "1", 1);
	}
	if (fd > 3 || (fd == 3 && mode != 'l'))
		close(fd);
	execvp(argv[0], argv);
	perror(argv[0]);
	_exit(127);
}

static int run(char **argv, int fd, char mode)
{
	pid_t now = spawn(argv, fd, mode), done;
	int status = 0, signo;

	for (;;) {
		while ((done = waitpid(-1, &status, WNOHANG)) > 0)
			if (done == now)
				return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		if (sigwait(&signals, &signo) != 0)
			return 1;
		if (signo == SIGTERM)
			kill(now, SIGTERM);
		if (signo == SIGHUP) {
			pid_t before = now;

			now = spawn(argv, fd, mode);
			usleep(200000); /* it is ready by then, or the socket waits for it */
			kill(before, SIGTERM);
			dprintf(1, "%d\n", (int)now);
		}
	}
}

int main(int argc, char **argv)
{
	char mode = 'l';
	int fd, client;

	if (argc > 1 && argv[1][0] == '-') {
		mode = argv[1][1];
		argc--, argv++;
	}
	if (argc < 3)
		return 64;
	sigemptyset(&signals);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	fd = listen_somewhere(argv[1]);
	if (mode != 'i')
		return run(argv + 2, fd, mode);
	client = accept(fd, NULL, NULL);
	close(fd);
	return run(argv + 2, client, mode);
}
