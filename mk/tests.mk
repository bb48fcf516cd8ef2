# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Tests, fuzzing, bench, demo, verifier figures.
#   tests/unit/test_*.c   one cmocka binary each: build/tests/NAME
#   tests/unit/*.c        helpers, in an archive that unit tests and tests/DIR/*.c link
#   tests/lab/*.c         plain programs: build/tests/lab/NAME
#   tests/DIR/*.c         programs with the product linked: build/tests/DIR/NAME (engine, cli, ...)
#   build/tests/cli/without_fixbuf   the program as it is where libfixbuf is not; without_nats: libnats
#   tests/fuzz/fuzz_*.c   libFuzzer targets, with the product compiled for it: build/fuzz/NAME
#   build/tsan/wscope     the program under the thread sanitizer
#   bench/*.c             one program: build/bench/bench
FUZZ_SECONDS ?= 20

UNIT_SRC   := $(wildcard tests/unit/*.c)
UNIT_MAIN  := $(filter tests/unit/test_%.c,$(UNIT_SRC))
HELP_OBJS  := $(patsubst %.c,$(B)/obj/%.o,$(filter-out $(UNIT_MAIN),$(UNIT_SRC)))
HELP_LIB   := $(if $(HELP_OBJS),$(B)/libtests.a)
UNIT_BIN   := $(UNIT_MAIN:tests/unit/%.c=$(B)/tests/%)
LAB_SRC    := $(filter-out %.bpf.c,$(wildcard tests/lab/*.c))
LAB_BIN    := $(LAB_SRC:%.c=$(B)/%)
OTHER_SRC  := $(filter-out %.bpf.c $(UNIT_SRC) $(LAB_SRC) $(wildcard tests/fuzz/*.c tests/vm/*.c \
              tests/lint/*.c),$(wildcard tests/*/*.c))
