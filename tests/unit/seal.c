/* SPDX-License-Identifier: MIT */
#include "seal.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

/* What ${run} returns in a process of its own; 99 if a signal ended it. */
static int apart(int (*run)(void))
{
	pid_t pid;
	int status;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(run());
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

static bool refused(long rc)
{
	return rc < 0 && errno == EPERM;
}

static void *add(void *p)
{
	(*(int *)p)++;
	return NULL;
}

static int compute(void)
{
	pthread_t t;
	struct err e;
	int pipes[2], n = 0;
	char c = 'x';

	if (pipe(pipes) < 0 || seal_calls(SEAL_COMPUTE, &e) < 0)
		return 1;
	if (!refused(socket(AF_INET, SOCK_STREAM, 0)) || !refused(socket(AF_UNIX, SOCK_DGRAM, 0)))
		return 2;
	if (!refused(open("/etc/passwd", O_RDONLY)) || !refused(open("/tmp/x", O_CREAT | O_RDWR, 0600)))
		return 3;
	if (!refused(execl("/bin/true", "true", (char *)NULL)))
		return 4;
	if (!refused(fork()) || !refused(kill(getppid(), 0)) || !refused(unlink("/tmp/x")))
		return 5;
	/* What it is for still works. */
	if (write(pipes[1], &c, 1) != 1 || read(pipes[0], &c, 1) != 1)
		return 6;
	if (pthread_create(&t, NULL, add, &n) != 0 || pthread_join(t, NULL) != 0 || n != 1)
		return 7;
	free(malloc(100 << 20));
	return 0;
}

static void what_computes_has_no_files_no_network_and_no_processes_but_threads(void)
{
	CHECK(apart(compute) == 0);
}

static int offline(void)
{
	struct err e;
	int pair[2];

	if (seal_calls(SEAL_OFFLINE, &e) < 0)
		return 1;
	if (!refused(socket(AF_INET, SOCK_STREAM, 0)) || !refused(socket(AF_INET6, SOCK_DGRAM, 0)) ||
	    !refused(socketpair(AF_UNIX, SOCK_STREAM, 0, pair)))
		return 2;
	/* It holds for programs that are started, which files do not. */
	execlp("python3", "python3", "-c",
	       "import socket, sys\n"
	       "open('/etc/passwd').close()\n"
	       "try: socket.socket()\n"
	       "except PermissionError: sys.exit(0)\n"
	       "sys.exit(3)",
	       (char *)NULL);
	return 4;
}

static void what_is_offline_stays_so_in_the_programs_that_it_starts(void)
{
	CHECK(apart(offline) == 0);
}

static int narrow(void)
{
	const struct seal_limits l = { .memory = 64 << 20, .seconds = 1, .file = 1000, .descriptors = 20 };
	struct err e;
	char path[] = "/tmp/seal-XXXXXX", text[2000] = { 0 };
	int fd = mkstemp(path), dups = 0;

	unlink(path);
	signal(SIGXFSZ, SIG_IGN);
	if (seal_limit(&l, &e) < 0)
		return 1;
	if (mmap(NULL, 32 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
		return 2;
	if (mmap(NULL, 96 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
		return 3;
	if (write(fd, text, 600) != 600 || write(fd, text, 600) != 400 || write(fd, text, 1) >= 0 ||
	    errno != EFBIG)
		return 4;
	while (dup(fd) >= 0)
		dups++;
	return dups > 0 && dups < 20 ? 0 : 5;
}

static void limits_hold_beyond_what_the_process_has(void)
{
	CHECK(apart(narrow) == 0);
}

static int spin(void)
{
	const struct seal_limits l = { .memory = 64 << 20, .seconds = 1, .file = 1000 };
	struct err e;

	if (seal_limit(&l, &e) < 0)
		return 1;
	for (volatile unsigned long i = 0;; i++)
		;
}

static void processor_time_ends_the_process(void)
{
	CHECK(apart(spin) == 99);
}

static int closed(void)
{
	struct err e;
	int fd = dup(0);

	return seal_close(3, &e) < 0 || fcntl(fd, F_GETFD) >= 0 || fcntl(2, F_GETFD) < 0;
}

static void descriptors_are_closed_from_one_on(void)
{
	CHECK(apart(closed) == 0);
}

UNIT_MAIN(UNIT(what_computes_has_no_files_no_network_and_no_processes_but_threads),
	  UNIT(what_is_offline_stays_so_in_the_programs_that_it_starts),
	  UNIT(limits_hold_beyond_what_the_process_has), UNIT(processor_time_ends_the_process),
	  UNIT(descriptors_are_closed_from_one_on))
