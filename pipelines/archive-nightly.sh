#!/bin/sh
# SPDX-License-Identifier: MIT
# archive-nightly.sh [KEEP]: what an archive needs once a day: last night's segments are checked, those of a week ago
# are compressed harder, and what is older than KEEP (400d) goes, unless HOLD.ndjson in the archive holds it.
# The archive is $OMNI_ARCHIVE, else /var/lib/omni/archive.  Exits with the worst code of the three, so that cron or
# systemd tells somebody; nothing is compacted or removed while something is damaged.
set -eu

keep=${1:-400d}
omni-archive recover || [ $? -eq 75 ]	# what a crash has left; a stream that is being written needs none
omni-archive verify --from -2d
omni-archive compact --from -9d --to -7d
omni-archive prune --keep "$keep"