OTHER_BIN  := $(OTHER_SRC:%.c=$(B)/%)
BENCH_SRC  := $(filter-out %.bpf.c,$(wildcard bench/*.c))
BENCH_BIN  := $(if $(BENCH_SRC),$(B)/bench/bench)
FUZZ_SRC   := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_BIN   := $(FUZZ_SRC:tests/fuzz/%.c=build/fuzz/%)
FUZZ_FLAGS := -fno-sanitize-recover=all -fsanitize=address,undefined -fsanitize=fuzzer
FUZZ_LIBOBJ := $(LIB_OBJS:$(B)/obj/%=build/fuzz/obj/%)
TSAN_OBJS  := $(SOURCES:%.c=build/tsan/obj/%.o)
TSAN_BIN   := $(if $(wildcard $(MAIN)),build/tsan/wscope)
TEST_SRC   := $(UNIT_SRC) $(LAB_SRC) $(OTHER_SRC) $(BENCH_SRC)
TEST_OBJS  := $(TEST_SRC:%.c=$(B)/obj/%.o)
NO_FIXBUF  := $(B)/tests/cli/without_fixbuf
NO_NATS    := $(B)/tests/cli/without_nats
TEST_BIN   := $(UNIT_BIN) $(LAB_BIN) $(OTHER_BIN) $(NO_FIXBUF) $(NO_NATS)

.PHONY: test tests unit demo fuzz bench rates forward scale verify test-vm

$(TEST_OBJS): | $(SKELETON) $(EXTRA_SKEL)
$(UNIT_SRC:%.c=$(B)/obj/%.o): CPPFLAGS += $(CMOCKA_CFLAGS)

$(call members,$(B)/libtests.a,$(HELP_OBJS))
$(HELP_LIB): $(HELP_OBJS) $(B)/libtests.a.list
	$(call say,AR)
	@rm -f $@
	@$(AR) rcs $@ $(HELP_OBJS)

$(UNIT_BIN): $(B)/tests/%: $(B)/obj/tests/unit/%.o $(HELP_LIB) $(LIB)
	$(call say,LINK)
	@mkdir -p $(@D)
	@$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS) $(CMOCKA_LIBS)

$(LAB_BIN): $(B)/%: $(B)/obj/%.o
	$(call say,LINK)
	@mkdir -p $(@D)
	@$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(OTHER_BIN): $(B)/%: $(B)/obj/%.o $(HELP_LIB) $(LIB)
	$(call say,LINK)
	@mkdir -p $(@D)
	@$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS) $(CMOCKA_LIBS)

# What is named first is not taken out of the archive.
$(NO_FIXBUF): userspace/output/ipfix.c $(MAIN_OBJ) $(LIB)
	$(call say,LINK)
	@mkdir -p $(@D)
	@$(CC) $(ALL_CPPFLAGS) -UWSCOPE_IPFIX $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(NO_NATS): userspace/publish_wire.c $(MAIN_OBJ) $(LIB)
	$(call say,LINK)
	@mkdir -p $(@D)
	@$(CC) $(ALL_CPPFLAGS) -UWSCOPE_NATS $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(B)/bench/bench: $(BENCH_SRC:%.c=$(B)/obj/%.o) $(LIB)
	$(call say,LINK)
	@mkdir -p $(@D)
	@$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS) -lm

build/fuzz/obj/%.o: %.c mk/config.mk | packages
	$(call say,FUZZCC)
	@mkdir -p $(@D)
	@$(CLANG) $(ALL_CPPFLAGS) -std=gnu11 -pthread -O1 -g -fno-omit-frame-pointer $(WARN) \
		$(PKG_CFLAGS) $(FUZZ_FLAGS)-no-link -MMD -MP -c -o $@ $<

$(call members,build/fuzz/libwscope.a,$(FUZZ_LIBOBJ))
build/fuzz/libwscope.a: $(FUZZ_LIBOBJ) build/fuzz/libwscope.a.list
	$(call say,AR)
	@rm -f $@
	@$(AR) rcs $@ $(FUZZ_LIBOBJ)

$(FUZZ_BIN): build/fuzz/%: build/fuzz/obj/tests/fuzz/%.o build/fuzz/libwscope.a
	$(call say,LINK)
	@$(CLANG) $(FUZZ_FLAGS) -Wl,--as-needed -o $@ $^ $(PKG_LIBS)

build/tsan/obj/%.o: %.c mk/config.mk | packages
	$(call say,TSANCC)
	@mkdir -p $(@D)
	@$(CLANG) $(ALL_CPPFLAGS) -std=gnu11 -pthread -O1 -g $(WARN) $(PKG_CFLAGS) -fsanitize=thread \
		-MMD -MP -c -o $@ $<

build/tsan/wscope: $(TSAN_OBJS)
	$(call say,LINK)
	@$(CLANG) -fsanitize=thread -pthread -Wl,--as-needed -o $@ $^ $(PKG_LIBS)

-include $(TEST_OBJS:.o=.d) $(FUZZ_LIBOBJ:.o=.d) $(TSAN_OBJS:.o=.d) $(FUZZ_SRC:%.c=build/fuzz/obj/%.d)

tests: $(if $(wildcard $(MAIN)),$(PROGRAM)) $(TEST_BIN) $(FUZZ_BIN) $(TSAN_BIN) | packages ## build all tests

test: tests ## run all tests (T='tests/x.t build/tests/y' for some)
	@FUZZ_SECONDS=$(FUZZ_SECONDS) tests/run --build $(B) $(T)

unit: $(UNIT_BIN) ## run the unit tests only (SAN=1: under the sanitizers)
	@tests/run --build $(B) $(UNIT_BIN)

demo: $(PROGRAM) $(LAB_BIN) ## show the program at work: a capture, and live where allowed
	@WSCOPE_BUILD=$(B) tests/lab/demo

fuzz: $(FUZZ_BIN) ## run each fuzz target for FUZZ_SECONDS with its kept corpus
	@FUZZ_SECONDS=$(FUZZ_SECONDS) mk/fuzz

bench: $(PROGRAM) $(BENCH_BIN) ## measure: one line per ratio
	@$(if $(BENCH_BIN),WSCOPE_BUILD=$(B) $(BENCH_BIN),echo "no bench/ sources" >&2; exit 1)

# Where captures with known handshakes lie; the same as the tests'.
WSCOPE_CAPTURES ?= ../shared/captures
RATES_FILES = $(shell find $(WSCOPE_CAPTURES) -type f ! -name '*.tsv' ! -name '*.md' 2>/dev/null | sort)

rates: $(BENCH_BIN) ## how often the evidence functions are right on the captures in WSCOPE_CAPTURES
	@$(if $(RATES_FILES),$(BENCH_BIN) rates $(RATES_FILES),echo "no captures in $(WSCOPE_CAPTURES)" >&2; exit 1)

forward: $(PROGRAM) $(BENCH_BIN) ## what a box forwards with and without wscope on it, and ns a packet there (root)
	@WSCOPE_BUILD=$(B) tests/live/forward.py

scale: $(PROGRAM) $(B)/tests/scale/generate ## 20 GB of a million connections through replay --retire, and its memory
	@WSCOPE_BUILD=$(B) tests/scale/measure.py

verify: $(PROGRAM) $(EXTRA_SKEL) ## verifier figures on this kernel and on others in a VM
	@WSCOPE_BUILD=$(B) tests/vm/run

VM_LOG = $(B)/tests/log/tests_vm_kernels.t.tap
VM_BIN = $(addprefix $(B)/tests/live/,neighbour cut flood)

test-vm: $(PROGRAM) $(EXTRA_SKEL) $(VM_BIN) ## the programs in other kernels, in VMs: tests and verifier figures
	@WSCOPE_BUILD=$(B) tests/vm/run --kernel host
	@tests/run --build $(B) $(or $(T),$(wildcard tests/vm/*.t)); status=$$?; \
		grep -hE '^# (verify |.* took )' $(VM_LOG) | sed 's/^# //'; exit $$status
