/* SPDX-License-Identifier: MIT */
#include "store_verbs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

const char *store_path(const struct args *a)
{
	const char *file = opt_value(a, "file");

	if (!file)
		file = getenv("OMNI_STORE");
	return file && *file ? file : "/var/lib/omni/store.db";
}

static int print(void *arg, struct str line, struct err *e)
{
	(void)arg;
	if (fwrite(line.p, 1, line.n, stdout) == line.n && putchar('\n') != EOF)
		return 0;
	return err_set(e, FAULT_IO, "output", "standard output: %s", strerror(errno));
}

const struct store_sink store_printer = { print, NULL };

int store_operand(const struct args *a, const char *what, struct err *e)
{
	int n = what != NULL;

	if (a->n_operands == n)
		return 0;
	if (a->n_operands < n)
		return err_set(e, FAULT_USAGE, "usage", "%s is missing", what);
	return err_set(e, FAULT_USAGE, "usage", "\"%s\" is one operand too many", a->operands[n]);
}
