/* SPDX-License-Identifier: MIT */
/*
 * How SQLite writes its log: the frames of a transaction in large pieces.
 *
 * SQLite writes each page of a commit with two calls, 24 bytes and a page, so that a commit of a few
 * hundred pages is a thousand calls, each touching a block of the file that the one before has touched.
 * Here they are collected, up to DB_LOG_BUFFER.  Nothing else changes: the frame that ends a
 * transaction, which alone makes those before it count, goes behind them at once, and so does
 * everything before the log is synced, read, measured or cut.  What is lost with the process was no
 * part of a commit.  An error of writing comes out of the call that wrote: SQLite handles it as its own.
 */
#ifndef OMNI_DB_LOG_H
#define OMNI_DB_LOG_H

/* SQLite's layer below takes no more in one call: a larger length would lose its upper bits. */
enum { DB_LOG_BUFFER = 128 * 1024 - 1 };

/* The name of the file layer that does this, for sqlite3_open_v2; NULL, the usual one, if there is none. */
const char *db_log_vfs(void);

#endif
