# The benchmark of rate limits; included by the Makefile.
bench-ratelimit: all $(addprefix $(BUILD)/bench/,make_outbound redis_gcra pacing spawn)
	BUILD=$(abspath $(BUILD)) tests/bench/ratelimit.sh

.PHONY: bench-ratelimit
