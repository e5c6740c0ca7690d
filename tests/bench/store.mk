# The benchmark of omni-store; included by the Makefile.
bench-store: all $(BENCH_TOOLS) $(BUILD)/bench/make_messages
	BUILD=$(abspath $(BUILD)) tests/bench/store.sh

.PHONY: bench-store
