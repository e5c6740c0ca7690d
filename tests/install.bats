#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# make install and uninstall.

load helper

src=$BATS_TEST_DIRNAME/..

# make_it(target): with $BUILD, into root/ below usr/.
make_it() {
	env -u MAKEFLAGS -u MFLAGS make -s -C "$src" BUILD="$BUILD" DESTDIR="$PWD/root" PREFIX=/usr "$1" >log 2>&1 || { cat log; return 1; }
}

@test "make install puts programs, pages, completions and the demo in their places" {
	make_it install
	for program in omni-recv omni-validate omni-normalize omni-route omni-ratelimit omni-deliver omni-push omni-models omni-store omni-archive omni-queue omni-pipe omni-media omni-replay omni-sandbox; do
		cmp "root/usr/bin/$program" "$BUILD/$program"
		[ -x "root/usr/bin/$program" ]
		[ -s "root/usr/share/man/man1/$program.1" ]
		[ -s "root/usr/share/bash-completion/completions/$program" ]
		[ -s "root/usr/share/zsh/vendor-completions/_$program" ]
		[ -s "root/usr/share/fish/vendor_completions.d/$program.fish" ]
		"root/usr/bin/$program" --version | head -n 1 | grep -q "^$program (omni) "
	done
	cmp root/usr/libexec/omni/omni-media-image "$BUILD/libexec/omni-media-image"
	for page in man7/omni.7 man5/omni-record.5 man5/omni-config.5 man7/omni-carriers.7 man7/omni-queue.7; do
		[ -s "root/usr/share/man/$page" ]
	done
	[ -d root/usr/share/omni/demo ]
	grep -q '^ExecStart=/usr/bin/omni-recv ' root/usr/lib/systemd/system/omni-recv.service
	# Nothing lies elsewhere, and all can be read by everybody.
	find root -mindepth 1 -maxdepth 1 -not -name usr | nothing
	find root -type f -not -perm -444 | nothing
	find root -type d -not -perm -555 | nothing
	find root -type f -size 0 | nothing
}

@test "make uninstall leaves nothing of it" {
	make_it install
	echo mine >root/usr/bin/mine
	make_it uninstall
	[ "$(find root -type f)" = root/usr/bin/mine ]
}

@test "the completions are what their shells take, and name every option" {
	make_it install
	for program in omni-recv omni-validate omni-normalize omni-route omni-pipe omni-replay omni-sandbox; do
		bash -n "root/usr/share/bash-completion/completions/$program"
		(
			# shellcheck source=/dev/null
			. "root/usr/share/bash-completion/completions/$program"
			COMP_WORDS=("$program" --) COMP_CWORD=1
			"_$program"
			printf '%s\n' "${COMPREPLY[@]}" | sort
		) >have
		"$BUILD/$program" --help | sed -n 's/^  .\{4\}\(--[a-z0-9-]*\).*/\1/p' | sort | diff -u - have
		while read -r option; do
			grep -qF -e "$option" "root/usr/share/zsh/vendor-completions/_$program"
			grep -qF -e "-l ${option#--}" "root/usr/share/fish/vendor_completions.d/$program.fish"
		done <have
		if command -v zsh >/dev/null; then zsh -n "root/usr/share/zsh/vendor-completions/_$program"; fi
		if command -v fish >/dev/null; then fish -n "root/usr/share/fish/vendor_completions.d/$program.fish"; fi
	done
}

# completed(word...): what bash offers for the last of them.
completed() {
	(
		# shellcheck source=/dev/null
		. "root/usr/share/bash-completion/completions/$1"
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		"_$1"
		printf '%s\n' "${COMPREPLY[@]}" | sort
	)
}

# options(command...): those that its help lists.
options() {
	"$@" --help | sed -n 's/^  .\{4\}\(--[a-z0-9-]*\).*/\1/p'
}

@test "a program with verbs that does something without one completes both" {
	make_it install
	completed omni-media '' >have
	printf '%s\n' --help --version channels convert fetch fit probe | sort | diff -u - have
	{ options omni-media fetch; options omni-media fit; } | sort -u >want
	completed omni-media -- | diff -u want -
	completed omni-media --objects o -- | diff -u want -
	[ "$(completed omni-media --objects o --max-s)" = --max-size ]
	options omni-media fit | sort | diff -u - <(completed omni-media fit --)
	while read -r option; do
		sed '/^case/,$d' root/usr/share/zsh/vendor-completions/_omni-media | grep -qF -e "${option}["
		grep -F -e "-n 'not __fish_seen_subcommand_from " root/usr/share/fish/vendor_completions.d/omni-media.fish | grep -qF -e "-l ${option#--} "
	done <want
	for shell in bash zsh fish; do
		if command -v $shell >/dev/null; then
			omni-media --completion $shell >script
			$shell -n script
		fi
	done
}
