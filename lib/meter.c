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

void meter_init(struct meter *m, struct meter_stage *stages, unsigned n)
{
	*m = (struct meter){ .name = stages[0].name, .stages = stages, .n_stages = n };
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

static double rate(const struct meter *m, const struct counts *c)
{
	double s = seconds(m);

	return s > 0 ? (double)c->in / s : 0;
}

static void draw(const struct meter *m)
{
	const struct counts *c = &m->stages[0].counts;
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
			     m->name, filled, "########################", BAR - filled, "", share * 100,
			     (unsigned long long)c->in, (double)c->bytes_in / 1e6, rate(m, c), left);
	} else {
		n = snprintf(line, sizeof(line), "\r%s  %llu records  %.1f MB  %.0f/s\x1b[K", m->name,
			     (unsigned long long)c->in, (double)c->bytes_in / 1e6, rate(m, c));
	}
	(void)!write(STDERR_FILENO, line, (size_t)n);
}

enum { ROW_IN, ROW_OUT, ROW_BYTES_IN, ROW_BYTES_OUT, ROWS };

static uint64_t value(const struct counts *c, int row)
{
	const uint64_t values[ROWS] = { c->in, c->out, c->bytes_in, c->bytes_out };

	return values[row];
}

/* Bytes come in at the first stage and go out of the last; between them there are none. */
static bool has(const struct meter *m, unsigned stage, int row)
{
	return (row != ROW_BYTES_IN || stage == 0) && (row != ROW_BYTES_OUT || stage + 1 == m->n_stages);
}

static void prometheus(struct buf *b, const struct meter *m)
{
	static const struct {
		const char *name, *help;
	} rows[ROWS] = {
		{ "omni_records_in_total", "Records read." },
		{ "omni_records_out_total", "Records written, rejects included." },
		{ "omni_bytes_in_total", "Bytes of records read." },
		{ "omni_bytes_out_total", "Bytes of records written." },
	};

	for (int row = 0; row < ROWS; row++) {
		buf_fmt(b, "# HELP %s %s\n# TYPE %s counter\n", rows[row].name, rows[row].help,
			rows[row].name);
		for (unsigned i = 0; i < m->n_stages; i++)
			if (has(m, i, row))
				buf_fmt(b, "%s{stage=\"%s\"} %llu\n", rows[row].name, m->stages[i].name,
					(unsigned long long)value(&m->stages[i].counts, row));
	}
	buf_fmt(b, "# HELP omni_rejects_total Records rejected by this program.\n# TYPE omni_rejects_total counter\n");
	for (unsigned i = 0; i < m->n_stages; i++)
		for (unsigned k = 0; k < METER_CLASSES; k++)
			buf_fmt(b, "omni_rejects_total{stage=\"%s\",class=\"%s\"} %llu\n",
				m->stages[i].name, fault_class(classes[k]),
				(unsigned long long)m->stages[i].counts.rejects[k]);
	figure_prometheus(b);
}

/* A full disk under the metrics is no reason to stop the messages: it is said once, and tried again. */
static int rewrite(struct meter *m)
{
	struct buf b = { .max = KIB(64) };
	struct err e;
	int rc;

	prometheus(&b, m);
	rc = file_replace(m->metrics, buf_get(&b), 0644, false, &e);
	buf_free(&b);
	if (rc < 0 && !m->failed)
		diag_warn("%s", e.text);
	m->failed = m->dirty = rc < 0;
	m->written = clock_mono();
	return rc;
}

/* Milliseconds until ${every} have passed since ${last}. */
static int due(int64_t now, int64_t last, int every)
{
	return now - last >= every ? 0 : (int)(every - (now - last));
}

int meter_tick(struct meter *m)
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
		if (wait == 0)
			wait = rewrite(m) < 0 ? WRITE_MS : -1;
		if (wait >= 0 && (next < 0 || wait < next))
			next = wait;
	}
	return next;
}

int meter_end(struct meter *m)
{
	if (m->progress) {
		draw(m);
		(void)!write(STDERR_FILENO, "\n", 1);
	}
	return m->metrics ? rewrite(m) : 0;
}

static void show(const struct meter *m, const struct meter_stage *s)
{
	struct buf b = { .max = 512 };
	const struct counts *c = &s->counts;
	uint64_t rejects = counts_rejects(c);
	const char *separator = " (";

	if (m->n_stages > 1)
		buf_fmt(&b, "%s: ", s->name);
	buf_fmt(&b, "%llu records in, %llu out", (unsigned long long)c->in, (unsigned long long)c->out);
	if (rejects > 0) {
		buf_fmt(&b, ", %llu rejected", (unsigned long long)rejects);
		for (unsigned i = 0; i < METER_CLASSES; i++) {
			if (c->rejects[i] == 0)
				continue;
			buf_fmt(&b, "%s%llu %s", separator, (unsigned long long)c->rejects[i],
				fault_class(classes[i]));
			separator = ", ";
		}
		buf_char(&b, ')');
	}
	if (s == &m->stages[m->n_stages - 1])
		figure_show(&b);
	buf_fmt(&b, ", %.1f s, %.0f/s", seconds(m), rate(m, c));
	diag_note("%.*s", STR_FMT(buf_get(&b)));
	buf_free(&b);
}

void meter_show(const struct meter *m)
{
	for (unsigned i = 0; i < m->n_stages; i++)
		show(m, &m->stages[i]);
}
