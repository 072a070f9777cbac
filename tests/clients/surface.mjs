// Uses all of the server `everything` through the official JavaScript client, in the modern era.
//
// Usage: surface.mjs URL KEY. Writes one JSON line with what it was given, in the shape that
// tests/clients_modern.rs expects of each client; one when it listens; and one when it has heard
// that the list of tools has changed. It must not know what is right.

import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

const [url, key] = process.argv.slice(2);
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

const client = new Client(
  { name: "smcp-tests", version: "1.0.0" },
  { capabilities: { elicitation: {}, sampling: {}, roots: {} }, versionNegotiation: { mode: { pin: "2026-07-28" } } },
);
client.setRequestHandler("elicitation/create", async () => ({ action: "accept", content: { name: "Ada" } }));
client.setRequestHandler("sampling/createMessage", async () => ({
  model: "a model",
  role: "assistant",
  content: { type: "text", text: "Paris" },
}));
client.setRequestHandler("roots/list", async () => ({ roots: [{ uri: "file:///home" }] }));
const heard = new Promise((resolve) => client.setNotificationHandler("notifications/tools/list_changed", resolve));
const headers = { Authorization: `Bearer ${key}` };
await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));

const call = async (name) => (await client.callTool({ name, arguments: {} })).content[0].text;
const read = async (uri) => (await client.readResource({ uri })).contents[0];
say({
  version: client.getNegotiatedProtocolVersion(),
  tools: (await client.listTools()).tools.map(({ name }) => name),
  resources: (await client.listResources()).resources.map(({ uri }) => uri),
  templates: (await client.listResourceTemplates()).resourceTemplates.map(({ uriTemplate }) => uriTemplate),
  prompts: (await client.listPrompts()).prompts.map(({ name }) => name),
  called: await call("test_simple_text"),
  text: (await read("test://static-text")).text,
  bytes: (await read("test://static-binary")).blob,
  prompt: await prompt(),
  completed: await completed(),
  elicited: await call("test_input_required_result_elicitation"),
  sampled: await call("test_input_required_result_sampling"),
  roots: await call("test_input_required_result_list_roots"),
  cancelled: await cancelled(),
  afterwards: await call("test_simple_text"),
});

const subscription = await client.listen({ toolsListChanged: true });
say({ listening: subscription.honoredFilter.toolsListChanged });
await heard;
const { tools } = await client.listTools(undefined, { cacheMode: "refresh" });
say({ tools: tools.map(({ name }) => name) });
await subscription.close();
await client.close();

async function prompt() {
  const given = { name: "test_prompt_with_arguments", arguments: { arg1: "one", arg2: "two" } };
  return (await client.getPrompt(given)).messages[0].content.text;
}

async function completed() {
  const ref = { type: "ref/prompt", name: "test_prompt_with_arguments" };
  return (await client.complete({ ref, argument: { name: "arg1", value: "par" } })).completion.values;
}

// Whether a call that had begun was given up, at its first word of how far it is.
async function cancelled() {
  const controller = new AbortController();
  const options = { signal: controller.signal, onprogress: () => controller.abort() };
  try {
    await client.callTool({ name: "test_tool_with_progress", arguments: {} }, options);
    return false;
  } catch {
    return controller.signal.aborted;
  }
}
