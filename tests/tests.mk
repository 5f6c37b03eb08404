# How tests are built and run. One program per unit file; tests/run.sh runs them and adds up.

TEST_LIBS := -lcmocka $(LIBS)
UNIT_SRC  := $(wildcard tests/unit/test_*.c)
WIRE_SRC  := $(wildcard tests/wire/test_*.c)
ABI_SRC   := $(wildcard tests/abi/test_*.c)
UNIT_BIN  := $(UNIT_SRC:tests/unit/%.c=$(B)/tests/%)
WIRE_BIN  := $(WIRE_SRC:tests/wire/%.c=$(B)/tests/%)
ABI_BIN   := $(ABI_SRC:tests/abi/%.c=$(B)/tests/%)
SIM_TEST  := $(patsubst tests/sim/test/%.c,$(B)/tests/%,$(wildcard tests/sim/test/test_*.c))
TEST_BIN  := $(UNIT_BIN) $(WIRE_BIN) $(ABI_BIN) $(SIM_TEST)

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

.PHONY: test test-build
test-build: all $(TEST_BIN)
test: deps-test
	@$(MAKE) --no-print-directory test-build
	@B=$(B) TEST='$(TEST)' sh tests/run.sh

.PHONY: demo
demo: deps
	@$(MAKE) --no-print-directory all
	@B=$(B) sh tests/demo.sh
