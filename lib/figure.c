/* SPDX-License-Identifier: MIT */
#include "figure.h"

static const struct figure *shown;
static size_t n_shown;

void figure_use(const struct figure *list, size_t n)
{
	shown = list;
	n_shown = n;
}

void figure_show(struct buf *b)
{
	for (size_t i = 0; i < n_shown; i++)
		if (shown[i].value > 0)
			buf_fmt(b, ", %llu %s", (unsigned long long)shown[i].value, shown[i].word);
}

void figure_write(struct buf *b, const struct figure *list, size_t n)
{
	const char *last = "";

	for (const struct figure *f = list; f < list + n; f++) {
		if (strcmp(f->metric, last) != 0)
			buf_fmt(b, "# HELP %s %s\n# TYPE %s %s\n", f->metric, f->help, f->metric,
				str_suffix(str_c(f->metric), STR("_total")) ? "counter" : "gauge");
		last = f->metric;
		buf_fmt(b, "%s%s%s%s %llu\n", f->metric, f->label ? "{" : "",
			f->label ? f->label : "", f->label ? "}" : "", (unsigned long long)f->value);
	}
}

void figure_prometheus(struct buf *b)
{
	figure_write(b, shown, n_shown);
}
