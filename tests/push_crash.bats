#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Pipelines whose omni-push is killed, a short run; `make crash-push` is the long one.

load helper

setup() {
	command -v node >/dev/null || skip 'node is not installed'
	command -v openssl >/dev/null || skip 'openssl is not installed'
	cd "$BATS_TEST_TMPDIR" || return
}

@test "nothing is lost, nothing comes twice but what nobody knew and the operator sent again, or what does no harm twice" {
	plain
	want 0 timeout 400 "$BATS_TEST_DIRNAME/crash/push" --kills 10 --seed 3 3>&-
	grep -qE '^10 kills: [0-9]+ notifications, [0-9]+ sent, [0-9]+ unknown, of which [0-9]+ had arrived, [0-9]+ came twice harmlessly$' out
}

@test "the rig sees a pipeline without a ledger" {
	plain
	cp -r "$BATS_TEST_DIRNAME/crash" "$BATS_TEST_DIRNAME/push" .
	sed -i 's/"--ledger", "sent.db", //' crash/push
	no cmp "$BATS_TEST_DIRNAME/crash/push" crash/push
	sed -i 's/, "--resend-unknown"//' crash/push
	want 1 timeout 400 python3 crash/push --kills 3 --seed 3 --hit 3>&-
	grep -qE '^seed 3: (twice|K[0-9]+/late[0-9]+ has [0-9] final states)' err
}
