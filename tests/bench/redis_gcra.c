/* SPDX-License-Identifier: MIT */
/*
 * Usage: redis_gcra SOCKET NOW RATE BURST RATE BURST RATE BURST RATE BURST
 *
 * What omni-ratelimit does, done by Redis: reads lines of four keys with tabs between them, lets a script
 * take one of all or none at NOW (milliseconds since 1970; RATE in microseconds for one), 128 calls
 * in flight on one connection, and writes for each line how many milliseconds it would have to wait.
 * Keys are kept ten minutes longer than they are needed, as NOW need not go with the server's clock.
 * The server gets ready commands, and its answers are read without a library: it is measured, not a client.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { LIMITS = 4, PIPELINE = 128, LINE = 1024 };

/* The generic cell rate algorithm for all keys or none; returns microseconds to wait. */
static const char script[] =
	"local now, wait = tonumber(ARGV[1]), 0\n"
	"local tats = redis.call('MGET', KEYS[1], KEYS[2], KEYS[3], KEYS[4])\n"
	"local next = {}\n"
	"for i = 1, 4 do\n"
	"  local unit, burst = tonumber(ARGV[i * 2]), tonumber(ARGV[i * 2 + 1])\n"
	"  local tat = tonumber(tats[i]) or now\n"
	"  if tat < now then tat = now end\n"
	"  next[i] = tat + unit\n"
	"  local at = next[i] - unit * burst - now\n"
	"  if at > wait then wait = at end\n"
	"end\n"
	"if wait > 0 then return wait end\n"
	"for i = 1, 4 do\n"
	"  redis.call('SET', KEYS[i], string.format('%d', next[i]), 'PX', math.ceil((next[i] - now) / 1000) + 600000)\n"
	"end\n"
	"return 0\n";

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "redis_gcra: %s\n", what);
	exit(1);
}

static FILE *reach(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	FILE *f;

	if (strlen(path) >= sizeof(a.sun_path))
		die("a socket's name is too long");
	strcpy(a.sun_path, path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		die("no server");
	f = fdopen(fd, "r");
	if (!f)
		die("no memory");
	return f;
}

static void send_all(FILE *f, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t sent = write(fileno(f), p, n);

		if (sent < 0)
			die("the server does not read");
		p += sent;
		n -= (size_t)sent;
	}
}

/* The digest under which the server keeps the script. */
static void load(FILE *f, char sha[41])
{
	char text[sizeof(script) + 100], line[100];
	int n = snprintf(text, sizeof(text), "*3\r\n$6\r\nSCRIPT\r\n$4\r\nLOAD\r\n$%zu\r\n%s\r\n",
			 sizeof(script) - 1, script);

	send_all(f, text, (size_t)n);
	if (!fgets(line, sizeof(line), f) || strcmp(line, "$40\r\n") != 0 ||
	    fread(sha, 1, 40, f) != 40 || !fgets(line, sizeof(line), f))
		die("the script does not load");
	sha[40] = '\0';
}

/* ${text}, then the four keys of ${line}, then ${args}, as one command. */
static size_t command(char *p, const char *text, char *line, const char *args)
{
	char *start = p, *key = strtok(line, "\t\n");

	p = stpcpy(p, text);
	for (int i = 0; i < LIMITS; i++, key = strtok(NULL, "\t\n")) {
		if (!key)
			die("a line has fewer than four keys");
		p += sprintf(p, "$%zu\r\n%d%s\r\n", strlen(key) + 1, i, key);
	}
	return (size_t)(stpcpy(p, args) - start);
}

static void answers(FILE *f, int n)
{
	char line[LINE];

	while (n-- > 0) {
		if (!fgets(line, sizeof(line), f) || line[0] != ':')
			die("an answer that is no number");
		printf("%lld\n", (strtoll(line + 1, NULL, 10) + 999) / 1000);
	}
}

int main(int argc, char **argv)
{
	static char batch[PIPELINE * 2 * LINE], line[LINE];
	char sha[41], text[200], args[400], *p = args;
	size_t used = 0;
	int waiting = 0;
	FILE *f;

	if (argc != 3 + 2 * LIMITS)
		return 64;
	f = reach(argv[1]);
	load(f, sha);
	snprintf(text, sizeof(text), "*%d\r\n$7\r\nEVALSHA\r\n$40\r\n%s\r\n$1\r\n4\r\n",
		 3 + LIMITS + 1 + 2 * LIMITS, sha);
	p += sprintf(p, "$%zu\r\n%s000\r\n", strlen(argv[2]) + 3, argv[2]);
	for (int i = 3; i < argc; i++)
		p += sprintf(p, "$%zu\r\n%.20s\r\n", strlen(argv[i]), argv[i]);
	while (fgets(line, sizeof(line), stdin)) {
		used += command(batch + used, text, line, args);
		if (++waiting < PIPELINE)
			continue;
		send_all(f, batch, used);
		answers(f, waiting);
		used = 0;
		waiting = 0;
	}
	send_all(f, batch, used);
	answers(f, waiting);
	fclose(f);
	return fflush(stdout) == 0 ? 0 : 74;
}
