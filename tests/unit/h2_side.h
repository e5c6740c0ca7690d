/* SPDX-License-Identifier: MIT */
/* The two sides of the tests of lib/h2: servers, and who asks them. */
#ifndef OMNI_UNIT_H2_SIDE_H
#define OMNI_UNIT_H2_SIDE_H

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "answer.h"
#include "h2.h"
#include "unit.h"

/* The servers are those of Node.js, and others that have one fault each: tests/server/h2.mjs. */
static char dir[] = "/tmp/h2.XXXXXX", ca[64], ports[1024];
static pid_t server;
static int to_server; /* closed, it ends */

static bool run_tool(const char *command)
{
	int rc = system(command);

	return WIFEXITED(rc) && WEXITSTATUS(rc) == 0;
}

/* ${file}.crt and ${file}.key in ${dir}, of ${name}. */
static bool make_certificate(const char *file, const char *name)
{
	char command[512];

	snprintf(command, sizeof(command),
		 "cd %s && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout %s.key "
		 "-out %s.crt -days 2 -subj /CN=%s -addext subjectAltName=IP:127.0.0.1,DNS:localhost 2>/dev/null",
		 dir, file, file, name);
	return run_tool(command);
}

static void start_server(void)
{
	int in[2], out[2];
	char key[64];
	ssize_t n = 0, got = 0;

	snprintf(key, sizeof(key), "%s/server.key", dir);
	snprintf(ca, sizeof(ca), "%s/server.crt", dir);
	if (pipe(in) < 0 || pipe(out) < 0)
		abort();
	server = fork();
	if (server == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[1]);
		close(out[0]);
		execlp("node", "node", "tests/server/h2.mjs", key, ca, NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	to_server = in[1];
	ports[0] = ' ';
	for (got = 1; got < (ssize_t)sizeof(ports) - 1 && !memchr(ports, '\n', (size_t)got); got += n) {
		n = read(out[0], ports + got, sizeof(ports) - 1 - (size_t)got);
		if (n <= 0)
			abort();
	}
	close(out[0]);
}

static void stop_server(void)
{
	char command[64];

	close(to_server);
	waitpid(server, NULL, 0);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	run_tool(command);
}

static unsigned port_of(const char *name)
{
	struct str pattern = arena_fmt(arena, " %s=", name);
	const char *at = strstr(ports, pattern.p);

	return at ? (unsigned)strtoul(at + pattern.n, NULL, 10) : 0;
}

static struct h2 *h;

static void begin_with(struct h2_options o)
{
	struct err e;

	o.ca = o.ca ? o.ca : ca;
	h = h2_open(&o, &e);
	if (!h)
		abort();
}

static void begin(void)
{
	begin_with((struct h2_options){ 0 });
}

static void end(void)
{
	h2_close(h);
	h = NULL;
}

static struct str url(const char *name, const char *path)
{
	return arena_fmt(arena, "https://127.0.0.1:%u%s", port_of(name), path);
}

static struct fetch_request get(const char *name, const char *path)
{
	return (struct fetch_request){ .method = "GET", .url = url(name, path), .answer_max = 100000 };
}

static struct fetch_request post(const char *path, struct str body)
{
	return (struct fetch_request){
		.method = "POST", .url = url("good", path), .body = body, .answer_max = 4000000
	};
}

static struct fetch_request *wait_one(void)
{
	struct fetch_request *x;

	h2_flush(h);
	while (!(x = h2_done(h))) {
		struct pollfd p = { .fd = h2_fd(h), .events = POLLIN };

		if (poll(&p, 1, 40000) == 0)
			abort();
	}
	return x;
}

static void run(struct fetch_request *x)
{
	h2_start(h, x);
	CHECK(wait_one() == x);
	CHECK(!h2_done(h));
}

static void run_all(struct fetch_request *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		h2_start(h, &list[i]);
	for (size_t i = 0; i < n; i++)
		wait_one();
	CHECK(!h2_done(h));
}

/* What the server says of itself. */
static uint64_t ask(const char *path)
{
	struct fetch_request x = get("good", path);
	uint64_t n = UINT64_MAX;

	run(&x);
	CHECK(x.end == FETCH_OK && str_u64(x.answer_body, &n) == 0);
	return n;
}

/* Run ${tests}, ${n} of them, with the servers there and no proxy. */
static int h2_run(const struct unit_test *tests, size_t n)
{
	int rc;

	if (!run_tool("command -v node >/dev/null && command -v openssl >/dev/null")) {
		puts("1..0 # SKIP node or openssl is not installed");
		return 0;
	}
	signal(SIGPIPE, SIG_IGN);
	unsetenv("https_proxy");
	unsetenv("HTTPS_PROXY");
	unsetenv("all_proxy");
	unsetenv("ALL_PROXY");
	if (!mkdtemp(dir) || !make_certificate("server", "test"))
		return 1;
	start_server();
	rc = unit_run(tests, n);
	stop_server();
	return rc;
}

#endif
