#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Pipelines whose programs are killed, a short run; `make crash` is the long one.

load helper

@test "nothing is lost, doubled or out of order when programs of real pipelines are killed" {
	want 0 timeout 500 "$BATS_TEST_DIRNAME/crash/rig" --kills 8 --drain 4 --seed 7
	grep -qE '^8 kills: [0-9]+ accepted, [0-9]+ stored once, [0-9]+ dead letters, 40 lanes in order$' out
}

@test "the rig sees a pipeline that settles before it stores, and one whose lanes are none" {
	rig=$BATS_TEST_DIRNAME/crash/rig
	sed 's/\["omni-store", "put"\], \["omni-queue", "settle", "inbound"\]/["omni-queue", "settle", "inbound"], ["omni-store", "put"]/' "$rig" >early
	sed 's/"ordered", "--lane", "\/conversation", /"ordered", /' "$rig" >mixed
	no cmp "$rig" early
	no cmp "$rig" mixed
	want 1 timeout 500 python3 early --kills 300 --seed 3 --keep a
	says 'lost: '
	want 1 timeout 500 python3 mixed --kills 300 --seed 3 --keep b
	says 'was stored when'
}
