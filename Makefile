# omni: see README.md.  `./bootstrap TARGET` installs what a target needs and then runs it here.
# Targets: all man demo check asan asan-short tsan clang werror lint fuzz fuzz-short conformance install uninstall clean,
#          bench and bench-WHAT (tests/bench/*.mk), soak soak-recv crash crash-archive crash-deliver crash-recv

VERSION = 0.1.0
BUILD   = build
PREFIX  = /usr/local
DESTDIR =

CC      = gcc
PKG_CONFIG = pkg-config
CFLAGS  = -O2 -g
WARN    = -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef
STRICT  =
SAN     =
HARDEN  = -fstack-protector-strong -fPIE -U_FORTIFY_SOURCE $(if $(SAN),,-D_FORTIFY_SOURCE=2)
ALL_CFLAGS  = -std=c17 -D_GNU_SOURCE -DOMNI_VERSION='"$(VERSION)"' -pthread -MMD -MP \
	      $(CFLAGS) $(WARN) $(STRICT) $(HARDEN) $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer)
ALL_LDFLAGS = -pthread -pie -Wl,-z,relro,-z,now $(LDFLAGS) $(if $(SAN),-fsanitize=$(SAN))

# What is built, and what each program links beside libc: reviewed here, held by tests/links.bats.
TOOLS = omni-recv omni-validate omni-normalize omni-route omni-ratelimit omni-deliver omni-push omni-models omni-store omni-archive omni-queue omni-pipe omni-replay omni-media omni-sandbox

LIBS_stage         = -lyyjson -lzstd -lz
LIBS_omni-recv     = $(LIBS_stage) -lcrypto -lmicrohttpd -lgnutls -lsqlite3
LIBS_omni-validate = $(LIBS_stage) -lcrypto -lpcre2-8
LIBS_omni-normalize = $(LIBS_stage) -lcrypto -ljq -lm
LIBS_omni-route    = $(LIBS_stage) -lcrypto -ljq -lm -lpcre2-8 -lsqlite3 -lutf8proc
LIBS_omni-models = $(LIBS_stage) -lcrypto -lpcre2-8
LIBS_omni-queue  = $(LIBS_stage) -lcrypto -lsqlite3
LIBS_omni-store    = $(LIBS_stage) -lcrypto -lsqlite3
LIBS_omni-archive  = $(LIBS_stage) -lcrypto -larchive
LIBS_omni-pipe     = $(LIBS_omni-route)
LIBS_omni-replay   = $(LIBS_omni-route)
LIBS_omni-sandbox   = $(LIBS_stage) -lcrypto -lpcre2-8 -lm -lmicrohttpd -lgnutls -lcurl
LIBS_omni-ratelimit = $(LIBS_stage) -lcrypto -ljq -lm -lpcre2-8
LIBS_omni-deliver  = $(LIBS_stage) -lcrypto -lsqlite3 -lcurl
LIBS_omni-media    = $(LIBS_stage) -lcrypto -lcurl -lseccomp -lmagic -lm
LIBS_omni-push     = $(LIBS_stage) -lcrypto -lssl -lnghttp2 -lcurl -lsqlite3 -lutf8proc

# What programs start, and nobody by hand.
HELPERS = omni-media-image
LIBS_omni-media-image = -lvips -lgobject-2.0 -lglib-2.0 -lseccomp -lm

