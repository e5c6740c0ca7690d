# The door to libcurl against libcurl itself; included by the Makefile.
$(BUILD)/bench/fetch_%: tests/bench/fetch_%.c $(BUILD)/libomni.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Ilib $(ALL_LDFLAGS) -o $@ $< $(BUILD)/libomni.a -lyyjson -lcurl

bench-fetch: $(BUILD)/bench/fetch_bare $(BUILD)/bench/fetch_door
	BUILD=$(abspath $(BUILD)) tests/bench/fetch.sh

.PHONY: bench-fetch
