# The benchmark of omni-recv as a service; included by the Makefile.
bench-recv: all $(SERVE_TOOLS)
	BUILD=$(abspath $(BUILD)) tests/bench/recv.sh

.PHONY: bench-recv
