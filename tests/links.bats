#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What each program links, and which way includes point: a program has only what it uses.

load helper

src=$BATS_TEST_DIRNAME/..

# links(program, library...): these and no others, as they stand in the program itself.
links() {
	local program=$1
	shift
	readelf -d "$BUILD/$program" | sed -n 's/.*(NEEDED).*\[lib\(.*\)\.so.*/\1/p' | sed 's/-linux.*//' | grep -vxE 'c|m' | sort >have
	printf '%s\n' "$@" | sort | diff -u - have
}

@test "omni-recv, which faces the Internet, links neither jq, curl, images nor archives" {
	plain
	links omni-recv yyjson zstd z crypto gnutls microhttpd sqlite3
}

@test "omni-validate links regular expressions, which schemas have, and not jq" {
	plain
	links omni-validate yyjson zstd z crypto pcre2-8
}

@test "omni-normalize and omni-route link what they evaluate with" {
	plain
	links omni-normalize yyjson zstd z crypto jq
	# The selector asks the store, and composes the letters of what becomes short messages.
	links omni-route yyjson zstd z crypto jq pcre2-8 sqlite3 utf8proc
	links omni-ratelimit yyjson zstd z crypto jq pcre2-8
}

@test "omni-deliver links what it asks carriers with and keeps its ledger in" {
	plain
	links omni-deliver yyjson zstd z crypto sqlite3 curl
}

@test "omni-sandbox links what serves and what calls back, and shares no code with the carriers that it is a check of" {
	plain
	links omni-sandbox yyjson zstd z crypto pcre2-8 microhttpd gnutls curl
	nm "$BUILD/omni-sandbox" | { grep -E ' (carrier_|carriers_|verify_|twilio_|whatsapp_|bandwidth_)' || :; } | nothing
}

@test "omni-archive alone links libarchive" {
	plain
	links omni-archive yyjson zstd z crypto archive
}

@test "omni-media alone links libmagic and the filter for system calls, and leaves libvips to its process for images" {
	plain
	links omni-media yyjson zstd z crypto curl magic seccomp
	links libexec/omni-media-image vips gobject-2.0 glib-2.0 seccomp
	for program in "$BUILD"/omni-*; do
		[ -x "$program" ] && [ "${program##*/}" != omni-media ] || continue
		readelf -d "$program" | { grep -E 'NEEDED.*(vips|glib|magic|seccomp)' || :; } | nothing
	done
}

@test "omni-push links HTTP/2 and TLS, curl for what is without, what encrypts, SQLite for its ledger, where a character ends, and not jq" {
	plain
	links omni-push yyjson zstd z crypto ssl nghttp2 curl sqlite3 utf8proc
}

@test "omni-queue links SQLite, and nothing that talks to a network" {
	plain
	links omni-queue yyjson zstd z crypto sqlite3
}

@test "omni-replay links what it filters with, and not libarchive" {
	plain
	links omni-replay yyjson zstd z crypto jq pcre2-8 sqlite3 utf8proc
}

@test "omni-pipe links what its stages do, together" {
	plain
	links omni-pipe yyjson zstd z crypto jq pcre2-8 sqlite3 utf8proc
}

@test "omni-models links what its runner does, and regular expressions for schemas" {
	plain
	links omni-models yyjson zstd z crypto pcre2-8
}

@test "omni-store links SQLite, and neither curl, jq nor regular expressions" {
	plain
	links omni-store yyjson zstd z crypto sqlite3
}

