#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The manual: it is well-formed, agrees with the programs, and its examples do what it says that they do.

load helper

top=$BATS_TEST_DIRNAME/..
man=$BUILD/man

# examples(page): put the examples of a page into N.sh, and what the page says that they print into N.want.
examples() {
	awk '
		/^\.Sh / { here = $2 == "EXAMPLES" }
		!here { next }
		/^\.Ed/ { file = ""; next }
		/^\.Bd -literal/ { file = ++n ".sh"; next }
		/^\.Bd -unfilled/ { file = n ".want"; next }
		file != "" {
			sub(/^\\&/, "")
			gsub(/\\\(aq/, "\047")
			gsub(/\\\(ha/, "^")
			gsub(/\\\(ti/, "~")
			gsub(/\\\(ga/, "`")
			gsub(/\\e/, "\\")
			print >file
		}' "$man/$1"
	[ -s 1.sh ]
}

# run_examples(page): each in its own directory, indented as it is when pasted from a terminal.
run_examples() {
	local script name bad=0
	examples "$1"
	for script in *.sh; do
		name=${script%.sh}
		mkdir "$name"
		sed 's/^/           /' "$script" >"$name.pasted"
		if ! (cd "$name" && bash -euo pipefail "../$name.pasted") >"$name.out" 2>"$name.err" </dev/null ||
			[ -s "$name.err" ] || ! diff -u "$name.want" "$name.out"; then
			echo "example $name of $1 fails:"
			cat "$script" "$name.err"
			bad=1
		fi
	done
	[ "$bad" -eq 0 ]
}

@test "every page is well-formed" {
	mandoc -Tlint -W warning "$man"/*.[1578]
}

@test "pages are ASCII: what is beyond it is written as an escape" {
	LC_ALL=C grep -n '[^ -~	]' "$man"/*.[1578] >beyond || :
	diff /dev/null beyond
}

# options(program): the long options that its help names, of all of its verbs if it has some.
options() {
	local verb
	"$1" --help >help
	if grep -q ' VERB ' help; then
		sed -n '/^$/,/^$/s/^  \([a-z][a-z-]*\) .*/\1/p' help | while read -r verb; do
			"$1" "$verb" --help
		done
	else
		cat help
	fi | sed -n 's/^  .\{4\}--\([a-z-]*\).*/\1/p'
}

@test "every program has a page that names all of its options, and no others" {
	local program
	for program in "$BUILD"/omni-*; do
		program=${program##*/}
		options "$program" | sort -u >has
		sed -n 's/^\.It Fl .*Fl -\([a-z-]*\).*/\1/p; s/^\.It Fl -\([a-z-]*\).*/\1/p' "$man/$program.1" | sort -u >says
		[ -s has ]
		diff -u has says
	done
}

@test "every page of a program has the sections in their order and all exit codes" {
	local page
	for page in "$man"/omni-*.1; do
		sed -n 's/^\.Sh //p' "$page" | grep -vxE 'ENVIRONMENT|FILES' |
			diff -u - <(printf '%s\n' NAME SYNOPSIS DESCRIPTION 'EXIT STATUS' EXAMPLES DIAGNOSTICS 'SEE ALSO' STANDARDS CAVEATS)
		sed -n '/^\.Sh EXIT STATUS/,/^\.Sh EXAMPLES/s/^\.It \([0-9]*\)$/\1/p' "$page" |
			diff -u - <(printf '%s\n' 0 1 64 65 71 74 75 78)
	done
}

@test "pages refer only to pages of ours that exist" {
	local name section
	sed -n 's/^\.Xr \(omni[a-z-]*\) \([0-9]\).*/\1 \2/p' "$man"/*.[1578] | sort -u >refs
	[ -s refs ]
	while read -r name section; do
		[ -f "$man/$name.$section" ] || { echo "$name($section)"; false; }
	done <refs
}

@test "omni-config(5) has every key that the programs know" {
	local key
	sed -n 's/^\t{ .name = "\([a-z_]*\)", .*/\1/p' "$BUILD/made/config.c" | sort -u >keys
	[ -s keys ]
	while read -r key; do
		grep -qE "Ic (.* |carriers\.)?$key( |$)" "$man/omni-config.5" || { echo "$key"; false; }
	done <keys
}

@test "every code of a reject stands in a page" {
	local code
	# What is wrong with a whole file or with the output goes to standard error and has its code for nobody.
	cat "$top"/carriers/*.c "$top"/lib/*.c "$top"/tools/*.c |
		grep -oE 'FAULT_(DATA|DENIED|DUPLICATE|TEMP), "[a-z0-9-]+"' |
		sed 's/.*"\(.*\)"/\1/' | grep -vE '^(pack-|archive-|cursor-|file-|output$)' | sort -u >codes
	[ -s codes ]
	while read -r code; do
		grep -qE "^\.(It|Ql) (.* )?$code( |$)" "$man"/*.[1578] || { echo "$code"; false; }
	done <codes
}

@test "examples of omni(7)" { run_examples omni.7; }
@test "examples of omni-recv(1)" { run_examples omni-recv.1; }
@test "examples of omni-validate(1)" { run_examples omni-validate.1; }
@test "examples of omni-normalize(1)" { run_examples omni-normalize.1; }
@test "examples of omni-route(1)" { run_examples omni-route.1; }
@test "examples of omni-ratelimit(1)" { run_examples omni-ratelimit.1; }
@test "examples of omni-deliver(1)" { run_examples omni-deliver.1; }
@test "examples of omni-media(1)" { run_examples omni-media.1; }
@test "examples of omni-push(1)" { run_examples omni-push.1; }
@test "examples of omni-sandbox(1)" { run_examples omni-sandbox.1; }
@test "examples of omni-archive(1)" { run_examples omni-archive.1; }
@test "examples of omni-replay(1)" { run_examples omni-replay.1; }
@test "examples of omni-pipe(1)" { run_examples omni-pipe.1; }
@test "examples of omni-models(1)" { run_examples omni-models.1; }
@test "examples of omni-store(1)" { run_examples omni-store.1; }
@test "examples of omni-queue(7)" { run_examples omni-queue.7; }
@test "examples of omni-queue(1)" { run_examples omni-queue.1; }
@test "examples of omni-record(5)" { run_examples omni-record.5; }
@test "examples of omni-config(5)" { run_examples omni-config.5; }
@test "examples of omni-carriers(7)" { run_examples omni-carriers.7; }

@test "all pages have their examples run" {
	local page
	for page in "$man"/*.[1578]; do
		page=${page##*/}
		grep -qF "run_examples $page;" "$BATS_TEST_FILENAME" || { echo "$page"; false; }
	done
}
