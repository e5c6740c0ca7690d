#!/bin/bash
# SPDX-License-Identifier: MIT
# outbound.sh [OPTION...]: messages out of the queue "outbound" and over the carriers; what came of each into a store.
# Options are those of omni-deliver(1).  $OMNI_CONFIG, $OMNI_QUEUE_DIR and $OMNI_STORE say where things are, and $OMNI_LEDGER
# names the ledger, outbound.ledger beside the queues where it is not set: after a crash it knows what has been sent.
# Where $OMNI_OBJECTS names a directory, media are fetched into it and made to fit, and files below $OMNI_FILES may be sent.
# SIGTERM ends it when what is in hand is settled.  When one of the programs ends by itself all do, with exit code 75, or 64
# or 78 if that was its own: after 75 start it again, and it goes on with what waits in the queue.
set -euo pipefail

store=${OMNI_STORE:-/var/lib/omni/store.db}
ledger=${OMNI_LEDGER:-${OMNI_QUEUE_DIR:-/var/lib/omni/queues}/outbound.ledger}
code=75
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# shellcheck source=pipelines/heads.sh
. "${0%/*}/heads.sh"
trap 'code=0; end' TERM INT

choose() { exec omni-route --store "$store"; }
if [ -n "${OMNI_OBJECTS:-}" ]; then
	choose() {
		omni-route --store "$store" |
			omni-media --objects "$OMNI_OBJECTS" ${OMNI_FILES:+--files "$OMNI_FILES"}
	}
fi

flow() {
	deaf
	choose |	# carrier, account and number; refuses what may not go; and makes media fit, if asked to,
		omni-ratelimit |	# holds it until it may,
		omni-deliver --ledger "$ledger" "$@" |	# sends it, once,
		omni-store put |	# stores what came of it
		omni-queue settle outbound >/dev/null	# and only now is it done; or waits for another try, or is a dead letter
}

export OMNI_STORE=$store
[ -e "$store" ] || omni-store put </dev/null	# an empty one, for omni-route to read
taken "$dir/taken"
omni-queue take outbound --follow >&8 7<&- 8>&- &	# leases what waits there
taker=$!
heads=("$taker")
exec 8>&-

flow "$@" <&7 7<&- &
exec 7<&-

# A wrong option or configuration will not be better the next time.
note() { case $? in 64 | 78) code=$? ;; esac; }
[ "$code" -eq 0 ] || wait -n || note	# for the first to end, or for a signal
end	# what it has given to the pipe still goes through it
for job in "$taker" $!; do
	wait "$job" || note
done
exit "$code"
