# triaged. Targets: all (default), demo, test, bench, sanitize, fuzz, lint, static, coverage,
# install, uninstall, deps, clean. `make help` lists them.

VERSION  := 0.1.0
CC       ?= gcc
B        ?= build
PREFIX   ?= /usr/local
DESTDIR  ?=
PLUGINS  ?=

# --- flags -------------------------------------------------------------------------------------
WARN     := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wvla -Werror
HARDEN   := -fstack-protector-strong -fstack-clash-protection -fcf-protection \
            -D_FORTIFY_SOURCE=3 -ftrivial-auto-var-init=zero
MODE     ?= release
ifeq ($(MODE),sanitize)
  OPT    := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
  LDMODE := -fsanitize=address,undefined
else ifeq ($(MODE),coverage)
  OPT    := -O0 -g --coverage
  LDMODE := --coverage
else
  OPT    := -O2 -g $(HARDEN)
  LDMODE := -Wl,-z,relro,-z,now
endif
STD      := -std=c17 -D_GNU_SOURCE
INC      := -Iinclude -Isrc
DEFS     := -DTRIAGED_VERSION='"$(VERSION)"' -DPLUGIN_DIR='"$(PREFIX)/lib/triaged/plugins"' \
            -DSHARE_DIR='"$(PREFIX)/share/triaged"'
CFLAGS_ALL := $(STD) $(OPT) $(WARN) $(INC) $(DEFS) -MMD -MP $(CFLAGS)
LIBS     := -luv -lcurl -lcjson -lsqlite3 -lyaml -lmicrohttpd -lcrypto -lpcre2-8 -lcmark \
            -lsystemd -ldl -lm -lpthread

