/* SPDX-License-Identifier: MIT */
/* How the accounts do, in a file that omni-route reads. */
#include "clock.h"
#include "deliver.h"
#include "diag.h"
#include "file.h"

enum { EACH_MS = 1000 };

static void put_time(struct buf *b, const char *key, int64_t ms)
{
	char at[CLOCK_TEXT + 1];

	clock_format(at, ms);
	json_add_str(b, key, (struct str){ at, CLOCK_TEXT });
}

static void put_number(struct buf *b, const char *key, double v)
{
	json_key(b, key);
	buf_fmt(b, "%.4g", v);
}

/* What ${l} remembers is of clock_steady, which is ${steady} at ${now}. */
static void put_lane(struct buf *b, const struct lane *l, int64_t now, int64_t steady)
{
	static const char *const states[] = { "closed", "open", "half-open" };
	const struct circuit *c = &l->circuit;

	json_open(b, '{');
	json_add_str(b, "carrier", l->of->name);
	json_add_str(b, "account", l->account->name);
	put_time(b, "at", now);
	put_number(b, "success", c->success);
	put_number(b, "latency", c->latency);
	put_number(b, "throttled", c->throttled);
	json_key(b, "circuit");
	json_open(b, '{');
	json_add_str(b, "state", str_c(states[c->state]));
	if (c->since)
		put_time(b, "since", now + (c->since - steady));
	if (c->state == CIRCUIT_OPEN)
		put_time(b, "probe_at", now + (c->probe_at - steady));
	json_add_i64(b, "concurrency", c->state == CIRCUIT_OPEN ? 0 : (int64_t)c->window);
	json_add_i64(b, "failures", c->failures);
	json_close(b, '}');
	buf_lit(b, "}\n");
}

int health_tick(struct deliver *d, bool last)
{
	int64_t mono;
	struct err e;
	bool failed;

	if (!d->health || !d->health_changed)
		return -1;
	mono = clock_mono();
	if (!last && d->health_at && mono - d->health_at < EACH_MS)
		return (int)(EACH_MS - (mono - d->health_at));
	buf_reset(&d->text);
	for (size_t i = 0; i < d->n_lanes; i++)
		if (d->lanes[i].circuit.seen > 0)
			put_lane(&d->text, &d->lanes[i], clock_now(), clock_steady());
	d->health_at = mono;
	d->health_changed = false;
	/* Who chooses by it can do without it for a while; said once, until it can be written again. */
	failed = file_replace(d->health, buf_get(&d->text), 0644, false, &e) < 0;
	if (failed && !d->health_failed)
		diag_warn("%s", e.text);
	d->health_failed = failed;
	return -1;
}
