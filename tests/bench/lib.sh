# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: MIT
# What the benchmarks share: they begin with it.  The programs and those of tests/bench are in PATH, $BUILD is absolute,
# $HERE is this folder.
set -euo pipefail
export LC_ALL=C

BUILD=$(realpath "${BUILD:-build}")
HERE=$(dirname "$(realpath "$0")")
PATH=$BUILD:$BUILD/bench:$PATH

# work_in(name): a folder of its own, $work, where the rest happens.  At the end it is gone, and so are the processes in $servers.
servers=()
work_in() {
	work=$(mktemp -d "${BENCH_DIR:-$BUILD}/$1.XXXXXX")
	trap finish EXIT
	cd "$work"
}

# shellcheck disable=SC2317 # the trap calls it
finish() {
	[ "${#servers[@]}" -eq 0 ] || kill "${servers[@]}" 2>/dev/null || :
	rm -rf "$work"
}

# start_redis(folder, option...): Redis on the socket s in the folder; false if it is not installed or does not come up.
start_redis() {
	local dir
	command -v redis-server >/dev/null || return 1
	mkdir -p "$1"
	dir=$(realpath "$1")
	redis-server --port 0 --unixsocket "$dir/s" --dir "$dir" --save '' "${@:2}" >/dev/null &
	servers+=($!)
	for _ in $(seq 100); do
		[ ! -S "$dir/s" ] || return 0
		sleep 0.05
	done
	return 1
}

# calc(format, expression): as awk has them.
calc() {
	awk "BEGIN { printf \"$1\", ($2) }"
}

# median(file): of the numbers in it, one a line.
median() {
	sort -n "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# ratio(a, b): the median of A / B, turn by turn.
ratio() {
	paste -d' ' "$1" "$2" | awk '{ print $1 / $2 }' >ratio.runs
	calc %.3f "$(median ratio.runs)"
}

# timed(name, [option of spawn...], command...): one run: microseconds on the clock and of the processor to NAME.wall and NAME.cpu.
timed() {
	local name=$1 wall user sys
	shift
	spawn -r report "$@"
	read -r wall user sys _ <report
	echo "$wall" >>"$name.wall"
	echo $((user + sys)) >>"$name.cpu"
}

# row(value, floor, unit, text): FLOOR "-": none.  A floor that ends in "!" is a ceiling.
row() {
	local mark=
	case $2 in
	-) ;;
	*!) [ "$(calc %d "$1 > ${2%!}")" = 0 ] || mark=above ;;
	*) [ "$(calc %d "$1 < $2")" = 0 ] || mark=below ;;
	esac
	printf '%12s %10s %-6s %-12s %s\n' "$1" "$2" "$mark" "$3" "$4"
}

# node_has(package...): Node.js is here, and finds them (NODE_PATH).
node_has() {
	node -e 'process.argv.slice(1).forEach((name) => require(name))' "$@" 2>/dev/null
}
