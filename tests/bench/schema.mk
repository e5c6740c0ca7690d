# `make bench-schema` measures JSON Schema against ajv in Node.js, which it installs below $(BUILD) with npm if it can;
# BENCH_AJV names a directory where it is installed.
$(BUILD)/bench/schema: tests/bench/schema.c $(ARCHIVES)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -iquote lib $(ALL_LDFLAGS) -o $@ $< $(ARCHIVES) $(LIBS_stage) -lcrypto -lpcre2-8

bench-schema: all $(addprefix $(BUILD)/bench/,make_canonical schema spawn)
	BUILD=$(abspath $(BUILD)) tests/bench/schema.sh

.PHONY: bench-schema
