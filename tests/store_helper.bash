# SPDX-License-Identifier: MIT
# For the bats files of omni-store, after helper: records, and a store of its own for each test.

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	export OMNI_STORE=$PWD/store.db
}

# rec N MEMBERS: a record whose id ends in N.
rec() {
	printf '{"id":"%s",%s}\n' "$(uuid "$1")" "$2"
}
uuid() {
	printf '019bbbbb-0000-7000-8000-%012d' "$1"
}

# sent N [MEMBERS]: a message of ours; came N [MEMBERS]: one from +15550123; both at nine o'clock.
sent() {
	rec "$1" '"kind":"message","at":"2026-01-14T09:00:00.000Z","direction":"out","carrier":"twilio","account":"AC1","channel":"sms","conversation":"c1","from":{"address":"+15550100"},"to":[{"address":"+15550123","name":"Ann"}],"type":"text","text":"Hello"'"${2-}"
}
came() {
	rec "$1" '"kind":"message","at":"2026-01-14T09:00:00.000Z","direction":"in","carrier":"twilio","account":"AC1","channel":"sms","external_id":"SM'"$1"'","conversation":"c1","from":{"address":"+15550123"},"to":[{"address":"+15550100"}],"type":"text","text":"Hi"'"${2-}"
}

# delivery N OF EXTERNAL-ID [MEMBERS]; status N EXTERNAL-ID WORD [MEMBERS]; event N NAME [MEMBERS]
delivery() {
	rec "$1" '"kind":"delivery","at":"2026-01-14T09:00:01.000Z","message":"'"$(uuid "$2")"'","carrier":"twilio","account":"AC1","external_id":"'"$3"'","attempt":1,"outcome":"sent"'"${4-}"
}
status() {
	rec "$1" '"kind":"status","at":"2026-01-14T09:00:0'"$(($1 % 10))"'.000Z","direction":"out","carrier":"twilio","account":"AC1","external_id":"'"$2"'","status":"'"$3"'"'"${4-}"
}
event() {
	rec "$1" '"kind":"event","event":"'"$2"'","at":"2026-01-14T09:00:0'"$(($1 % 10))"'.000Z","direction":"in","carrier":"twilio","account":"AC1","channel":"sms","conversation":"c1","from":{"address":"+15550123"},"to":[{"address":"+15550100"}]'"${3-}"
}

# put: the records of standard input.
put() {
	omni-store put "$@" >put.out
}
