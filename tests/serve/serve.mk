# Clients and a supervisor for the tests of servers; included by the Makefile.  `make soak-recv` is the long attack, `make
# crash-recv` kills 200 times.
SERVE_TOOLS = $(addprefix $(BUILD)/serve/,activate load hostile honest queued)

$(BUILD)/serve/%: tests/serve/%.c
	@mkdir -p $(@D)
	$(CC) -std=c17 -D_GNU_SOURCE -O2 -g $(WARN) $(STRICT) -o $@ $<

$(BUILD)/serve/queued: tests/serve/queued.c $(ARCHIVES)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -iquote lib $(ALL_LDFLAGS) -o $@ $< $(ARCHIVES) -lyyjson -lzstd -lz -lcrypto -lsqlite3

check: $(SERVE_TOOLS)

soak-recv: all $(SERVE_TOOLS)
	BUILD=$(abspath $(BUILD)) tests/serve/soak

crash-recv: all $(SERVE_TOOLS)
	BUILD=$(abspath $(BUILD)) tests/serve/kill

.PHONY: soak-recv crash-recv
