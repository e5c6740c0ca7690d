#!/bin/bash
# SPDX-License-Identifier: MIT
# heads.sh: read by the scripts beside it that run as services: how the programs at the head of a pipeline are told to end.
heads=()

# taken: a pipe, read at 7 and written at 8.  Both ends are there before those who use them: one that is late, or killed
# before it was there, makes nobody wait for it.
taken() {
	mkfifo "$1"
	# shellcheck disable=SC2094 # a pipe
	exec 6<>"$1" 7<"$1" 8>"$1" 6>&-
}

# A pipeline is a function that is started in the background: bash may wait for ever when a signal for which it has a trap
# comes while it starts several programs at once, so that is left to a shell that has none.  That one heeds no signal: it
# ends when its programs have, which do what they are told to themselves.
deaf() {
	trap '' TERM INT
}

# end: tell the heads of the pipeline, once; not before each is the program that it will be, as it would be lost on a shell.
end() {
	local pid i self
	read -r self <"/proc/$$/comm"
	for pid in ${heads[@]+"${heads[@]}"}; do
		for ((i = 0; i < 100; i++)); do
			[ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$self" ] || break
			sleep 0.02
		done
		kill "$pid" 2>/dev/null || :
	done
	heads=()
}
