# Clients and a supervisor for the tests of servers; included by the Makefile.  `make soak-recv` is the long attack.
SERVE_TOOLS = $(addprefix $(BUILD)/serve/,activate load hostile honest)

$(BUILD)/serve/%: tests/serve/%.c
	@mkdir -p $(@D)
	$(CC) -std=c17 -D_GNU_SOURCE -O2 -g $(WARN) $(STRICT) -o $@ $<

check: $(SERVE_TOOLS)

soak-recv: all $(SERVE_TOOLS)
	BUILD=$(abspath $(BUILD)) tests/serve/soak

.PHONY: soak-recv
