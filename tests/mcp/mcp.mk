# The official conformance suite, its everything server and the official SDKs against src/mcp.
# Everything that is fetched stays below $(B)/mcp.
MCP_OBJ := $(patsubst %.c,$(B)/obj/%.o,$(filter tests/mcp/fixture%.c,$(wildcard tests/mcp/*.c)))
$(B)/mcp-fixture: $(MCP_OBJ) $(B)/libtriaged.a $(B)/obj/src/plugin/builtin.o
	@echo "  LD    $@"
	@$(CC) -pie $(LDMODE) $(LDFLAGS) -o $@ $(MCP_OBJ) $(B)/obj/src/plugin/builtin.o $(B)/libtriaged.a $(LIBS)
$(MCP_OBJ): CFLAGS_ALL += -Itests/mcp

.PHONY: test-mcp
test-mcp: $(B)/mcp-fixture $(B)/mcp-client
	@B=$(B) sh tests/mcp/run.sh
$(B)/mcp-client: $(B)/obj/tests/mcp/client.o $(B)/libtriaged.a $(B)/obj/src/plugin/builtin.o
	@echo "  LD    $@"
	@$(CC) -pie $(LDMODE) $(LDFLAGS) -o $@ $(B)/obj/tests/mcp/client.o $(B)/obj/src/plugin/builtin.o $(B)/libtriaged.a $(LIBS)
