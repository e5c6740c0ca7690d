/* SPDX-License-Identifier: MIT */
#include "meter.h"

#include <stdio.h>
#include <unistd.h>

#include "clock.h"
#include "diag.h"
#include "figure.h"
#include "file.h"
#include "limit.h"

enum { DRAW_MS = 200, WRITE_MS = 1000, BAR = 24 };

static const enum fault classes[METER_CLASSES] = { FAULT_DATA, FAULT_DENIED, FAULT_DUPLICATE, FAULT_TEMP };

void meter_init(struct meter *m, const char *stage, const char *metrics, bool progress)
{
	*m = (struct meter){ .stage = stage, .metrics = metrics, .progress = progress };
	m->began = clock_mono();
	m->drawn = m->written = m->began - WRITE_MS; /* the first of each is due at once */
	m->dirty = true;
}

void counts_reject(struct counts *c, enum fault fault)
{
	for (unsigned i = 0; i < METER_CLASSES; i++)
		if (classes[i] == fault)
			c->rejects[i]++;
}

uint64_t counts_rejects(const struct counts *c)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < METER_CLASSES; i++)
		sum += c->rejects[i];
	return sum;
}

void counts_add(struct counts *sum, const struct counts *c)
{
	sum->in += c->in;
	sum->out += c->out;
	sum->bytes_in += c->bytes_in;
	sum->bytes_out += c->bytes_out;
	for (unsigned i = 0; i < METER_CLASSES; i++)
		sum->rejects[i] += c->rejects[i];
}

static double seconds(const struct meter *m)
{
	return (double)(clock_mono() - m->began) / 1000;
}

static double rate(const struct meter *m)
{
	double s = seconds(m);

	return s > 0 ? (double)m->counts.in / s : 0;
}

static void draw(const struct meter *m)
{
	char line[160];
	int n = 0, filled;
	double share, left;

	if (m->total > 0) {
		share = (double)m->consumed / (double)m->total;
		share = share > 1 ? 1 : share;
		filled = (int)(share * BAR);
		left = share > 0 ? seconds(m) * (1 - share) / share : 0;
		n = snprintf(line, sizeof(line),
			     "\r%s [%.*s%*s] %3.0f%%  %llu records  %.1f MB  %.0f/s  %.0f s left\x1b[K",
			     m->stage, filled, "########################", BAR - filled, "",
			     share * 100, (unsigned long long)m->counts.in,
			     (double)m->counts.bytes_in / 1e6, rate(m), left);
	} else {
		n = snprintf(line, sizeof(line), "\r%s  %llu records  %.1f MB  %.0f/s\x1b[K",
			     m->stage, (unsigned long long)m->counts.in,
			     (double)m->counts.bytes_in / 1e6, rate(m));
	}
	(void)!write(STDERR_FILENO, line, (size_t)n);
}

static void prometheus(struct buf *b, const struct meter *m)
{
	const struct counts *c = &m->counts;
	const struct {
		const char *name, *help;
		uint64_t value;
	} rows[] = {
		{ "omni_records_in_total", "Records read.", c->in },
		{ "omni_records_out_total", "Records written, rejects included.", c->out },
		{ "omni_bytes_in_total", "Bytes of records read.", c->bytes_in },
		{ "omni_bytes_out_total", "Bytes of records written.", c->bytes_out },
	};

	for (unsigned i = 0; i < LEN(rows); i++)
		buf_fmt(b, "# HELP %s %s\n# TYPE %s counter\n%s{stage=\"%s\"} %llu\n", rows[i].name,
			rows[i].help, rows[i].name, rows[i].name, m->stage,
			(unsigned long long)rows[i].value);
	buf_fmt(b, "# HELP omni_rejects_total Records rejected by this program.\n# TYPE omni_rejects_total counter\n");
	for (unsigned i = 0; i < METER_CLASSES; i++)
		buf_fmt(b, "omni_rejects_total{stage=\"%s\",class=\"%s\"} %llu\n", m->stage,
			fault_class(classes[i]), (unsigned long long)c->rejects[i]);
	figure_prometheus(b);
}

static int rewrite(struct meter *m, struct err *e)
{
	struct buf b = { .max = KIB(64) };
	int rc;

	prometheus(&b, m);
	rc = file_replace(m->metrics, buf_get(&b), 0644, false, e);
	buf_free(&b);
	if (rc == 0) {
		m->written = clock_mono();
		m->dirty = false;
	}
	return rc;
}

/* Milliseconds until ${every} have passed since ${last}. */
static int due(int64_t now, int64_t last, int every)
{
	return now - last >= every ? 0 : (int)(every - (now - last));
}

int meter_tick(struct meter *m, struct err *e)
{
	int64_t now;
	int next = -1, wait;

	if (!m->progress && !(m->metrics && m->dirty))
		return -1;
	now = clock_mono();
	if (m->progress) {
		next = due(now, m->drawn, DRAW_MS);
		if (next == 0) {
			draw(m);
			m->drawn = now;
			next = DRAW_MS;
		}
	}
	if (m->metrics && m->dirty) {
		wait = due(now, m->written, WRITE_MS);
		if (wait == 0) {
			if (rewrite(m, e) < 0)
				return -2;
		} else if (next < 0 || wait < next) {
			next = wait;
		}
	}
	return next;
}

int meter_end(struct meter *m, struct err *e)
{
	if (m->progress) {
		draw(m);
		(void)!write(STDERR_FILENO, "\n", 1);
	}
	return m->metrics ? rewrite(m, e) : 0;
}

void meter_show(const struct meter *m)
{
	struct buf b = { .max = 512 };
	uint64_t rejects = counts_rejects(&m->counts);
	const char *separator = " (";

	buf_fmt(&b, "%llu records in, %llu out", (unsigned long long)m->counts.in,
		(unsigned long long)m->counts.out);
	if (rejects > 0) {
		buf_fmt(&b, ", %llu rejected", (unsigned long long)rejects);
		for (unsigned i = 0; i < METER_CLASSES; i++) {
			if (m->counts.rejects[i] == 0)
				continue;
			buf_fmt(&b, "%s%llu %s", separator,
				(unsigned long long)m->counts.rejects[i], fault_class(classes[i]));
			separator = ", ";
		}
		buf_char(&b, ')');
	}
	figure_show(&b);
	buf_fmt(&b, ", %.1f s, %.0f/s", seconds(m), rate(m));
	diag_note("%.*s", STR_FMT(buf_get(&b)));
	buf_free(&b);
}
