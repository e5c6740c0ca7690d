# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: MIT
# What the benchmarks share: they begin with it.  The programs and those of tests/bench are in PATH, $BUILD is absolute,
# $HERE is this folder.
set -euo pipefail
export LC_ALL=C

BUILD=$(realpath "${BUILD:-build}")
HERE=$(dirname "$(realpath "$0")")
PATH=$BUILD:$BUILD/bench:$PATH

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