@test "programs are position-independent, their relocations read-only and bound at start" {
	plain
	for program in "$BUILD"/omni-* "$BUILD"/libexec/*; do
		[ -x "$program" ] || continue
		readelf -h "$program" | grep -q 'Type: *DYN'
		readelf -d "$program" | grep -q BIND_NOW
		readelf -lW "$program" | grep -q GNU_RELRO
		readelf -lW "$program" | grep GNU_STACK | grep -qv RWE
	done
}

@test "includes point down: lib knows no carrier, carriers know no tool" {
	cd "$src"
	grep -hE '^#include "' lib/*.[ch] | sed 's/.*"\(.*\)"/\1/' | sort -u | while read -r header; do
		[ -e "lib/$header" ] || echo "$header"
	done | nothing
	grep -hE '^#include "' carriers/*.[ch] | sed 's/.*"\(.*\)"/\1/' | sort -u | while read -r header; do
		[ -e "lib/$header" ] || [ -e "carriers/$header" ] || echo "$header"
	done | nothing
}

@test "carriers have no sockets, no stdio and no clock" {
	no grep -nE '#include <(stdio|sys/socket|netinet|time|sys/time|unistd|fcntl|poll)' "$src"/carriers/*.[ch]
	nm -u "$BUILD"/carriers/*.o | { grep -wE 'open|read|write|printf|fopen|fprintf|socket|connect|time|clock_gettime|gettimeofday|getenv|rand|random' || :; } | nothing
}

# door(header, file): only that file of lib/ includes that header of a foreign library.
door() {
	(cd "$src" && grep -lE "^#include <$1" lib/*.[ch] carriers/*.[ch] tools/*.[ch]) | diff -u - <(printf '%s\n' "$2")
}

@test "each foreign library has one door" {
	# The schema engine meets every value of every record: a call for each would cost more than the rest.
	door 'yyjson\.h' $'lib/json.c\nlib/json_inline.h'
	(cd "$src" && grep -l '"json_inline\.h"' lib/*.[ch] carriers/*.[ch] tools/*.[ch]) | diff -u - <(echo lib/schema_plan.h)
	(cd "$src" && grep -l '"schema_plan\.h"' lib/*.[ch] carriers/*.[ch] tools/*.[ch]) | { grep -v '^lib/schema' || :; } | nothing
	door 'jq\.h' lib/expr.c
	door 'pcre2\.h' lib/regex.c
	door 'openssl/' $'lib/crypto.c\nlib/crypto_cert.c\nlib/crypto_key.c\nlib/crypto_seal.c\nlib/tls.c'
	door 'nghttp2/' lib/h2_frame.c
	(cd "$src" && grep -l '"h2_private\.h"' lib/*.[ch] carriers/*.[ch] tools/*.[ch]) | { grep -v '^lib/h2' || :; } | nothing
	door 'sqlite3' $'lib/db.c\nlib/db_log.c'
	door 'archive' lib/bundle.c
	door 'vips' $'lib/image.c\nlib/image_pixels.c'
	door 'seccomp' lib/seal.c
	door 'magic\.h' lib/sniff_worker.c
	door 'xxhash' lib/hash.c
	door 'utf8proc' lib/nfc.c
	(cd "$src" && grep -lE '^#include <curl' lib/*.[ch] carriers/*.[ch] tools/*.[ch]; grep -l '"fetch_private\.h"' lib/*.[ch] carriers/*.[ch] tools/*.[ch]) | { grep -v '^lib/fetch' || :; } | nothing
	(cd "$src" && grep -lE '^#include <(microhttpd|gnutls)' lib/*.[ch] carriers/*.[ch] tools/*.[ch]) | { grep -v '^lib/serve' || :; } | nothing
	door '(zstd|zlib)' "lib/pack.c
lib/pack_frame.c"
}

@test "every header compiles alone, first or twice" {
	cd "$src"
	for header in lib/*.h carriers/*.h tools/*.h; do
		printf '#include "%s"\n#include "%s"\n' "${header##*/}" "${header##*/}" |
			"${CC:-gcc}" -std=c17 -D_GNU_SOURCE -Wall -Wextra -Wundef -Werror -Ilib -Icarriers -Itools -fsyntax-only -x c - ||
			{ echo "$header"; return 1; }
	done
}

@test "every source says its licence first" {
	cd "$src"
	for file in lib/*.[ch] carriers/*.[ch] tools/*.[ch] gen/*.[ch]; do
		[ "$(head -n 1 "$file")" = '/* SPDX-License-Identifier: MIT */' ] || { echo "$file"; return 1; }
	done
}
