# The benchmark of omni-pipe against the programs in a pipe; included by the Makefile.
bench-pipe: all $(BENCH_TOOLS)
	BUILD=$(abspath $(BUILD)) tests/bench/pipe.sh

.PHONY: bench-pipe
