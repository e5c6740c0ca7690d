/* SPDX-License-Identifier: MIT */
/* A table of pointers by 64-bit hashes: the hash is the key, and is taken to be well mixed. */
#ifndef OMNI_MAP_H
#define OMNI_MAP_H

#include <stddef.h>
#include <stdint.h>

struct map;

/* Returns owned. */
struct map *map_new(void);

/* Release ${m}, not what it points to; NULL is legal. */
void map_free(struct map *m);

/* The pointer at ${key}, or NULL. */
void *map_get(const struct map *m, uint64_t key);

/* Let ${key} point to ${p}, not NULL; NULL takes it out. */
void map_set(struct map *m, uint64_t key, void *p);

size_t map_count(const struct map *m);

/* Walk through the pointers, in no order:  for (size_t i = 0; (p = map_each(m, &i)) != NULL;) */
void *map_each(const struct map *m, size_t *i);

#endif
