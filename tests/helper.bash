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

# until_true(command...): wait until the command succeeds.  A minute is no time that is waited, but when to give up.
until_true() {
	local end=$((SECONDS + 60))
	until "$@" >/dev/null 2>&1; do
		if [ "$SECONDS" -ge "$end" ]; then
			printf 'waited in vain for: %s\n' "$*"
			[ ! -s err ] || cat err
			return 1
		fi
		sleep 0.02
	done
}

# state(pid, letter): as proc(5) has it.
state() {
	grep -q "^State:[[:space:]]*$2" "/proc/$1/status"
}

# ended(pid): it runs no more, whether or not somebody has waited for it.
ended() {
	[ ! -e "/proc/$1" ] || state "$1" Z
}

# lines_are(file, n): the file has n lines.
lines_are() {
	[ "$(wc -l <"$1")" -eq "$2" ]
}

# gone(pid): there is no such process, or nothing of it but its exit code.
gone() {
	! kill -0 "$1" 2>/dev/null || grep -q '^State:.*Z' "/proc/$1/status" 2>/dev/null
}

# read_up(descriptor): whoever reads from the pipe at whose other end the descriptor is has read all that is in it.
read_up() {
	python3 -c 'if 1:
		import fcntl, sys, termios
		sys.exit(any(fcntl.ioctl(int(sys.argv[1]), termios.FIONREAD, bytes(4))))' "$1"
}

# begun(pid): it is its program by now, and not still the shell between fork(2) and exec(2), which has signals of its own.
begun() {
	[ -e "/proc/$1/exe" ] && [ ! "/proc/$1/exe" -ef "/proc/$$/exe" ]
}

# catches(pid): SIGTERM does not just kill this process: its first words of work are done.
catches() {
	local mask
	begun "$1" && mask=$(sed -n 's/^SigCgt:\t//p' "/proc/$1/status") && [ $((0x$mask >> 14 & 1)) -eq 1 ]
}

# free_port: print a port of 127.0.0.1 that is nobody's: not one that the kernel gives to clients, and for each test its own.
free_port() {
	local first port i
	read -r first _ </proc/sys/net/ipv4/ip_local_port_range
	[ "$first" -gt 12000 ] || first=30000
	for ((i = 0; i < 1000; i++)); do
		port=$((10000 + (BASHPID * 3 + i) % (first - 10000)))
		if ! (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
			echo "$port"
			return
		fi
	done
	return 1
}
