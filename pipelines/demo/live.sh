# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: MIT
# live.sh: read by demo-live.sh and demo-loop.sh, which begin and end alike: secrets, a directory of their own in $tmp,
# headings, and the end of all that is in $started.
tmp=$(mktemp -d)
: >"$tmp/log"
started=
stop() {
	# With the taker of a pipeline at its end, all behind it ends.
	for pid in $started $(cat "$tmp/taker" 2>/dev/null); do kill "$pid" 2>/dev/null || :; done
	wait 2>/dev/null || :
	rm -rf "$tmp"
}
trap stop EXIT
trap 'exit 130' INT TERM

bold='' dim='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then
	esc=$(printf '\033')
	bold="${esc}[1m" dim="${esc}[2m" plain="${esc}[0m"
fi
head() { printf '\n%s%s%s\n' "$bold" "$1" "$plain"; }

# until_true(seconds, command...): wait for the command to succeed.
until_true() {
	tries=$(($1 * 20))
	shift
	until "$@"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || { echo "${0##*/}: waited in vain for: $*" >&2; cat "$tmp/log" >&2; exit 1; }
		sleep 0.05
	done
}

export OMNI_QUEUE_DIR="$tmp/queues" OMNI_STORE="$tmp/store.db"
