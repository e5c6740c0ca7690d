/* SPDX-License-Identifier: MIT */
/* Queues in SQLite, one file each.  Opened by queue_open alone. */
#ifndef OMNI_QUEUE_SQLITE_H
#define OMNI_QUEUE_SQLITE_H

#include "queue.h"

extern const struct queue_backend queue_sqlite;

#endif
