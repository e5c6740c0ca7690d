/* SPDX-License-Identifier: MIT */
#include "diag.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "err.h"

static const char *name = "omni";
static bool quiet;

void diag_init(const char *program)
{
	int fd;

	name = program;
	do
		fd = open("/dev/null", O_RDONLY); /* of a closed output: writing to it fails */
	while (fd >= 0 && fd <= 2);
	if (fd > 2)
		close(fd);
}

void diag_quiet(bool on)
{
	quiet = on;
}

/* One write a line, so that the lines of several programs on one terminal do not mix. */
static void emit(const char *fmt, va_list ap)
{
	char text[1024], line[sizeof(text) * 4 + 128];
	size_t n;

	vsnprintf(text, sizeof(text), fmt, ap);
	n = (size_t)snprintf(line, 100, "%s: ", name);
	for (const char *p = text; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (c < 0x20 || c == 0x7f)
			n += (size_t)snprintf(line + n, 5, "\\x%02x", c);
		else
			line[n++] = *p;
	}
	line[n++] = '\n';
	(void)!write(STDERR_FILENO, line, n);
}

void diag_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(fmt, ap);
	va_end(ap);
}

void diag_warn(const char *fmt, ...)
{
	va_list ap;

	if (quiet)
		return;
	va_start(ap, fmt);
	emit(fmt, ap);
	va_end(ap);
}

void diag_note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(fmt, ap);
	va_end(ap);
}

int diag_fail(const struct err *e)
{
	diag_error("%s", e->text);
	return err_exit(e);
}

void diag_oom(void)
{
	static const char text[] = ": out of memory\n";

	(void)!write(STDERR_FILENO, name, strlen(name));
	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	_exit(EXIT_OS);
}
