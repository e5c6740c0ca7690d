#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Outbound pipelines whose omni-deliver is killed, a short run; `make crash-deliver` is the long one.

load helper

@test "nothing is lost, nothing is sent twice but what nobody knew and the operator sent again" {
	plain
	want 0 timeout 400 "$BATS_TEST_DIRNAME/crash/deliver" --kills 10 --seed 7 3>&-
	grep -qE '^10 kills: [0-9]+ messages, [0-9]+ sent once, [0-9]+ unknown, of which [0-9]+ had arrived$' out
}

@test "the rig sees a pipeline without a ledger, and one that settles before it sends" {
	plain
	mkdir -p crash
	rig=$BATS_TEST_DIRNAME/crash/deliver
	sed 's/"--ledger", "sent.db", //' "$rig" >crash/bare
	sed 's/\["tee", "-a", f"out{self.number}"\],//; s/\[\*self.effect, \(.*\)\],$/["omni-queue", "settle", "outbound", "--join", "join.db", *queue], [*self.effect, \1], ["tee", "-a", f"out{self.number}"],/; s/^            \["omni-queue", "settle", "outbound", "--join", "join.db", \*queue\],$//' "$rig" >crash/early
	no cmp "$rig" crash/bare
	no cmp "$rig" crash/early
	want 1 timeout 400 python3 crash/bare --kills 3 --seed 3 --hit 3>&-
	says 'twice: '
	want 1 timeout 400 python3 crash/early --kills 3 --seed 3 --hit 3>&-
	says 'lost: '
}
