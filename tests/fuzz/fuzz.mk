# Fuzzing: `make fuzz` runs each target in tests/fuzz for FUZZ_SECONDS, `make fuzz-short` FUZZ_RUNS steps
# from a fixed seed, but no longer than FUZZ_SHORT seconds.
# The corpora below $(BUILD)/fuzz/corpus grow from run to run; what makes a target fail is left in $(BUILD)/fuzz.

FUZZ_SECONDS = 300
FUZZ_RUNS    = 20000
FUZZ_SHORT   = 5
FUZZ         = $(BUILD)/fuzz
FUZZ_NAMES   = $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c))
FUZZ_CFLAGS  = -std=c17 -D_GNU_SOURCE -DOMNI_VERSION='"$(VERSION)"' -pthread -MMD -MP -O1 -g $(WARN) \
	       -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer \
	       -iquote lib -iquote carriers -iquote tools
FUZZ_OBJ     = $(patsubst %.c,$(FUZZ)/%.o,$(LIB_SRC) $(CARRIER_SRC) $(STAGE_SRC))
FUZZ_RUN     = -artifact_prefix=$(FUZZ)/$*- -max_len=65536 -timeout=25 -rss_limit_mb=2048

$(FUZZ)/lib/image.o $(FUZZ)/lib/image_pixels.o: FUZZ_CFLAGS += $(VIPS_CFLAGS)
$(FUZZ)/lib/%.o: lib/%.c
	@mkdir -p $(@D)
	clang $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link -c -o $@ $<
$(FUZZ)/carriers/%.o: carriers/%.c
	@mkdir -p $(@D)
	clang $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link -c -o $@ $<
$(FUZZ)/tools/%.o: tools/%.c
	@mkdir -p $(@D)
	clang $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link -c -o $@ $<

$(FUZZ)/libfuzz.a: $(FUZZ_OBJ)
	rm -f $@
	$(AR) rcs $@ $^

$(FUZZ)/%: tests/fuzz/%.c $(FUZZ)/libfuzz.a
	clang $(FUZZ_CFLAGS) -fsanitize=fuzzer -o $@ $< $(FUZZ)/libfuzz.a -lyyjson -lzstd -lz -lcrypto -ljq -lpcre2-8 -lsqlite3 -lutf8proc

# Seeds are the requests of the cases: whole, or their bodies.
$(FUZZ)/corpus/%.seeded: tests/fuzz/seed $(wildcard tests/carriers/*/*/request.http) tests/schema/own.json
	tests/fuzz/seed $* $(FUZZ)/corpus/$*
	@touch $@

fuzz: $(FUZZ_NAMES:%=fuzz-of-%)
fuzz-short: $(FUZZ_NAMES:%=fuzz-short-of-%)

fuzz-of-%: $(FUZZ)/% $(FUZZ)/corpus/%.seeded
	$< $(FUZZ_RUN) -max_total_time=$(FUZZ_SECONDS) $(FUZZ)/corpus/$*
fuzz-short-of-%: $(FUZZ)/% $(FUZZ)/corpus/%.seeded
	@mkdir -p $(FUZZ)/new/$*
	@$< $(FUZZ_RUN) -seed=1 -runs=$(FUZZ_RUNS) -max_total_time=$(FUZZ_SHORT) $(FUZZ)/new/$* $(FUZZ)/corpus/$* \
		>$(FUZZ)/$*.log 2>&1 || { tail -n 60 $(FUZZ)/$*.log; exit 1; }
	@echo "$*: $$(grep '^Done' $(FUZZ)/$*.log || echo 'seeds only')"

-include $(wildcard $(FUZZ)/*.d $(FUZZ)/*/*.d)

.PHONY: fuzz fuzz-short
