/* SPDX-License-Identifier: MIT */
/* omni-replay: the parts of a replay, from its source to its pace. */
#ifndef OMNI_REPLAY_H
#define OMNI_REPLAY_H

#include "archive.h"
#include "opt.h"
#include "rec.h"

int replay_main(int argc, char **argv);

/* ---- where records come from: replay_source.c ---- */

/* Before which line to go on: in an archive by its segment, else by operand and line. */
struct spot {
	struct archive_pos pos;
	uint64_t file, line; /* from 0 */
};

/* Lines of one segment or operand. */
struct source_block {
	struct str text;   /* whole lines; the last one of a file may lack its end */
	const char *name;  /* for messages */
	struct spot spot;  /* of the first line */
	uint64_t lineno;   /* of it, from 1 */
	uint64_t too_long; /* not 0: text is the start of one line of so many bytes */
	int64_t before;    /* the time of a first line that has none; INT64_MIN: not known */
};

struct source;

/**
 * source_new(a, range, spot, e):
 * Open what ${a} names: an archive (--root, --stream), else the operands, else standard input.
 * ${spot} says where to begin, NULL at the start; of files, records outside of ${range} are given
 * all the same.  Return owned, or NULL with FAULT_USAGE or FAULT_IO.
 */
struct source *source_new(const struct args *a, struct archive_range range, const struct spot *spot,
			  struct err *e);
void source_free(struct source *s);

enum source_state { SOURCE_BLOCK, SOURCE_WAIT, SOURCE_END, SOURCE_DAMAGED, SOURCE_FAILED };

/**
 * source_next(s, b, e):
 * The next lines.  DAMAGED: ${e} says what is passed over.  FAILED: reading has ended.
 */
enum source_state source_next(struct source *s, struct source_block *b, struct err *e);

bool source_is_archive(const struct source *s);

/* The descriptor to poll after SOURCE_WAIT. */
int source_fd(const struct source *s);

/* Read no further. */
void source_stop(struct source *s);

/* For the progress bar: bytes read and to be read; 0 where that is not known. */
uint64_t source_consumed(const struct source *s);
uint64_t source_total(const struct source *s);

/* ---- which of them: replay_pick.c ---- */

struct pick;

/* Read --filter, --jq, --ids and --allow-outbound.  Return owned, or NULL. */
struct pick *pick_new(const struct args *a, struct err *e);
void pick_free(struct pick *p);

/**
 * pick_test(p, r, e):
 * Return 1 if ${r} goes, 0 if not, -1 with FAULT_DATA if a condition can not be decided, or with
 * FAULT_DENIED if it would be sent again and may not be.
 */
int pick_test(struct pick *p, const struct rec *r, struct err *e);

/* True if the record whose JSON ${line} is surely does not go: found out without parsing it. */
bool pick_passes_over(const struct pick *p, struct str line);

/* ---- what is changed in them: replay_make.c ---- */

struct make {
	bool shift, new_ids, mark;
	int64_t by;     /* milliseconds, with shift */
	struct str run; /* what the run is called */
};

/* Change a copy of ${r} into ${out}. */
void make_rec(const struct make *m, const struct rec *r, struct rec *out);

/* ---- how fast: replay_tempo.c ---- */

struct tempo {
	double rate;  /* records a second; 0: by their times, or as fast as can be */
	double speed; /* of their times; 0: as fast as can be */
	bool begun;
	int64_t start, first; /* clock_mono, and the time of the first record */
	uint64_t n;           /* records since the start */
};

/* False: as fast as can be. */
static inline bool tempo_is(const struct tempo *p)
{
	return p->rate > 0 || p->speed > 0;
}

/* Read --rate or --speed.  Return 0, or -1 with FAULT_USAGE. */
int tempo_read(struct tempo *p, const struct args *a, struct err *e);

/* The same from one text: "200/s", "90/m", "1000/h"; "10x", "0.5x", "max". */
int tempo_rate(struct str text, double *per_second);
int tempo_speed(struct str text, double *speed);

/* Milliseconds from ${now} (clock_mono) until the record of the time ${at} is due; 0: it is. */
int tempo_due(struct tempo *p, int64_t now, int64_t at);

/* ---- how far: replay_cursor.c ---- */

enum { CURSOR_RUN_MAX = 64 };

struct cursor {
	int fd; /* locked while open; -1: there is none */
	const char *path;
	char options[65]; /* digest of what says which records: another one is another replay */
	char run[CURSOR_RUN_MAX + 1];
	struct archive_range range;
	struct spot spot;
	uint64_t given; /* records so far */
	int64_t by;     /* what times are shifted by, if shifted is set */
	bool shifted;
	bool begun, done; /* a replay has begun; it is at its end */
};

/**
 * cursor_open(c, path, e):
 * Open, lock and read ${path}, which is made if it is not there.  Return 0, or -1: FAULT_AWAY if
 * another one has it, FAULT_IO, FAULT_DATA if it is not a cursor.
 */
int cursor_open(struct cursor *c, const char *path, struct err *e);

/* Read ${text}, what a file holds, into ${c}.  Return 0, or -1 with FAULT_DATA. */
int cursor_parse(struct cursor *c, struct str text, struct err *e);

/* Write ${c} to its file, as cursor_parse reads it.  Return 0, or -1 with FAULT_IO. */
int cursor_write(const struct cursor *c, struct err *e);
void cursor_close(struct cursor *c);

/* ---- what would go: replay_tally.c ---- */

struct tally;

struct tally *tally_new(void);
void tally_free(struct tally *t);
void tally_add(struct tally *t, const struct rec *r, int64_t at, size_t bytes);

/* Write what was counted, and how long it would take at ${p}, as a table or a line of JSON. */
void tally_write(const struct tally *t, const struct tempo *p, bool json, struct buf *b);

#endif
