/* SPDX-License-Identifier: MIT */
/* The least that a stage can do: append a member.  What it costs is what the runner costs. */
#include "stage.h"

static void *append_open(const struct setup *s, struct err *e)
{
	static int opened;

	(void)s;
	(void)e;
	return &opened;
}

static int append_step(void *st, const struct rec *r, struct out *o, struct err *e)
{
	struct rec made = *r;

	(void)st;
	(void)e;
	rec_add(&made, "appended", STR("{\"by\":\"append\"}"));
	out_put(o, &made);
	return 0;
}

static void append_close(void *st)
{
	(void)st;
}

static const struct stage stage_append = {
	.program = { .name = "append", .purpose = "Append a member to each record.", .operands = "[FILE...]" },
	.name = "append",
	.pure = true,
	.open = append_open,
	.step = append_step,
	.close = append_close,
};

int main(int argc, char **argv)
{
	return stage_main(&stage_append, argc, argv);
}
