/* SPDX-License-Identifier: MIT */
/*
 * Files and directories that are there as long as the process that made them: it holds a lock on each (flock(2)), which
 * ends with it, whatever ends it.  What nobody has locked was left by one that died.
 */
#ifndef OMNI_HELD_H
#define OMNI_HELD_H

enum { HELD_NAME = 48 };

/**
 * held_file(at, prefix, name), held_room(at, prefix, name):
 * Make a file, or a directory, in the directory ${at}: ${prefix}, at most 20 bytes, and 24 random digits, in ${name}.
 * Return its descriptor, which holds the lock, or -1 with errno.
 */
int held_file(int at, const char *prefix, char name[HELD_NAME]);
int held_room(int at, const char *prefix, char name[HELD_NAME]);

/* Remove the room ${name} of ${at} and the files in it, and close ${fd}, its descriptor. */
void held_room_end(int at, const char *name, int fd);

/**
 * held_sweep(at, prefix):
 * Remove from the directory ${at} what dead processes of this user have left there: all that held_file and held_room may
 * have made with ${prefix}; with NULL all that nobody holds, for a directory that has nothing else in it.
 */
void held_sweep(int at, const char *prefix);

#endif
