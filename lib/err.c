/* SPDX-License-Identifier: MIT */
#include "err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *e, enum fault fault, const char *code, const char *fmt, ...)
{
	va_list ap;

	e->fault = fault;
	e->code = code;
	e->retry_ms = 0;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return -1;
}

void err_hint(struct err *e, const char *fmt, ...)
{
	size_t n = strnlen(e->text, sizeof(e->text));
	va_list ap;

	if (n + 3 >= sizeof(e->text))
		return;
	memcpy(e->text + n, "; ", 3);
	va_start(ap, fmt);
	vsnprintf(e->text + n + 2, sizeof(e->text) - n - 2, fmt, ap);
	va_end(ap);
}

int err_exit(const struct err *e)
{
	switch (e->fault) {
	case FAULT_NONE:
		return EXIT_OK;
	case FAULT_DATA:
	case FAULT_DENIED:
	case FAULT_DUPLICATE:
		return EXIT_DATA;
	case FAULT_TEMP:
	case FAULT_AWAY:
		return EXIT_TEMP;
	case FAULT_IO:
		return EXIT_IO;
	case FAULT_CONFIG:
		return EXIT_CONFIG;
	case FAULT_USAGE:
		return EXIT_USAGE;
	case FAULT_OS:
		break;
	}
	return EXIT_OS;
}

const char *fault_class(enum fault fault)
{
	switch (fault) {
	case FAULT_DATA:
		return "data";
	case FAULT_DENIED:
		return "denied";
	case FAULT_DUPLICATE:
		return "duplicate";
	case FAULT_TEMP:
		return "temp";
	default:
		return NULL;
	}
}
