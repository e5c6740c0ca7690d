# The benchmark and the crash rig of omni-archive; included by the Makefile.
bench-archive: all $(BENCH_TOOLS)
	BUILD=$(abspath $(BUILD)) tests/bench/archive.sh

# 200 kills at seeded places, and the last frame cut at each of its bytes.
crash-archive: all $(BUILD)/crash.so
	BUILD=$(abspath $(BUILD)) tests/serve/crash-archive $(CRASH_RUNS)

.PHONY: bench-archive crash-archive
