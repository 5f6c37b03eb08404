# make bench: every benchmark and one closing table. BENCH=name for one: road, mixed, memory, router,
# pii, search, retrieval (with search and local), local, ledger.
BENCH_BIN   := $(patsubst tests/bench/%.c,$(B)/bench/%,$(wildcard tests/bench/bench_*.c))
BENCH_RIG   := tests/system/rig.c tests/system/rig.h tests/bench/bench.h
BENCH_LIB   := $(B)/obj/src/plugin/builtin.o $(B)/libtriaged.a
BENCH_LOCAL := $(patsubst %.c,$(B)/obj/%.o,$(filter-out %/plugin.c,$(wildcard plugins/models/local/*.c)))

$(B)/bench/bench_road: tests/bench/bench_road.c tests/bench/bare.c tests/bench/bare.h $(BENCH_RIG)
	@mkdir -p $(@D)
	@echo "  BENCH $@"
	@$(CC) $(CFLAGS_ALL) $(LDMODE) -o $@ $< tests/bench/bare.c tests/system/rig.c -lcmocka -lcurl -lcjson -lsqlite3

$(B)/bench/bench_mixed: tests/bench/bench_mixed.c tests/system/mixed.c tests/system/mixed.h $(BENCH_RIG)
	@mkdir -p $(@D)
	@echo "  BENCH $@"
	@$(CC) $(CFLAGS_ALL) -Itests $(LDMODE) -o $@ $< tests/system/mixed.c tests/system/rig.c -lcmocka -lcurl -lcjson -lsqlite3

$(B)/bench/bench_demo: tests/bench/bench_demo.c tests/bench/bars.h $(BENCH_RIG)
	@mkdir -p $(@D)
	@echo "  BENCH $@"
	@$(CC) $(CFLAGS_ALL) -Itests $(LDMODE) -o $@ $< tests/system/rig.c -lcmocka -lcurl -lcjson -lsqlite3 -lm

$(B)/bench/bench_memory: tests/bench/bench_memory.c $(BENCH_RIG)
	@mkdir -p $(@D)
	@echo "  BENCH $@"
	@$(CC) $(CFLAGS_ALL) $(LDMODE) -o $@ $< tests/system/rig.c -lcmocka -lcurl -lcjson -lsqlite3

$(B)/bench/bench_router: tests/bench/bench_router.c tests/bench/bench.h
$(B)/bench/bench_retrieval: tests/bench/bench_retrieval.c tests/bench/bench.h tests/bench/bars.h
$(B)/bench/bench_router $(B)/bench/bench_pii $(B)/bench/bench_search $(B)/bench/bench_ledger $(B)/bench/bench_retrieval: $(B)/bench/%: tests/bench/%.c $(BENCH_LIB)
	@mkdir -p $(@D)
	@echo "  BENCH $@"
	@$(CC) $(CFLAGS_ALL) -Itests $(LDMODE) -o $@ $< $(BENCH_LIB) $(LIBS)

$(B)/bench/bench_local: tests/bench/bench_local.c tests/bench/bars.h tests/bench/sets.h $(BENCH_LOCAL)
	@mkdir -p $(@D)
	@echo "  BENCH $@"
	@$(CC) $(CFLAGS_ALL) $(LDMODE) -o $@ $< $(BENCH_LOCAL) $(LIBS_model-local) -lcjson

.PHONY: bench bench-build
bench-build: all $(BENCH_BIN)
bench: deps-test
	@$(MAKE) --no-print-directory bench-build
	@B=$(B) BENCH='$(BENCH)' sh tests/bench/bench.sh
