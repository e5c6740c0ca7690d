#!/bin/bash
# SPDX-License-Identifier: MIT
# inbound.sh [OPTION...]: webhooks in over HTTP, messages in a store out; whatever is killed, nothing is lost.
# Options are those of omni-recv(1), --listen :8080 the least.  Without any it serves nothing, and another omni-recv fills
# the queue.  $OMNI_CONFIG, $OMNI_QUEUE_DIR and $OMNI_STORE say where things are.
# SIGTERM ends it when what is in hand is settled.  When one of the programs ends by itself all do, with exit code 75, or 64
# or 78 if that was its own: after 75 start it again, and it goes on with what waits in the queue.
set -euo pipefail

dir=$(mktemp -d)
jobs=()
code=75
trap 'rm -rf "$dir"' EXIT
# shellcheck source=pipelines/heads.sh
. "${0%/*}/heads.sh"
trap 'code=0; end' TERM INT

flow() {
	deaf
	omni-validate |	# checks signatures,
		omni-normalize --keep-verified |	# makes messages, statuses and events, which tell how they were verified,
		omni-route |	# says where they go,
		omni-store put |	# stores each once
		omni-queue settle inbound >/dev/null	# and only now are they done; or wait for another try, or are dead letters
}

if [ $# -gt 0 ]; then
	omni-recv --queue inbound "$@" &	# answers when a webhook is on the disk, in the queue
	heads+=($!) jobs+=($!)
fi
taken "$dir/taken"
omni-queue take inbound --follow >&8 7<&- 8>&- &	# leases what waits there
heads+=($!) jobs+=($!)
exec 8>&-

flow <&7 7<&- &
exec 7<&-

# A wrong option or configuration will not be better the next time.
note() { case $? in 64 | 78) code=$? ;; esac; }
[ "$code" -eq 0 ] || wait -n || note	# for the first to end, or for a signal
end	# what they have given to the pipe still goes through it
for job in "${jobs[@]}" $!; do
	wait "$job" || note
done
exit "$code"
