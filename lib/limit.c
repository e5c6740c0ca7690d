/* SPDX-License-Identifier: MIT */
#include "limit.h"

size_t limit_line = LINE_DEFAULT_BYTES;
