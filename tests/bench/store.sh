#!/bin/bash
# SPDX-License-Identifier: MIT
# Usage: BUILD=DIR tests/bench/store.sh
#
# Measures omni-store: put of messages of 1 KB, 100 a commit, each commit on the disk, with the full-text index; against
# sqlite3(1) doing the same by hand, one table with its indexes and triggers on the raw lines, where it is installed.  Both
# must find the same messages.  Then questions to a store of $BENCH_STORE messages, the start of the process included.
# Rates are those of the clock, medians of $BENCH_RUNS runs that take turns; processor time stands beside them, as others
# may be using the disk.  Exit 1 only if an answer differs: a figure beyond its floor is marked, as no test asserts a time.
# shellcheck source=tests/bench/lib.sh
. "${0%/*}/lib.sh"

RECORDS=${BENCH_RECORDS:-100000}
RUNS=${BENCH_RUNS:-5}
STORE=${BENCH_STORE:-1000000}
ASKED=200
failed=0
work_in bench-store

# time_of(name, command...): one run, without its output.
time_of() {
	timed "$1" -n 1 -o /dev/null "${@:2}"
}

# What one would write by hand: the lines in a table, what is asked for in indexes, the words by a trigger.
by_hand() {
	cat <<-'SQL'
		PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-32768; PRAGMA wal_autocheckpoint=16384;
		CREATE TABLE messages (seq INTEGER PRIMARY KEY, line TEXT NOT NULL,
		 id TEXT NOT NULL UNIQUE, conversation TEXT, at TEXT, text TEXT);
		CREATE INDEX by_conversation ON messages (conversation, at);
		CREATE INDEX by_time ON messages (at);
		CREATE VIRTUAL TABLE words USING fts5(text, content='messages', content_rowid='seq');
		CREATE VIEW put AS SELECT '' AS line;
		CREATE TRIGGER put INSTEAD OF INSERT ON put BEGIN
		 INSERT OR IGNORE INTO messages (line, id, conversation, at, text)
		  SELECT new.line, json_extract(new.line, '$.id'), json_extract(new.line, '$.conversation'),
		   json_extract(new.line, '$.at'), json_extract(new.line, '$.text');
		END;
		CREATE TRIGGER word AFTER INSERT ON messages BEGIN
		 INSERT INTO words (rowid, text) VALUES (new.seq, new.text);
		END;
	SQL
	sed "s/'/''/g; s/.*/INSERT INTO put VALUES ('&');/; 1~100s/^/BEGIN;/; 0~100s/\$/COMMIT;/" messages.ndjson
	[ $((RECORDS % 100)) -eq 0 ] || echo 'COMMIT;'
}

# rate NAME FLOOR: records a second by the clock, and microseconds of processor time a record.
rate() {
	local wall cpu mark=
	wall=$(median "$1.wall") cpu=$(median "$1.cpu")
	if [ "$2" -gt 0 ]; then
		[ $((RECORDS * 1000000 / wall)) -ge "$2" ] && mark=" (floor $2)" || mark="   BELOW its floor $2"
	fi
	printf '  %-34s %8d records/s %6s us of processor each%s\n' "$1" $((RECORDS * 1000000 / wall)) \
		"$(calc %.1f "$cpu / $RECORDS")" "$mark"
}

put_all() {
	local peer=
	command -v sqlite3 >/dev/null && peer=1
	make_messages "$RECORDS" $((RECORDS / 20)) >messages.ndjson
	make_messages "$RECORDS" $((RECORDS / 20)) 40 >receipts.ndjson
	[ -z "$peer" ] || by_hand >messages.sql
	printf 'put, %d records, 100 a commit\n' "$RECORDS"
	for _ in $(seq "$RUNS"); do
		rm -f ./*.db*
		time_of omni-store omni-store put -f ours.db --batch 100 messages.ndjson
		time_of '4 of 10 are receipts' omni-store put -f receipts.db --batch 100 receipts.ndjson
		[ -z "$peer" ] || time_of 'sqlite3, by hand' sqlite3 -init /dev/null -batch theirs.db '.read messages.sql'
	done
	rate omni-store 25000
	rate '4 of 10 are receipts' 0
	[ -n "$peer" ] || return 0
	rate 'sqlite3, by hand' 0
	printf '  omni-store : by hand %s\n' "$(calc %.2f "$(median 'sqlite3, by hand.wall') / $(median omni-store.wall)")"
	# The same answers: the messages of a conversation, and those that have two words.
	talk=$(tail -n 1 messages.ndjson | jq -r .conversation)
	{
		omni-store messages -f ours.db --conversation "$talk" | jq -r .id | sort
		omni-store search -f ours.db 'est kare' | jq -r .id | sort
	} >ours
	{
		sqlite3 theirs.db "SELECT id FROM messages WHERE conversation = '$talk' ORDER BY id"
		sqlite3 theirs.db "SELECT id FROM messages WHERE seq IN (SELECT rowid FROM words WHERE words MATCH 'est kare') ORDER BY id"
	} >theirs
	if cmp -s ours theirs && [ -s ours ]; then
		printf '  same   answers, %d messages\n' "$(wc -l <ours)"
	else
		printf '  DIFFER\n'
		failed=1
	fi
}

# ask WHAT FLOOR-US COMMAND...: the median of many runs, each for another of the ids in the file ids.
ask() {
	local what=$1 floor=$2 wall cpu mark
	shift 2
	rm -f ask.wall ask.cpu
	while read -r id; do
		time_of ask "$@" "$id"
	done <ids
	wall=$(median ask.wall) cpu=$(median ask.cpu)
	mark=" (floor $floor)"
	[ "$floor" -gt 0 ] || mark=
	[ "$floor" -eq 0 ] || [ "$wall" -le "$floor" ] || mark="   BEYOND its floor $floor"
	printf '  %-34s %8d us, 99 of 100 below %6d us, %6d us of processor%s\n' "$what" "$wall" \
		"$(sort -n ask.wall | awk '{ v[NR] = $1 } END { print v[int(NR * 0.99)] }')" "$cpu" "$mark"
}

ask_all() {
	printf '\nquestions to a store of %d messages and receipts, the process started for each\n' "$STORE"
	make_messages "$STORE" $((STORE / 20)) 40 >many.ndjson
	omni-store put -f many.db --batch 10000 many.ndjson >/dev/null
	grep '"kind":"message"' many.ndjson | shuf -n "$ASKED" --random-source=<(yes) >some
	rm many.ndjson
	printf '  %d MB\n' $(($(stat -c %s many.db) >> 20))
	seq "$ASKED" >ids
	ask 'starting a process, for comparison' 0 omni-store --version
	jq -r .conversation some >ids
	ask 'a page of a conversation, 50' 5000 omni-store conversation -f many.db --limit 50
	jq -r .id some >ids
	ask 'a message with its timeline' 5000 omni-store message -f many.db
	jq -r '.text | split(" ")[1:3] | join(" ")' some >ids
	ask 'search for two words, 20' 0 omni-store search -f many.db --limit 20
	jq -r '.to[0].address, .from.address' some | grep -v '^+15550100000$' >ids
	ask 'a person and their conversations' 0 omni-store contact -f many.db
	seq "$ASKED" | sed 's/.*/20/' >ids
	ask 'the last 20 conversations' 0 omni-store conversations -f many.db --limit
}

put_all
ask_all
exit "$failed"
