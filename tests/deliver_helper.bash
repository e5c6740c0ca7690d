# SPDX-License-Identifier: MIT
# For the bats files of omni-deliver: a server that fails as it is told to (server/faults), accounts there, messages.

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return
	"$BATS_TEST_DIRNAME/server/faults" "$PWD/log" >port 2>server.err 3>&- &
	echo $! >pid
	until_true test -s port
}

teardown_file() {
	kill "$(cat "$BATS_FILE_TMPDIR/pid")"
}

# conf(name=mode...): the accounts of omni.json, each answered in its mode; "dead" is where nobody listens.
conf() {
	local account url first=1
	{
		printf '{ %s "carriers": { "bandwidth": [' "${EXTRA:-}"
		for account; do
			url=http://127.0.0.1:$(cat "$BATS_FILE_TMPDIR/port")/${account#*=}/$BATS_TEST_NUMBER
			[ "${account#*=}" != dead ] || url=http://127.0.0.1:1
			[ "$first" -eq 1 ] || printf ','
			first=0
			printf '{"name":"%s","account_id":"9","api_token":"TOK3N","api_secret":"S3CRET","application_id":"app","base_url":"%s"%s}' \
				"${account%%=*}" "$url" "${ACCOUNT:-}"
		done
		printf '] } }\n'
	} >omni.json
	chmod 600 omni.json
}

# message(account, id, more): one.
message() {
	printf '{"id":"0198c0de-0000-7000-8000-%012d","kind":"message","at":"2026-01-14T09:00:00.000Z","direction":"out","channel":"sms","from":{"address":"+15550100"},"to":[{"address":"+155502%02d"}],"type":"text","text":"Hi %d","carrier":"bandwidth","account":"%s"%s}\n' \
		"$2" "$(($2 % 100))" "$2" "$1" "${3:-}"
}

# received_are(n): so many requests the server got in this test, or more.
received_are() {
	[ "$(received)" -ge "$1" ]
}

# received: how many requests the server got in this test.
received() {
	grep -c "\"path\": \"/[^/]*/$BATS_TEST_NUMBER/" "$BATS_FILE_TMPDIR/log" || :
}
