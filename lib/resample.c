/* SPDX-License-Identifier: MIT */
#include "resample.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"

/* Four numbers that are worked on at once; in memory they lie anywhere, and are copied. */
#define FOUR float __attribute__((vector_size(16)))

/*
 * Loops over pixels are compiled twice for a PC: all of them have vectors of four, most those of eight.  Without fused
 * multiplication, which rounds once where the others round twice, so that both make the same of a picture.
 */
#define LOOP static inline __attribute__((always_inline))
#ifdef __x86_64__
#define WIDE     __attribute__((target("avx2")))
#define HAS_WIDE __builtin_cpu_supports("avx2")
#else
#define WIDE
#define HAS_WIDE false
#endif

enum {
	LOBES = 3,
	STEP = 16, /* numbers of a row that are summed up at once */
};

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
	for (uint32_t k = 0; k < t->n; k++) {
		w[k] = (float)lanczos((first + k + 0.5 - middle) / scale);
		sum += (double)w[k];
	}
	for (uint32_t k = 0; k < t->n; k++)
		w[k] = (float)((double)w[k] / sum);
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

/* A row as numbers; colours count as much as they are seen. */
LOOP void spread(const uint8_t *from, uint32_t width, unsigned bands, float *to)
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

/* The sum of ${n} ${rows}, each by its weight, into ${to}: all have room for whole steps. */
LOOP void down(float *const *rows, const float *weight, uint32_t n, uint32_t numbers, float *to)
{
	for (uint32_t i = 0; i < numbers; i += STEP) {
		float sum[STEP] = { 0 };

		for (uint32_t k = 0; k < n; k++)
			for (uint32_t j = 0; j < STEP; j++)
				sum[j] += rows[k][i + j] * weight[k];
		memcpy(to + i, sum, sizeof(sum));
	}
}

/* One new row across, of ${row}: each has room for one number more than it holds. */
LOOP void across(const float *row, const struct taps *t, uint32_t width, unsigned bands, float *to)
{
	const float *w = t->weight;

	for (uint32_t i = 0; i < width; i++, to += bands) {
		const float *p = row + (size_t)t->at[i] * bands;
		FOUR sum = { 0, 0, 0, 0 }, v;

		/* Of three bands the fourth number is the next pixel's: it is written over by that. */
		for (uint32_t k = 0; k < t->n; k++, p += bands) {
			memcpy(&v, p, sizeof(v));
			sum += v * *w++;
		}
		memcpy(to, &sum, sizeof(sum));
	}
}

/* Numbers as a row again. */
LOOP void gather(float *from, uint32_t width, unsigned bands, uint8_t *to)
{
	for (uint32_t i = 0; bands == 4 && i < width; i++)
		for (unsigned b = 0; b < 3; b++)
			from[i * 4 + b] *= from[i * 4 + 3] > 0 ? 255 / from[i * 4 + 3] : 1;
	for (uint32_t i = 0; i < width * bands; i++) {
		float v = from[i] + 0.5f;

		v = v > 0 ? v : 0;
		to[i] = (uint8_t)(int)(v < 255 ? v : 255);
	}
}

struct picture {
	const uint8_t *from;
	uint8_t *to;
	uint32_t width, height, new_width, new_height;
	unsigned bands;
};

LOOP void all(const struct picture *p)
{
	struct taps x = taps_of(p->width, p->new_width), y = taps_of(p->height, p->new_height);
	uint32_t numbers = p->width * p->bands, room = numbers / STEP * STEP + 2 * STEP, next = 0;
	float *ring = need((size_t)room * (y.n + 2), sizeof(*ring));
	float *sum = ring + (size_t)room * y.n, *row = sum + room;
	float **rows = need(y.n, sizeof(*rows));

	for (uint32_t i = 0; i < p->new_height; i++) {
		for (; next < y.at[i] + y.n; next++)
			spread(p->from + (size_t)next * numbers, p->width, p->bands,
			       ring + (size_t)room * (next % y.n));
		for (uint32_t k = 0; k < y.n; k++)
			rows[k] = ring + (size_t)room * ((y.at[i] + k) % y.n);
		down(rows, y.weight + (size_t)i * y.n, y.n, numbers, sum);
		across(sum, &x, p->new_width, p->bands, row);
		gather(row, p->new_width, p->bands, p->to + (size_t)i * p->new_width * p->bands);
	}
	free(rows);
	free(ring);
	taps_free(&x);
	taps_free(&y);
}

WIDE static void all_wide(const struct picture *p)
{
	all(p);
}

void resample(const uint8_t *from, uint32_t width, uint32_t height, unsigned bands, uint8_t *to,
	      uint32_t new_width, uint32_t new_height)
{
	const struct picture p = { from, to, width, height, new_width, new_height, bands };

	if (HAS_WIDE)
		all_wide(&p);
	else
		all(&p);
}
