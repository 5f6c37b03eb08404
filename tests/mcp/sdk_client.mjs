// The official TypeScript SDK (major version 1 or 2) as a client of our server.
import assert from 'node:assert/strict';

const [major, url] = process.argv.slice(2);
const sdk =
  major === '1'
    ? {
        ...(await import('@modelcontextprotocol/sdk/client/index.js')),
        ...(await import('@modelcontextprotocol/sdk/client/streamableHttp.js')),
      }
    : await import('@modelcontextprotocol/client');

const client = new sdk.Client({ name: 'sdk-check', version: '1.0.0' }, { capabilities: {} });
const transport = new sdk.StreamableHTTPClientTransport(new URL(url));
await client.connect(transport);

const { tools } = await client.listTools();
assert.ok(tools.some((t) => t.name === 'test_simple_text'));
const said = await client.callTool({ name: 'test_simple_text', arguments: {} });
assert.equal(said.content[0].text, 'This is a simple text response for testing.');
const failed = await client.callTool({ name: 'test_error_handling', arguments: {} });
assert.equal(failed.isError, true);
const steps = [];
const progress = { onprogress: (p) => steps.push(p.progress) };
if (major === '1')
  await client.callTool({ name: 'test_tool_with_progress', arguments: {} }, undefined, progress);
else await client.callTool({ name: 'test_tool_with_progress', arguments: {} }, progress);
assert.deepEqual(steps, [0, 50, 100]);
const read = await client.readResource({ uri: 'test://static-text' });
assert.equal(read.contents[0].mimeType, 'text/plain');
const prompt = await client.getPrompt({
  name: 'test_prompt_with_arguments',
  arguments: { arg1: 'a', arg2: 'b' },
});
assert.match(prompt.messages[0].content.text, /arg1='a'/);
await assert.rejects(client.readResource({ uri: 'test://nowhere' }));
await client.close();
console.log('fine');
process.exit(0);
