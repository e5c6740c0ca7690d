# The benchmark of the choice of senders; included by the Makefile.
bench-route-out: all $(BUILD)/bench/spawn
	BUILD=$(abspath $(BUILD)) tests/bench/route_out.sh

.PHONY: bench-route-out
