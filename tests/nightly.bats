#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The nightly work on archives does what its files say, as they are installed.

load helper

top=$BATS_TEST_DIRNAME/..

# An archive with a segment of yesterday, one of eight days ago and one of two years ago; the clock stands at night.
archive() {
	export OMNI_ARCHIVE=$PWD/a OMNI_CLOCK=2026-01-14T03:17:00Z
	for day in 2024-01-13 2026-01-06 2026-01-13; do
		for i in {1..300}; do
			printf '{"id":"%s-%s","kind":"note","at":"%sT12:00:00Z"}\n' $day "$i" $day
		done
	done | omni-archive import -s notes --frame 4k
}

# done_well: what the night is for has been done.
done_well() {
	omni-archive list --json >now
	[ "$(jq -c '[.from[0:10], .level]' now | paste -sd' ')" = '["2026-01-06",19] ["2026-01-13",3]' ]
	omni-archive verify
	[ "$(omni-archive cat | wc -l)" -eq 600 ]
}

@test "archive-nightly.sh checks, compacts and prunes" {
	archive
	want 0 "$top/pipelines/archive-nightly.sh" 400d
	[ "$(get .done | paste -sd' ')" = 'compacted removed' ]
	done_well
	want 0 "$top/pipelines/archive-nightly.sh"
	[ ! -s out ]
}

@test "archive-nightly.sh touches nothing while something is damaged, and says so" {
	archive
	file=$(find a -name 'notes-20260113*.zst')
	chmod u+w "$file"
	printf x | dd of="$file" bs=1 seek=500 conv=notrunc status=none
	want 1 "$top/pipelines/archive-nightly.sh"
	get .problem | grep -qx frame
	[ "$(find a -name '*.zst' | wc -l)" -eq 3 ]
}

@test "archive-nightly.sh does its work beside a writer" {
	archive
	mkfifo pipe
	omni-archive write -s notes <pipe >passed 3>&- &
	exec 7>pipe
	echo '{"id":"live","at":"2026-01-14T03:00:00Z"}' >&7
	until_true test -s passed
	want 0 "$top/pipelines/archive-nightly.sh"
	says 'another program holds it'
	exec 7>&-
	wait %1
	[ "$(omni-archive cat | tail -n 1 | jq -r .id)" = live ]
}

@test "the unit does what the script does, one command after the other" {
	archive
	sed -n 's/^ExecStart=-\{0,1\}//p' "$top/pipelines/systemd/omni-archive-nightly.service" >commands
	[ "$(wc -l <commands)" -eq 4 ]
	while read -r program rest; do
		# shellcheck disable=SC2086 # words, as systemd splits them
		want 0 "$BUILD/${program##*/}" $rest
	done <commands
	done_well
	grep -q '^OnCalendar=' "$top/pipelines/systemd/omni-archive-nightly.timer"
	if command -v systemd-analyze >/dev/null; then
		systemd-analyze calendar "$(sed -n 's/^OnCalendar=//p' "$top/pipelines/systemd/omni-archive-nightly.timer")" >/dev/null
	fi
}

@test "the line of the crontab runs" {
	archive
	line=$(grep -E '^[0-9]' "$top/pipelines/cron/omni-archive")
	[[ $line =~ ^([0-9*]+\ ){5}omni\ (.*)$ ]]
	command=${BASH_REMATCH[2]/\/usr\/local\/share\/omni/$top\/pipelines}
	want 0 sh -c "$command"
	done_well
}
