#!/bin/bash
# SPDX-License-Identifier: MIT
# fanout.sh NAME=COMMAND...: each destination that omni-route(1) names has a pipeline of its own, a slow one delays no other.
# COMMAND reads records and passes on what is done, or a reject of what is not: 'omni-store put', 'crm-import'.  Of what has
# several destinations each settles its share, and it is done when all are.  All destinations of the rules must be given:
# what goes to another one is never settled, and so becomes a dead letter.
# Signals, exit code and environment are those of inbound.sh; omni-recv --queue inbound fills the queue.
set -euo pipefail

[ $# -gt 0 ] || { echo "usage: ${0##*/} NAME=COMMAND..." >&2; exit 64; }
join=${OMNI_QUEUE_DIR:-/var/lib/omni/queue}/inbound.join	# where the shares come together
dir=$(mktemp -d)
code=75
trap 'rm -rf "$dir"' EXIT
# shellcheck source=pipelines/heads.sh
. "${0%/*}/heads.sh"
trap 'code=0; end' TERM INT

twig() {
	sh -c "$1" | omni-queue settle inbound --join "$join" >/dev/null
}

flow() {
	deaf
	omni-validate | omni-normalize | omni-route --split "$dir/%s" |
		omni-queue settle inbound --join "$join" >/dev/null	# what has no destination, and rejects
}

open=()
for branch; do
	mkfifo "$dir/${branch%%=*}"
	twig "${branch#*=}" <"$dir/${branch%%=*}" &
	exec {fd}>"$dir/${branch%%=*}"	# a reader waits for its first record as long as somebody may write it
	open+=("$fd")
done
taken "$dir/taken"
omni-queue take inbound --follow >&8 7<&- 8>&- &
heads=($!)
exec 8>&-
flow <&7 7<&- &
routed=$!
exec 7<&-

[ "$code" -eq 0 ] || wait -n || :	# for the first to end, or for a signal
end
wait "$routed" || :
for fd in "${open[@]}"; do exec {fd}>&-; done	# now the branches see their end
wait
exit "$code"
