/* SPDX-License-Identifier: MIT */
#include "resample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"

/* Four numbers that are worked on at once; in memory they lie anywhere, and are copied. */
#define FOUR float __attribute__((vector_size(16)))

enum { LOBES = 3 };

/* Which pixels along one edge become which, and how much of each. */
struct taps {
	uint32_t n;    /* for each new pixel */
	uint32_t *at;  /* the first of them */
	float *weight; /* n for each */
};

static void *need(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p)
		diag_oom();
	return p;
}

static double lanczos(double x)
{
	if (x == 0)
		return 1;
	if (x <= -LOBES || x >= LOBES)
		return 0;
	x *= M_PI;
	return LOBES * sin(x) * sin(x / LOBES) / (x * x);
}

/* The weights of one new pixel, whose middle is at ${middle} of the old ones. */
static void weigh(struct taps *t, uint32_t i, double middle, double scale, uint32_t from)
{
	double first = ceil(middle - LOBES * scale - 0.5), sum = 0;
	float *w = t->weight + (size_t)i * t->n;
	double last = (double)from - t->n;

	if (first > last)
		first = last;
	if (first < 0)
		first = 0;
	t->at[i] = (uint32_t)first;
	for (uint32_t k = 0; k < t->n; k++)
		sum += lanczos((first + k + 0.5 - middle) / scale);
	for (uint32_t k = 0; k < t->n; k++)
		w[k] = (float)(lanczos((first + k + 0.5 - middle) / scale) / sum);
}

static struct taps taps_of(uint32_t from, uint32_t to)
{
	double scale = (double)from / to;
	struct taps t = { .n = (uint32_t)ceil(2 * LOBES * scale) };

	if (t.n > from)
		t.n = from;
	t.at = need(to, sizeof(*t.at));
	t.weight = need((size_t)to * t.n, sizeof(*t.weight));
	for (uint32_t i = 0; i < to; i++)
		weigh(&t, i, (i + 0.5) * scale, scale, from);
	return t;
}

static void taps_free(struct taps *t)
{
	free(t->at);
	free(t->weight);
}

static FOUR four(const float *p)
{
	FOUR v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* A row as numbers; colours count as much as they are seen. */
static void spread(const uint8_t *from, uint32_t width, unsigned bands, float *to)
{
	if (bands == 3) {
		for (uint32_t i = 0; i < width * 3; i++)
			to[i] = from[i];
		return;
	}
	for (uint32_t i = 0; i < width; i++, from += 4, to += 4) {
		float seen = (float)from[3] / 255;

		for (unsigned b = 0; b < 3; b++)
			to[b] = (float)from[b] * seen;
		to[3] = from[3];
	}
}

static uint8_t byte(float v)
{
	v += 0.5f;
	return v <= 0 ? 0 : v >= 255 ? 255 : (uint8_t)v;
}

static void store(const float v[4], unsigned bands, uint8_t *to)
{
	float back = bands == 4 && v[3] > 0 ? 255 / v[3] : 1;

	for (unsigned b = 0; b < 3; b++)
		to[b] = byte(v[b] * back);
	if (bands == 4)
		to[3] = byte(v[3]);
}

/* One new row across, of ${row}, which has room for one number more than it holds. */
static void across(const float *row, const struct taps *t, uint32_t width, unsigned bands, uint8_t *to)
{
	const float *w = t->weight;

	for (uint32_t i = 0; i < width; i++, to += bands) {
		const float *p = row + (size_t)t->at[i] * bands;
		FOUR sum = { 0, 0, 0, 0 };
		float v[4];

		/* Of three bands the fourth number is the next pixel's, and not looked at. */
		for (uint32_t k = 0; k < t->n; k++, p += bands)
			sum += four(p) * *w++;
		memcpy(v, &sum, sizeof(v));
		store(v, bands, to);
	}
}

/* The sum of ${n} ${rows}, each by its weight, into ${to}. */
static void down(float *const *rows, const float *weight, uint32_t n, uint32_t numbers, float *to)
{
	for (uint32_t i = 0; i < numbers; i += 4) {
		FOUR sum = { 0, 0, 0, 0 };

		for (uint32_t k = 0; k < n; k++)
			sum += four(rows[k] + i) * weight[k];
		memcpy(to + i, &sum, sizeof(sum));
	}
}

void resample(const uint8_t *from, uint32_t width, uint32_t height, unsigned bands, uint8_t *to,
	      uint32_t new_width, uint32_t new_height)
{
	struct taps x = taps_of(width, new_width), y = taps_of(height, new_height);
	uint32_t numbers = width * bands, room = (numbers + 7) & ~3u, next = 0;
	float *ring = need((size_t)room * (y.n + 1), sizeof(*ring)), *sum = ring + (size_t)room * y.n;
	float **rows = need(y.n, sizeof(*rows));

	for (uint32_t i = 0; i < new_height; i++) {
		for (; next < y.at[i] + y.n; next++)
			spread(from + (size_t)next * numbers, width, bands,
			       ring + (size_t)room * (next % y.n));
		for (uint32_t k = 0; k < y.n; k++)
			rows[k] = ring + (size_t)room * ((y.at[i] + k) % y.n);
		down(rows, y.weight + (size_t)i * y.n, y.n, numbers, sum);
		across(sum, &x, new_width, bands, to + (size_t)i * new_width * bands);
	}
	free(rows);
	free(ring);
	taps_free(&x);
	taps_free(&y);
}