LIB_SRC      = $(wildcard lib/*.c)
CARRIER_SRC  = $(wildcard carriers/*.c)
TOOL_SRC     = $(wildcard tools/*.c)
STAGE_SRC    = $(filter-out tools/omni-%.c,$(TOOL_SRC))
obj          = $(patsubst %.c,$(BUILD)/%.o,$(1))

all: $(addprefix $(BUILD)/,$(TOOLS)) $(addprefix $(BUILD)/libexec/,$(HELPERS)) man

# Includes may only point down: tools -> carriers -> lib -> libraries.
$(BUILD)/lib/%.o: lib/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -iquote lib -c -o $@ $<
# The headers of libvips bring others, which are not ours to warn about.
VIPS_CFLAGS := $(patsubst -I%,-isystem %,$(shell $(PKG_CONFIG) --cflags-only-I vips))
$(BUILD)/lib/image.o $(BUILD)/lib/image_pixels.o: ALL_CFLAGS += $(VIPS_CFLAGS)
# Loops over pixels: a third faster.
$(BUILD)/lib/resample.o: ALL_CFLAGS += -O3
$(BUILD)/carriers/%.o: carriers/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -iquote lib -iquote carriers -c -o $@ $<
$(BUILD)/tools/%.o: tools/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -iquote lib -iquote carriers -iquote tools -c -o $@ $<

# Made at build time of models/: gen/ holds the generators, C that is run here and not installed.
MODELS = $(sort $(shell find models -name '*.schema.json'))
MODEL_DIRS = $(sort $(dir $(MODELS)))
GEN_SRC = $(wildcard gen/*.c)
$(BUILD)/gen/%.o: gen/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -iquote lib -iquote gen -c -o $@ $<
$(BUILD)/gen/%: $(BUILD)/gen/%.o $(BUILD)/gen/load.o $(BUILD)/libomni.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lyyjson
$(BUILD)/made/models.c: $(BUILD)/gen/embed $(MODELS) $(MODEL_DIRS)
	@mkdir -p $(@D)
	$(BUILD)/gen/embed models $(MODELS) >$@.new && mv $@.new $@
$(BUILD)/made/config.c: $(BUILD)/gen/config $(MODELS)
	@mkdir -p $(@D)
	$(BUILD)/gen/config models >$@.new && mv $@.new $@
$(BUILD)/made/%.o: $(BUILD)/made/%.c
	$(CC) $(ALL_CFLAGS) -iquote lib -iquote tools -c -o $@ $<

# The manual, as it is installed: pages whose lists are made of models/ come from templates.
PAGES = $(patsubst man/%,$(BUILD)/man/%,$(wildcard man/*.[1578]) $(patsubst %.in,%,$(wildcard man/*.in)))
$(BUILD)/gen/page: $(BUILD)/gen/mdoc.o
$(BUILD)/man/%: man/%.in $(BUILD)/gen/page $(MODELS)
	@mkdir -p $(@D)
	$(BUILD)/gen/page models $< >$@.new && mv $@.new $@
$(BUILD)/man/%: man/%
	@mkdir -p $(@D)
	cp $< $@
man: $(PAGES)

$(BUILD)/libmade.a: $(BUILD)/made/models.o $(BUILD)/made/config.o
$(BUILD)/libomni.a: $(call obj,$(LIB_SRC))
$(BUILD)/libcarriers.a: $(call obj,$(CARRIER_SRC))
$(BUILD)/libstages.a: $(call obj,$(STAGE_SRC))
ARCHIVES = $(BUILD)/libstages.a $(BUILD)/libcarriers.a $(BUILD)/libomni.a $(BUILD)/libmade.a
$(ARCHIVES):
	rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/omni-%: $(BUILD)/tools/omni-%.o $(ARCHIVES)
	$(CC) $(ALL_LDFLAGS) -o $@ $< $(ARCHIVES) $(LIBS_omni-$*)
$(BUILD)/libexec/%: $(BUILD)/tools/%.o $(ARCHIVES)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $< $(ARCHIVES) $(LIBS_$*)

# One unit test program a module: tests/unit/<module>.c
UNITS = $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/*.c))
$(BUILD)/unit/%: tests/unit/%.c $(ARCHIVES)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -iquote lib -iquote carriers -iquote tests/unit $(ALL_LDFLAGS) -o $@ $< $(ARCHIVES) \
		-lyyjson -lzstd -lz -lcrypto -ljq -lm -lpcre2-8 -lsqlite3 -lutf8proc -lcurl -lssl -lnghttp2 -lseccomp

$(BUILD)/%.so: tests/preload/%.c
	@mkdir -p $(@D)
	$(CC) -std=c17 -D_GNU_SOURCE -O1 $(WARN) -shared -fPIC -o $@ $< -ldl

# What check runs; none named: everything there is.
TESTS =
check: all $(UNITS) $(BUILD)/fail.so $(BUILD)/kill.so $(BUILD)/crash.so $(BUILD)/conformance
	BUILD=$(abspath $(BUILD)) tests/run $(TESTS)

asan:
	$(MAKE) BUILD=build/asan SAN=address,undefined CFLAGS='-O1 -g' check
# The same without what kills, waits or reads pages rather than parses.
RIGS = crash deliver_crash push_crash queue_crash pipelines nightly dead_letters readme install links man gen
asan-short:
	$(MAKE) BUILD=build/asan SAN=address,undefined CFLAGS='-O1 -g' check \
		TESTS="$(UNITS:$(BUILD)/%=build/asan/%) $(filter-out $(RIGS:%=tests/%.bats),$(wildcard tests/*.bats))"
tsan:
	$(MAKE) BUILD=build/tsan SAN=thread CFLAGS='-O1 -g' check
clang:
	$(MAKE) BUILD=build/clang CC=clang STRICT=-Werror all
werror:
	$(MAKE) BUILD=build/werror STRICT=-Werror all

demo: all
	PATH="$(abspath $(BUILD)):$$PATH" sh -c 'pipelines/demo.sh && pipelines/demo-live.sh && pipelines/demo-loop.sh'

include tests/crash/crash.mk
include tests/serve/serve.mk
include tests/bench/bench.mk $(filter-out %/bench.mk,$(sort $(wildcard tests/bench/*.mk)))
include tests/fuzz/fuzz.mk
include tests/schema/schema.mk

SHELL_FILES = bootstrap .ci/run tests/run tests/fuzz/seed tests/serve/soak tests/serve/crash-archive tests/serve/kill tests/bench/run $(wildcard pipelines/*.sh pipelines/demo/*.sh tests/bench/*.sh)
lint: man
	clang-format --dry-run --Werror $(wildcard lib/*.[ch] carriers/*.[ch] tools/*.[ch] gen/*.[ch] tests/*/*.[ch])
	cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,performance,portability --inline-suppr --library=tests/cppcheck.cfg \
		--suppress=missingIncludeSystem -Ilib -Icarriers -Itools -Igen lib carriers tools gen
	mandoc -Tlint -W warning $(PAGES)
	shellcheck -x $(SHELL_FILES)
	shellcheck -S warning -s bash -e SC1091,SC2030,SC2031 tests/*.bats tests/helper.bash

# Installed for every program: itself, its page, completions for three shells made from its own option table; and the units.
man     = $(DESTDIR)$(PREFIX)/share/man
share   = $(DESTDIR)$(PREFIX)/share
libexec = $(DESTDIR)$(PREFIX)/libexec/omni
units   = $(DESTDIR)$(PREFIX)/lib/systemd/system
UNITS_SYSTEMD = $(notdir $(wildcard pipelines/systemd/*))
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(libexec) $(man)/man1 $(man)/man5 $(man)/man7 $(share)/omni/demo \
		$(units) $(share)/bash-completion/completions $(share)/zsh/vendor-completions $(share)/fish/vendor_completions.d
	install -m 755 $(addprefix $(BUILD)/,$(TOOLS)) $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(addprefix $(BUILD)/libexec/,$(HELPERS)) $(libexec)
	for p in $(PAGES); do install -m 644 $$p $(man)/man$${p##*.} || exit; done
	install -m 644 pipelines/demo/* $(share)/omni/demo
	install -m 755 pipelines/*.sh $(share)/omni
	install -d $(share)/omni/cron
	for c in $(notdir $(wildcard pipelines/cron/*)); do \
		sed 's|/usr/local/|$(PREFIX)/|g' pipelines/cron/$$c >$(share)/omni/cron/$$c && chmod 644 $(share)/omni/cron/$$c || exit; done
	for u in $(UNITS_SYSTEMD); do \
		sed 's|/usr/local/|$(PREFIX)/|g' pipelines/systemd/$$u >$(units)/$$u && chmod 644 $(units)/$$u || exit; done
	for t in $(TOOLS); do \
		$(BUILD)/$$t --completion bash >$(share)/bash-completion/completions/$$t && \
		$(BUILD)/$$t --completion zsh >$(share)/zsh/vendor-completions/_$$t && \
		$(BUILD)/$$t --completion fish >$(share)/fish/vendor_completions.d/$$t.fish || exit; done

uninstall:
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/bin/,$(TOOLS))
	for p in $(notdir $(PAGES)); do rm -f $(man)/man$${p##*.}/$$p; done
	for t in $(TOOLS); do rm -f $(share)/bash-completion/completions/$$t \
		$(share)/zsh/vendor-completions/_$$t $(share)/fish/vendor_completions.d/$$t.fish; done
	rm -f $(addprefix $(units)/,$(UNITS_SYSTEMD))
	rm -rf $(share)/omni $(libexec)

clean:
	rm -rf build

.PHONY: all man check asan asan-short tsan clang werror demo lint install uninstall clean
.SECONDARY:

-include $(wildcard $(BUILD)/*/*.d)
