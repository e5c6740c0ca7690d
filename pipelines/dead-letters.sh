#!/bin/bash
# SPDX-License-Identifier: MIT
# dead-letters.sh QUEUE [DAY]: the dead letters of QUEUE of yesterday (UTC; or of DAY, 2026-01-14), once more through the
# pipeline and into the store, a hundred a second.  They stay where they are until somebody purges them: omni-queue(1).
# A run that was interrupted goes on where it was, one that is done does nothing: its cursor is in $STATE_DIRECTORY, else
# /var/lib/omni.  Exit 1: some were refused again; 75: another run is at it.
set -euo pipefail

case $# in
1 | 2) ;;
*) echo "usage: ${0##*/} queue [day]" >&2; exit 64 ;;
esac
queue=$1
day=${2:-$(date -u -d yesterday +%F)}
cursor=${STATE_DIRECTORY:-/var/lib/omni}/dead-letters-${queue##*/}-$day

omni-queue dead "$queue" export --since "$day" --until "$(date -u -d "$day + 1 day" +%F)" |
	omni-replay --cursor "$cursor" --rate 100/s --mark --run "dead-letters-$day" |	# each says that it is a replay,
	omni-pipe validate --redacted , normalize , route |	# is handled by the rules of today,
	omni-store put |					# and kept, once
	{ grep -F '"kind":"reject"' || :; }			# what was refused again is for people
