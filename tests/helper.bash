# SPDX-License-Identifier: MIT
# For every bats file: `load helper`.  $BUILD holds the programs; each test has its own directory and is in it.

BUILD=${BUILD:-$BATS_TEST_DIRNAME/../build}
BUILD=$(cd -- "$BUILD" && pwd)
PATH=$BUILD:$PATH
export BUILD
unset OMNI_CONFIG OMNI_CLOCK

# shellcheck disable=SC2164 # bats fails the test
setup() {
	cd "$BATS_TEST_TMPDIR"
}

# want(code, command...): run the command; it must exit with the code.  Leaves its streams in the files out and err.
want() {
	local code=$1 rc=0
	shift

	"$@" >out 2>err || rc=$?
	if [ "$rc" -ne "$code" ]; then
		printf 'exit %d, not %d: %s\n' "$rc" "$code" "$*"
		cat err
		return 1
	fi
}

# is(file, text): the file holds the text and a line end, nothing else.
is() {
	printf '%s\n' "$2" | diff -u - "$1"
}

# says(text): the text is somewhere in err.
says() {
	if ! grep -qF -e "$1" err; then
		printf 'not said: %s\n' "$1"
		cat err
		return 1
	fi
}

# get(filter): the output, each line through jq.
get() {
	jq -rc "$1" out
}

# plain: skip the test in a build with sanitizers: they replace malloc, and cost time and memory.
plain() {
	if grep -qE '__(asan|tsan)_init' "$BUILD/omni-route"; then
		skip 'not with sanitizers'
	fi
}

# no(command...): the command must fail.  (A bare "! command" is no check: the shell does not end at it.)
no() {
	if "$@"; then
		printf 'should have failed: %s\n' "$*"
		return 1
	fi
}

# nothing: standard input must be empty.
nothing() {
	if grep .; then return 1; fi
}
