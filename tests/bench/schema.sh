#!/bin/bash
# SPDX-License-Identifier: MIT
# Usage: BUILD=DIR [BENCH_AJV=DIR] tests/bench/schema.sh
#
# Measures omni-validate --models, and the engine by itself, against ajv in Node.js on the same messages and models in
# the same run.  First both must agree on every record.  Exit 1 only if they do not: what is below its floor is marked.
#
# Times are processor time, user and system, of one core, medians of $BENCH_RUNS; validation alone is the best of a
# thousand rounds over 200 parsed records, for both.
set -euo pipefail
export LC_ALL=C

BUILD=$(realpath "${BUILD:-build}")
HERE=$(dirname "$(realpath "$0")")
MODELS=$(realpath "$HERE/../../models")
RECORDS=${BENCH_RECORDS:-100000}
RUNS=${BENCH_RUNS:-5}
CORE=${BENCH_CORE:-$(($(nproc) - 1))}
DATA=$BUILD/bench/schema.data
PATH=$BUILD:$BUILD/bench:$PATH
export AJV_DIR=${BENCH_AJV:-$BUILD/bench/ajv}

make_input() {
	rm -rf "$DATA"
	mkdir -p "$DATA"
	cd "$DATA"
	echo '{}' >none.json
	make_canonical "$RECORDS" 0 >valid.ndjson
	make_canonical "$RECORDS" 10 >mixed.ndjson
	head -n 200 valid.ndjson >few.ndjson
	printf 'input: %s messages, %s bytes; and as many of which one in ten is wrong\n' "$RECORDS" "$(stat -c %s valid.ndjson)"
}

# Is there a peer?  Installed where it does not stand in the way.
ajv() {
	command -v node >/dev/null || return 1
	[ ! -d "$AJV_DIR/node_modules/ajv" ] || return 0
	command -v npm >/dev/null || return 1
	mkdir -p "$AJV_DIR"
	(cd "$AJV_DIR" && npm init -y && npm install ajv@8 ajv-formats@3) >npm.log 2>&1
}

# verdicts FILE: 1 or 0 for each record, by omni-validate.
verdicts() {
	{ omni-validate -q -c none.json --models "$1" || [ $? -eq 1 ]; } | sed 's/^.*"kind":"reject".*/0/; t; s/.*/1/'
}

check() {
	for file in valid mixed; do
		verdicts $file.ndjson >ours
		node "$HERE/schema.mjs" "$MODELS" verdicts <$file.ndjson >theirs
		cmp ours theirs
		printf '  same   %s.ndjson: %s of %s are valid\n' $file "$(grep -c 1 ours)" "$(wc -l <ours)"
	done
}

# rate FILE COMMAND...: records a second, the median of the runs.
rate() {
	local i user sys
	for ((i = 0; i < RUNS; i++)); do
		spawn -c "$CORE" -i "$1" -o /dev/null -r report "${@:2}"
		read -r _ user sys _ <report
		echo $((user + sys))
	done | sort -n | sed -n "$((RUNS / 2 + 1))p" | awk -v n="$RECORDS" '{ printf "%.0f", n * 1000000 / $1 }'
}

# row WHAT VALUE UNIT FLOOR: the floor is a least value, or one at most where it begins with "<".
row() {
	local mark=
	case $4 in
	'<'*) awk "BEGIN { exit !($2 > ${4#<}) }" && mark=above ;;
	*) awk "BEGIN { exit !($2 < $4) }" && mark=below ;;
	esac
	printf '%12s %-10s %10s %-6s %s\n' "$2" "$3" "$4" "$mark" "$1"
}

calc() {
	awk "BEGIN { printf \"%.1f\", $1 }"
}

make_input
if ajv; then
	peer=yes
	check
else
	peer=
	printf '  no peer: node, npm or the network is missing; BENCH_AJV names a directory with ajv\n'
fi
printf '\n%12s %-10s %10s\n' value unit floor
for file in valid mixed; do
	ours=$(rate $file.ndjson omni-validate -q -c none.json --models)
	row "omni-validate --models <$file.ndjson" "$ours" records/s 400000
	[ -z "$peer" ] || row "the same by ajv's rate" "$(calc "$ours / $(rate $file.ndjson node "$HERE/schema.mjs" "$MODELS" filter)")" times 8
done
read -r _ ours < <(taskset -c "$CORE" schema validate few.ndjson)
printf '%12s %-10s %10s %-6s %s\n' "$ours" ns - '' 'validation of a parsed record'
if [ -n "$peer" ]; then
	read -r _ theirs < <(taskset -c "$CORE" node "$HERE/schema.mjs" "$MODELS" validate few.ndjson)
	row "ajv's compiled function by that ($theirs ns)" "$(calc "$theirs / $ours")" times 15
fi
read -r models ours < <(taskset -c "$CORE" schema compile)
row "load and compile all $models models" "$(calc "$ours / 1000")" ms '<10'