# --- sources -----------------------------------------------------------------------------------
ROOMS    := base conf store net plugin skill model billing mcp pipeline admin cmd
LIB_SRC  := $(foreach r,$(ROOMS),$(wildcard src/$(r)/*.c))
LIB_OBJ  := $(filter-out %/plugin/builtin.o,$(LIB_SRC:%.c=$(B)/obj/%.o))
SIM_SRC  := $(wildcard tests/sim/*.c)
SIM_OBJ  := $(SIM_SRC:%.c=$(B)/obj/%.o)

CONNECTORS := $(notdir $(patsubst %/plugin.c,%,$(wildcard plugins/connectors/*/plugin.c)))
MODELS     := $(notdir $(patsubst %/plugin.c,%,$(wildcard plugins/models/*/plugin.c)))
PLUGIN_SO  := $(CONNECTORS:%=$(B)/plugins/connector-%.so) $(MODELS:%=$(B)/plugins/model-%.so)
# Libraries that one plugin needs beside libc and cJSON.
LIBS_connector-zendesk := -lcrypto
LIBS_connector-intercom := -lcrypto
LIBS_connector-salesforce := -lcrypto
LIBS_model-local       := -llinear -lm
# What the connectors of remote helpdesks share is compiled into each of them.
CONNECTOR_COMMON := $(wildcard plugins/connectors/common/*.c)
$(foreach c,$(filter-out file,$(CONNECTORS)),$(eval COMMON_connector-$(c) := $(CONNECTOR_COMMON)))
# What the backends of remote models share is compiled into each of them.
MODEL_COMMON := $(wildcard plugins/models/common/*.c)
$(foreach m,$(filter-out local,$(MODELS)),$(eval COMMON_model-$(m) := $(MODEL_COMMON)))
PLUGIN_LIBS := $(foreach p,$(CONNECTORS:%=connector-%) $(MODELS:%=model-%),$(LIBS_$(p)))

PROGRAMS := $(B)/triaged $(B)/triagectl $(B)/helpdesk-sim

.PHONY: all
all: $(PROGRAMS) $(PLUGIN_SO) third-party

# --- programs ----------------------------------------------------------------------------------
$(B)/libtriaged.a: $(LIB_OBJ)
	@rm -f $@
	@ar rcs $@ $^

$(B)/triaged: $(B)/obj/src/triaged.o $(B)/libtriaged.a $(B)/obj/src/plugin/builtin.o
	@echo "  LD    $@"
	@$(CC) -pie $(LDMODE) $(LDFLAGS) -o $@ $(B)/obj/src/triaged.o $(B)/obj/src/plugin/builtin.o $(B)/libtriaged.a $(LIBS)

$(B)/triagectl: $(B)/obj/src/triagectl.o $(B)/libtriaged.a $(B)/obj/src/plugin/builtin.o
	@echo "  LD    $@"
	@$(CC) -pie $(LDMODE) $(LDFLAGS) -o $@ $(B)/obj/src/triagectl.o $(B)/obj/src/plugin/builtin.o $(B)/libtriaged.a $(LIBS)

$(B)/helpdesk-sim: $(SIM_OBJ)
	@echo "  LD    $@"
	@$(CC) -pie $(LDMODE) $(LDFLAGS) -o $@ $^ -lmicrohttpd -lcjson -lcrypto -luv -lm

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(CFLAGS_ALL) -fPIE -c -o $@ $<

# --- plugins -----------------------------------------------------------------------------------
# The same sources give the shared object and, in a static build, the linked-in one.
define plugin_rules
$(B)/plugins/$(1)-$(2).so: $$(patsubst %.c,$(B)/pic/%.o,$$(wildcard $(3)/$(2)/*.c) $$(COMMON_$(1)-$(2)))
	@mkdir -p $$(@D)
	@echo "  SO    $$@"
	@$(CC) -shared $(LDMODE) $(LDFLAGS) -Wl,-z,defs -o $$@ $$^ $$(LIBS_$(1)-$(2)) -lcjson
	@chmod go-w $$@
endef
$(foreach p,$(CONNECTORS),$(eval $(call plugin_rules,connector,$(p),plugins/connectors)))
$(foreach p,$(MODELS),$(eval $(call plugin_rules,model,$(p),plugins/models)))

$(B)/pic/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC    $< (plugin)"
	@$(CC) $(STD) $(OPT) $(WARN) -Iinclude -MMD -MP -fPIC -fvisibility=hidden $(CFLAGS) -c -o $@ $<

# PLUGINS=DIR builds a folder of somebody else's: DIR/plugin.c and beside it, named by DIR's
# plugin.kind file ("connector NAME" or "model NAME").
.PHONY: third-party
third-party:
ifneq ($(PLUGINS),)
	@mkdir -p $(B)/plugins
	@set -e; for d in $(PLUGINS); do \
	  set -- $$(cat $$d/plugin.kind || true); \
	  case "$$# $$1 $$2" in \
	    "2 connector "[a-z]*|"2 model "[a-z]*) ;; \
	    *) echo "$$d/plugin.kind must hold one line: connector NAME, or model NAME" >&2; exit 1;; \
	  esac; \
	  echo "  SO    $(B)/plugins/$$1-$$2.so ($$d)"; \
	  $(CC) $(STD) $(OPT) -Wall -Wextra -Iinclude -fPIC -fvisibility=hidden -shared $(LDMODE) -Wl,-z,defs \
	    -o $(B)/plugins/$$1-$$2.so $$d/*.c -lcjson; \
	  chmod go-w $(B)/plugins/$$1-$$2.so; done
endif

# --- one binary with every plugin linked in ---------------------------------------------------
PLUGIN_SRC := $(foreach p,$(CONNECTORS),$(wildcard plugins/connectors/$(p)/*.c)) $(CONNECTOR_COMMON) \
              $(foreach p,$(MODELS),$(wildcard plugins/models/$(p)/*.c)) $(MODEL_COMMON)
PLUGIN_OBJ := $(PLUGIN_SRC:%.c=$(B)/obj/%.o)
BUILTIN    := $(B)/obj/builtin.o

$(B)/builtin.c: Makefile $(wildcard plugins/*/*/plugin.c)
	@mkdir -p $(@D)
	@{ echo '/* Generated: the plugins that are linked in. */'; \
	   echo '#include <stddef.h>'; echo '#include <triaged/plugin.h>'; \
	   for p in $(CONNECTORS) $(MODELS); do echo "extern const struct trg_plugin triaged_plugin_$$p;"; done; \
	   echo 'extern const struct trg_plugin *const plugin_builtin[];'; \
	   echo 'const struct trg_plugin *const plugin_builtin[] = {'; \
	   for p in $(CONNECTORS) $(MODELS); do echo "    &triaged_plugin_$$p,"; done; \
	   echo '    NULL};'; } > $@

$(BUILTIN): $(B)/builtin.c
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS_ALL) -fPIE -c -o $@ $<

.PHONY: static
static: $(B)/static/triaged $(B)/static/triagectl
$(B)/static/%: $(B)/obj/src/%.o $(B)/libtriaged.a $(PLUGIN_OBJ) $(BUILTIN)
	@mkdir -p $(@D)
	@echo "  LD    $@"
	@$(CC) -pie $(LDMODE) $(LDFLAGS) -o $@ $(B)/obj/src/$*.o $(BUILTIN) $(PLUGIN_OBJ) $(B)/libtriaged.a $(PLUGIN_LIBS) $(LIBS)

# --- tests -------------------------------------------------------------------------------------
.PHONY: demo test
demo: deps
	@$(MAKE) --no-print-directory all
	@B=$(B) sh tests/demo.sh

# STATIC=1: the system tests against the programs with their plugins linked in.
test: deps-test
	@$(MAKE) --no-print-directory test-build $(if $(STATIC),static)
	@B=$(B) TEST='$(TEST)' STATIC='$(STATIC)' sh tests/run.sh

include tests/tests.mk
include tests/mcp/mcp.mk
-include tests/bench/bench.mk

# --- packages ----------------------------------------------------------------------------------
# Installs what is missing: as root or through sudo; otherwise prints the one line and stops.
.PHONY: deps deps-test deps-all
deps:      ; @sh tests/deps.sh build
deps-test: ; @sh tests/deps.sh build test
deps-all:  ; @sh tests/deps.sh build test lint sanitize fuzz

# --- install -----------------------------------------------------------------------------------
include config/install.mk

.PHONY: clean help
clean:
	rm -rf $(B)
help:
	@echo "make            build everything into $(B)/"
	@echo "make demo       the whole job offline, with a report at the end"
	@echo "make test       unit, integration and end-to-end tests (TEST=name for one,"
	@echo "                STATIC=1 for the system tests on the static programs)"
	@echo "make bench      benchmarks with their ratios"
	@echo "make sanitize   the tests under ASan and UBSan"
	@echo "make test-mcp   the official MCP conformance suite and SDKs; skipped without npm"
	@echo "make fuzz       every fuzz target for SECONDS=60 each"
	@echo "make lint       formatting, static analysis, room directions, sizes"
	@echo "make static     one binary with every plugin linked in: $(B)/static/triaged"
	@echo "make install    PREFIX=$(PREFIX) DESTDIR="
	@echo "make uninstall  what install put there, with the same PREFIX and DESTDIR"
	@echo "make deps       the Debian packages that are needed"
	@echo "make clean      remove $(B)/"

-include $(shell find $(B)/obj $(B)/pic -name '*.d' 2>/dev/null)
