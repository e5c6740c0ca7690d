# The benchmark of notifications; included by the Makefile.
$(BUILD)/bench/push_multi: tests/bench/push_multi.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $< -lcurl

bench-push: all $(addprefix $(BUILD)/bench/,push_multi webpush spawn)
	BUILD=$(abspath $(BUILD)) tests/bench/push.sh

.PHONY: bench-push
