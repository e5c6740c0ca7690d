# The benchmark: included by the Makefile.  `make bench` measures, `make soak` sends 10 GB through the pipeline.
BENCH_TOOLS = $(addprefix $(BUILD)/bench/,make_corpus compare append bare spawn)

$(BUILD)/bench/%: tests/bench/%.c $(BUILD)/libomni.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Ilib $(ALL_LDFLAGS) -o $@ $< $(BUILD)/libomni.a $(LIBS_stage) -lcrypto

bench: all $(BENCH_TOOLS)
	BUILD=$(abspath $(BUILD)) tests/bench/run
soak: all $(BENCH_TOOLS)
	BUILD=$(abspath $(BUILD)) tests/bench/run soak

.PHONY: bench soak
