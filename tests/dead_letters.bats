#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# pipelines/dead-letters.sh, as cron and systemd run it.

load helper

top=$BATS_TEST_DIRNAME/..
job=$top/pipelines/dead-letters.sh

# dead(): in the queue "inbound" webhooks that died on $today, as there was no route for them and no configuration.
dead() {
	today=2026-01-14
	export OMNI_CLOCK="${today}T09:00:00Z x1"
	export OMNI_QUEUE_DIR=$PWD/queues OMNI_STORE=$PWD/store OMNI_CONFIG=$PWD/omni.json STATE_DIRECTORY=$PWD
	mkdir -p queues
	echo '{"carriers":{"twilio":{"account_sid":"AC1","auth_token":"wrong"}},"routes":{"to":"support"}}' >omni.json
	chmod 600 omni.json
	omni-recv --from -q -C twilio -c "$top/tests/carriers/twilio/conf.json" "$top/tests/carriers/twilio/sms-text/request.http" >hook
	omni-queue put -q inbound hook >/dev/null
	omni-queue take inbound | omni-validate -q | omni-queue settle -q inbound >/dev/null || :
	[ "$(omni-queue dead inbound export | wc -l)" -eq 1 ]
}

@test "when the reason is mended, dead letters go through and into the store; a second run does nothing" {
	dead
	want 1 "$job" inbound "$today"
	[ "$(get .code)" = account-unknown ]
	cp "$top/tests/carriers/twilio/conf.json" omni.json
	chmod 600 omni.json
	rm -f dead-letters-*
	want 0 "$job" inbound "$today"
	[ ! -s out ]
	[ -s "dead-letters-inbound-$today" ]
	omni-store messages >kept
	[ "$(jq -r .external_id kept)" = SM00000000000000000000000000000a01 ]
	want 0 "$job" inbound "$today"
	[ ! -s out ]
	grep -q '"given":1,' "dead-letters-inbound-$today"
}

@test "a day without dead letters is no failure; wrong usage is 64" {
	dead
	want 0 "$job" inbound 2026-01-13
	[ ! -s out ]
	want 0 "$job" inbound
	want 64 "$job"
	says 'usage: dead-letters.sh queue [day]'
}

@test "another run is at it: exit 75" {
	dead
	exec 9>>"dead-letters-inbound-$today"
	flock 9
	rc=0
	"$job" inbound "$today" >out 2>err 9>&- || rc=$?
	[ "$rc" -eq 75 ]
	says 'another replay has it'
}

@test "the line of the crontab and the unit call it as it is installed" {
	command=$(sed -n 's/^[0-9* ]*omni //p' "$top/pipelines/cron/omni-dead-letters")
	[ "$command" = '/usr/local/share/omni/dead-letters.sh inbound' ]
	grep -qx 'ExecStart=/usr/local/share/omni/dead-letters.sh %i' "$top/pipelines/systemd/omni-dead-letters@.service"
	grep -qE '^[0-9]+ [0-9]+ \* \* \* omni ' "$top/pipelines/cron/omni-dead-letters"
	! command -v systemd-analyze >/dev/null || {
		mkdir units
		sed "s|/usr/local/share/omni/|$(realpath "$top")/pipelines/|" "$top/pipelines/systemd/omni-dead-letters@.service" >"units/omni-dead-letters@.service"
		cp "$top/pipelines/systemd/omni-dead-letters@.timer" units
		systemd-analyze verify --man=no "units/omni-dead-letters@inbound.service" "units/omni-dead-letters@inbound.timer" 2>&1 | { grep dead-letters || :; } | nothing
	}
	! command -v systemd-analyze >/dev/null || systemd-analyze calendar "$(sed -n 's/^OnCalendar=//p' "$top/pipelines/systemd/omni-dead-letters@.timer")" >/dev/null
}
