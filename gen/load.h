/* SPDX-License-Identifier: MIT */
/*
 * The models as the generators see them: JSON files below one directory.  What is wrong ends the
 * program, as a compiler would: the build stops there.
 */
#ifndef OMNI_GEN_LOAD_H
#define OMNI_GEN_LOAD_H

#include "place.h"

/* Read the models below ${dir}, which is borrowed. */
void load_open(const char *dir);
void load_close(void);

/* What texts of the generators can live in, until load_close. */
struct arena *load_arena(void);

/* The place "FILE" or "FILE#POINTER"; it is there. */
struct place load_place(struct str name);

/* The text of ${file}. */
struct str load_text(struct str file);

/* Say what is wrong at ${p} and end. */
_Noreturn void load_die(struct place p, const char *what);

/* The end of a generator: what was written to standard output is there, or the program ends. */
void load_finish(void);

#endif
