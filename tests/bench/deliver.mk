# The benchmark of sending; included by the Makefile.
$(BUILD)/bench/fetch_bare: tests/bench/fetch_bare.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $< -lcurl

bench-deliver: all $(BUILD)/bench/fetch_bare
	BUILD=$(abspath $(BUILD)) tests/bench/deliver.sh

.PHONY: bench-deliver
