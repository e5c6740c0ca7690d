# JSON Schema: `make conformance SUITE=DIR` runs the cases for draft 2020-12 of a checkout of the JSON Schema Test Suite
# (github.com/json-schema-org/JSON-Schema-Test-Suite), which is not part of this tree.
$(BUILD)/conformance: tests/schema/conformance.c $(BUILD)/libomni.a
	$(CC) $(ALL_CFLAGS) -iquote lib $(ALL_LDFLAGS) -o $@ $< $(BUILD)/libomni.a -lyyjson -lpcre2-8 -lcrypto

conformance: $(BUILD)/conformance
	@[ -d "$(SUITE)/tests/draft2020-12" ] || { echo 'say SUITE=DIR, a checkout of the JSON Schema Test Suite'; exit 64; }
	$(BUILD)/conformance $(SUITE)

.PHONY: conformance
