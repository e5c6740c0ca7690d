# The benchmarks of omni-pipe against the programs in a pipe, and of omni-replay; included by the Makefile.
bench-pipe: all $(BENCH_TOOLS)
	BUILD=$(abspath $(BUILD)) tests/bench/pipe.sh
bench-replay: all $(BENCH_TOOLS)
	BUILD=$(abspath $(BUILD)) tests/bench/replay.sh

.PHONY: bench-pipe bench-replay
