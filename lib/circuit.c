/* SPDX-License-Identifier: MIT */
#include "circuit.h"

#define WEIGHT 0.05 /* of the latest request: some twenty of them are what is called recent */

void circuit_init(struct circuit *c, unsigned max)
{
	*c = (struct circuit){ .window = CIRCUIT_FIRST < max ? CIRCUIT_FIRST : max,
			       .max = max,
			       .success = 1 };
}

bool circuit_take(struct circuit *c, int64_t now)
{
	if (circuit_when(c, now) > now || c->under_way + 1 > c->window)
		return false;
	if (c->state == CIRCUIT_OPEN) {
		c->state = CIRCUIT_HALF_OPEN;
		c->since = now;
	}
	c->under_way++;
	return true;
}

int64_t circuit_when(const struct circuit *c, int64_t now)
{
	int64_t when = c->paused_until;

	if (c->state == CIRCUIT_OPEN && c->probe_at > when)
		when = c->probe_at;
	/* The probe is out: what it finds is known after a time-out at the latest. */
	if (c->state == CIRCUIT_HALF_OPEN && c->under_way > 0 && now + CIRCUIT_WAIT_MS > when)
		when = now + CIRCUIT_WAIT_MS;
	return when > now ? when : now;
}

static void learn(struct circuit *c, enum circuit_result result, double ms)
{
	double weight = c->seen++ == 0 ? 1 : WEIGHT;

	c->success += weight * ((result == CIRCUIT_OK) - c->success);
	c->throttled += weight * ((result == CIRCUIT_THROTTLED) - c->throttled);
	if (result != CIRCUIT_BAD)
		c->latency += (c->latency > 0 ? weight : 1) * (ms - c->latency);
}

/* Only what is used to its limit tells that more would be taken. */
static void grow(struct circuit *c)
{
	if (c->under_way + 1 < c->window / 2)
		return;
	c->window += c->grown ? 1 / c->window : 1;
	if (c->window > c->max)
		c->window = c->max;
}

/* All that are under way fail for the same reason: they halve it once. */
static void shrink(struct circuit *c, int64_t began, int64_t now)
{
	c->grown = true;
	if (began < c->shrunk_at)
		return;
	c->shrunk_at = now + 1;
	c->window = c->window / 2 > 1 ? c->window / 2 : 1;
}

static void open(struct circuit *c, int64_t now)
{
	bool again = c->state == CIRCUIT_HALF_OPEN;

	c->wait_ms = again ? 2 * c->wait_ms : CIRCUIT_WAIT_MS;
	if (c->wait_ms > CIRCUIT_MOST_MS)
		c->wait_ms = CIRCUIT_MOST_MS;
	c->state = CIRCUIT_OPEN;
	c->since = now;
	c->probe_at = now + c->wait_ms;
	c->window = 1;
}

void circuit_done(struct circuit *c, enum circuit_result result, int64_t began, double ms,
		  int64_t pause_ms, int64_t now)
{
	c->under_way -= c->under_way > 0;
	if (result == CIRCUIT_VOID)
		return;
	learn(c, result, ms);
	if (result == CIRCUIT_BAD) {
		c->failures++;
		shrink(c, began, now);
		if (c->state == CIRCUIT_HALF_OPEN ||
		    (c->state == CIRCUIT_CLOSED && c->failures >= CIRCUIT_FAILURES))
			open(c, now);
		return;
	}
	c->failures = 0;
	if (c->state != CIRCUIT_CLOSED) {
		c->state = CIRCUIT_CLOSED;
		c->since = now;
		c->grown = false; /* it is back: it may take as much as before */
	}
	if (result == CIRCUIT_OK) {
		grow(c);
		return;
	}
	shrink(c, began, now);
	if (now + pause_ms > c->paused_until)
		c->paused_until = now + pause_ms;
}

int64_t circuit_wait(const struct circuit *c, uint64_t n)
{
	return (int64_t)((double)n * c->latency / c->window);
}
