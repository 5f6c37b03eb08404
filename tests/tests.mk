# How tests are built and run. One program per unit file; tests/run.sh runs them and adds up.

TEST_LIBS := -lcmocka $(LIBS)
UNIT_SRC  := $(wildcard tests/unit/test_*.c)
WIRE_SRC  := $(wildcard tests/wire/test_*.c)
ABI_SRC   := $(wildcard tests/abi/test_*.c)
UNIT_BIN  := $(UNIT_SRC:tests/unit/%.c=$(B)/tests/%)
WIRE_BIN  := $(WIRE_SRC:tests/wire/%.c=$(B)/tests/%)
ABI_BIN   := $(ABI_SRC:tests/abi/%.c=$(B)/tests/%)
SIM_TEST  := $(patsubst tests/sim/test/%.c,$(B)/tests/%,$(wildcard tests/sim/test/test_*.c))
SYS_TEST  := $(patsubst tests/system/%.c,$(B)/tests/%,$(wildcard tests/system/test_*.c))
TEST_BIN  := $(UNIT_BIN) $(WIRE_BIN) $(ABI_BIN) $(SIM_TEST) $(SYS_TEST)

SYS_HELP := $(filter-out $(wildcard tests/system/test_*.c),$(wildcard tests/system/*.c))
$(SYS_TEST): $(B)/tests/%: tests/system/%.c $(SYS_HELP) $(wildcard tests/system/*.h)
	@mkdir -p $(@D)
	@echo "  TEST  $@"
	@$(CC) $(CFLAGS_ALL) -Itests/system $(LDMODE) -o $@ $< $(SYS_HELP) -lcmocka -lcurl -lcjson -lsqlite3 -lcrypto

# What is loaded into a daemon to play the machine's faults. Without sanitizers: it comes first.
$(B)/tests/power_cut.so: tests/system/preload/power_cut.c
	@mkdir -p $(@D)
	@$(CC) $(STD) $(OPT) $(WARN) -fPIC -shared -o $@ $< -ldl
$(B)/tests/test_system_power: $(B)/tests/power_cut.so

$(UNIT_BIN): $(B)/tests/%: tests/unit/%.c $(B)/libtriaged.a $(B)/obj/src/plugin/builtin.o
	@mkdir -p $(@D)
	@echo "  TEST  $@"
	@$(CC) $(CFLAGS_ALL) -Itests $(LDMODE) -o $@ $< $(B)/obj/src/plugin/builtin.o $(B)/libtriaged.a $(TEST_LIBS)

WIRE_HELP := $(filter-out $(WIRE_SRC),$(wildcard tests/wire/*.c))
$(WIRE_BIN): $(B)/tests/%: tests/wire/%.c $(WIRE_HELP) $(PLUGIN_OBJ)
	@mkdir -p $(@D)
	@echo "  TEST  $@"
	@$(CC) $(CFLAGS_ALL) -Itests -Iplugins $(LDMODE) -o $@ $< $(WIRE_HELP) $(PLUGIN_OBJ) $(PLUGIN_LIBS) -lcmocka -lcjson -lm

ABI_HELP := $(filter-out $(ABI_SRC),$(wildcard tests/abi/*.c))
$(ABI_BIN): $(B)/tests/%: tests/abi/%.c $(ABI_HELP) $(B)/libtriaged.a $(B)/obj/src/plugin/builtin.o
	@mkdir -p $(@D)
	@echo "  TEST  $@"
	@$(CC) $(CFLAGS_ALL) -Itests $(LDMODE) -o $@ $< $(ABI_HELP) $(B)/obj/src/plugin/builtin.o $(B)/libtriaged.a $(TEST_LIBS)

SIM_HELP := $(filter-out $(wildcard tests/sim/test/test_*.c),$(wildcard tests/sim/test/*.c))
$(SIM_TEST): $(B)/tests/%: tests/sim/test/%.c $(SIM_HELP) $(B)/helpdesk-sim
	@mkdir -p $(@D)
	@echo "  TEST  $@"
	@$(CC) $(CFLAGS_ALL) $(LDMODE) -o $@ $< $(SIM_HELP) -lcmocka -lcurl -lcjson -lm

.PHONY: test-build
test-build: all $(TEST_BIN)


# The vendors' official clients against the simulator; needs npm, else it says so.
.PHONY: test-clients
test-clients: all
	@B=$(B) sh tests/clients/clients.sh

.PHONY: lint sanitize coverage
lint: deps-all
	@$(MAKE) --no-print-directory all
	@B=$(B) bash tests/lint.sh

# A build of its own beside the release one.
sanitize: deps-all
	@ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1 \
	  $(MAKE) --no-print-directory MODE=sanitize B=$(B)/sanitize test-build
	@B=$(B)/sanitize TEST='$(TEST)' TEST_TIMEOUT=900 sh tests/run.sh

coverage: deps-test
	@$(MAKE) --no-print-directory MODE=coverage B=$(B)/coverage test-build
	@B=$(B)/coverage sh tests/run.sh
	@gcovr -r . --object-directory $(B)/coverage src plugins 2>/dev/null || echo "install gcovr for the figures"

# --- fuzzing -----------------------------------------------------------------------------------
# clang's libFuzzer; every target also builds as a plain program that replays files (tests/fuzz/replay.c).
SECONDS  ?= 60
FUZZ_SRC := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_BIN := $(FUZZ_SRC:tests/fuzz/%.c=$(B)/fuzz/%)
FUZZ_LIB := $(LIB_SRC) $(PLUGIN_SRC)
FUZZ_OBJ := $(FUZZ_LIB:%.c=$(B)/fuzzobj/%.o)

$(B)/fuzzobj/%.o: %.c
	@mkdir -p $(@D)
	@clang -std=c17 -D_GNU_SOURCE $(INC) $(DEFS) -g -O1 -fsanitize=fuzzer-no-link,address,undefined -MMD -MP -c -o $@ $<
-include $(FUZZ_OBJ:.o=.d)

$(FUZZ_BIN): $(B)/fuzz/%: tests/fuzz/%.c $(FUZZ_OBJ)
	@mkdir -p $(@D)
	@echo "  FUZZ  $@"
	@clang -std=c17 -D_GNU_SOURCE $(INC) -Iplugins -g -O1 -fsanitize=fuzzer,address,undefined -o $@ $< $(FUZZ_OBJ) $(PLUGIN_LIBS) $(LIBS)

.PHONY: fuzz
fuzz: deps-all
	@$(MAKE) --no-print-directory $(FUZZ_BIN)
	@for f in $(FUZZ_BIN); do \
	  c=$(B)/corpus/$${f##*/}; mkdir -p $$c; echo "== $${f##*/}"; \
	  $$f -max_total_time=$(SECONDS) -rss_limit_mb=2048 -timeout=10 -print_final_stats=0 -verbosity=0 $$c || exit 1; done
	@echo "fuzz: $(words $(FUZZ_BIN)) targets, no finding"
