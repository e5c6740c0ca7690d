#!/bin/sh
# SPDX-License-Identifier: MIT
# demo.sh: the main job, done on the raw webhooks in demo/ and shown as a person would like to see it.
# The programs must be in PATH; `make demo` sees to that.
set -eu

here=$(dirname -- "$0")/demo
pipeline="omni-recv --from $here/*.http |
	omni-validate | omni-normalize | omni-route"

bold='' dim='' red='' green='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then
	esc=$(printf '\033')
	bold="${esc}[1m" dim="${esc}[2m" red="${esc}[31m" green="${esc}[32m" plain="${esc}[0m"
fi

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# shellcheck source=/dev/null
. "$here/secrets"
export OMNI_CONFIG="$here/omni.json"
eval "$pipeline" >"$tmp/out"

# The C locale makes all awks count bytes alike; what counts characters does it by itself.
LC_ALL=C awk -v bold="$bold" -v dim="$dim" -v red="$red" -v green="$green" -v plain="$plain" '
# ---- JSON: the value at s[p] goes into v, under its JSON Pointer

function string(	r, c) {
	for (p++; p <= length(s) && (c = substr(s, p, 1)) != "\""; p++) {
		if (c == "\\") {
			c = substr(s, ++p, 1)
			if (c == "u")
				p += 4
			if (c ~ /[bfnrtu]/)
				c = " "
		}
		r = r c
	}
	p++
	return r
}

function value(path,	open, i, key, from) {
	open = substr(s, p, 1)
	if (open == "\"") {
		v[path] = string()
		return
	}
	if (open != "{" && open != "[") {
		match(substr(s, p), /^[^],}]*/)
		v[path] = substr(s, p, RLENGTH)
		p += RLENGTH
		return
	}
	for (i = 0; p < length(s) && substr(s, ++p, 1) !~ /[]}]/; i++) {
		key = i
		from = p
		if (open == "{") {
			key = string()
			p++
		}
		value(path "/" key)
		if (path == "")
			member[i] = substr(s, from, p - from)
		if (substr(s, p, 1) != ",")
			break
	}
	p++
}

function read_record() {
	split("", v)
	split("", member)
	s = $0
	p = 1
	value("")
}

# ---- what to say

function list(path,	i, r) {
	for (i = 0; (path "/" i) in v; i++)
		r = r (i ? " " : "") v[path "/" i]
	return r
}

# The first max characters of t.
function cut(t, max,	i, n) {
	for (i = 1; i <= length(t); i++)
		if (substr(t, i, 1) !~ /[\200-\277]/ && n++ == max)
			return substr(t, 1, i - 1) "..."
	return t
}

function person(address) {
	return length(address) > 12 ? substr(address, 1, 9) "..." : address
}

function gist() {
	if (v["/kind"] == "status")
		return v["/status"] " " cut(v["/external_id"], 14)
	if (v["/kind"] == "event")
		return v["/event"]
	if ("/media/0/kind" in v)
		return v["/media/0/kind"] ", \"" cut(v["/text"], 22) "\""
	if ("/reply/kind" in v)
		return v["/reply/kind"] " " v["/reply/id"] ", \"" cut(v["/reply/title"], 20) "\""
	return "\"" cut(v["/text"], 28) "\""
}

# The words of t in lines of at most 88 bytes.
function fold(t,	n, w, i, line) {
	n = split(t, w, " ")
	for (i = 1; i <= n; i++) {
		if (line != "" && length(line) + length(w[i]) > 87) {
			print "      " line
			line = ""
		}
		line = line (line == "" ? "" : " ") w[i]
	}
	print "      " line
}

function head(t) {
	print "\n" bold t plain
}

function name_of(path) {
	sub(/.*\//, "", path)
	sub(/\.http$/, "", path)
	return path
}

# ---- the requests

FILENAME != out && FNR == 1 {
	name[++requests] = name_of(FILENAME)
	line[requests] = $1 " " $2
}
FILENAME != out {
	if (tolower($1) == "user-agent:")
		agent[requests] = $2
	if (tolower($1) == "content-length:")
		size[requests] = $2
	next
}

# ---- the records: in the order of the requests, and all that one request became has its trace

{
	read_record()
	if (!(v["/trace"] in number))
		number[v["/trace"]] = ++traces
	i = number[v["/trace"]]
}
v["/kind"] == "reject" {
	refused[++rejects] = sprintf("  %-19s %s%s, %s%s", name[i], red, v["/class"], v["/code"], plain)
	detail[rejects] = v["/detail"]
	next
}
{
	to = list("/route/to")
	record[++records] = sprintf("  %-19s %-7s %-8s %-12s %s%-13s%s %s", named[i]++ ? "" : name[i],
		v["/kind"], v["/channel"], person(v["/kind"] == "status" ? v["/recipient"] : v["/from/address"]),
		green, to == "" ? "-" : to, plain, gist())
}
records == 2 {
	shown = name[i]
	for (members = 0; members in member; members++)
		kept[members] = member[members]
}

END {
	head("CAME IN   " requests " raw HTTP requests")
	for (i = 1; i <= requests; i++)
		printf "  %-19s %-26s %-18s %4d bytes\n", name[i], line[i], agent[i] == "" ? "-" : agent[i], size[i]
	head("CAME OUT  " records " records: verified, canonical, routed")
	printf dim "  %-19s %-7s %-8s %-12s %-13s %s" plain "\n", "request", "kind", "channel", "person", "goes to", "what"
	for (i = 1; i <= records; i++)
		print record[i]
	head("REFUSED   " rejects " requests: records of kind \"reject\" keep them, and say why")
	for (i = 1; i <= rejects; i++) {
		print refused[i]
		fold(detail[i])
	}
	head("A RECORD  " shown "; it is one line, shown here member by member")
	for (i = 0; i < members; i++)
		print (i ? "   " : "  {") kept[i] (i < members - 1 ? "," : "}")
}' out="$tmp/out" "$here"/*.http "$tmp/out"

printf '\n%sTHE PIPELINE that did it, to paste%s\n' "$bold" "$plain"
bin=$(cd -- "$(dirname -- "$(command -v omni-recv)")" && pwd)
case $bin in
/bin | /usr/bin | /usr/local/bin) ;;
*) echo "PATH=$bin:\$PATH" ;;
esac
printf '%s\n' ". $here/secrets" "export OMNI_CONFIG=$here/omni.json" "$pipeline"
