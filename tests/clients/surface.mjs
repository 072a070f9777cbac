// Uses all of the server `everything` through the official JavaScript client, in the modern era.
//
// Usage: surface.mjs URL KEY. Reads words from standard input and writes JSON lines, as
// tests/clients_modern/driven.rs says; ends when its input does. It must not know what is right.

import { createInterface } from "node:readline";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

const [url, key] = process.argv.slice(2);
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const words = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const word = async () => (await words.next()).value;

const client = new Client(
  { name: "smcp-tests", version: "1.0.0" },
  { capabilities: { elicitation: {}, sampling: {}, roots: {} }, versionNegotiation: { mode: { pin: "2026-07-28" } } },
);
/** Whether a question to the user is told, and answered at a word only. */
let waits = false;
client.setRequestHandler("elicitation/create", async ({ params }) => {
  if (waits) {
    say({ asked: params.message });
    await word();
  }
  return { action: "accept", content: { name: "Ada" } };
});
client.setRequestHandler("sampling/createMessage", async () => ({
  model: "a model",
  role: "assistant",
  content: { type: "text", text: "Paris" },
}));
client.setRequestHandler("roots/list", async () => ({ roots: [{ uri: "file:///home" }] }));
const heard = (method) => new Promise((resolve) => client.setNotificationHandler(method, resolve));
const headers = { Authorization: `Bearer ${key}` };
await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));

const call = async (name) => (await client.callTool({ name, arguments: {} })).content[0].text;
const read = async (uri) => (await client.readResource({ uri })).contents[0];
const tools = async (options) => (await client.listTools(undefined, options)).tools.map(({ name }) => name);

const acts = { surface, listen, long, question };
for (let next = await word(); next !== undefined; next = await word()) await acts[next]();
await client.close();

async function surface() {
  say({
    version: client.getNegotiatedProtocolVersion(),
    tools: await tools(),
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
  });
}

async function prompt() {
  const given = { name: "test_prompt_with_arguments", arguments: { arg1: "one", arg2: "two" } };
  return (await client.getPrompt(given)).messages[0].content.text;
}

async function completed() {
  const ref = { type: "ref/prompt", name: "test_prompt_with_arguments" };
  return (await client.complete({ ref, argument: { name: "arg1", value: "par" } })).completion.values;
}

async function listen() {
  const updated = heard("notifications/resources/updated");
  const changed = heard("notifications/tools/list_changed");
  const wish = { toolsListChanged: true, resourceSubscriptions: ["test://static-text"] };
  const subscription = await client.listen(wish);
  say({ listening: subscription.honoredFilter });
  say({ updated: (await updated).params.uri });
  await changed;
  say({ tools: await tools({ cacheMode: "refresh" }) });
  await subscription.close();
}

/** Calls what takes long, and gives it up at a word. */
async function long() {
  const controller = new AbortController();
  const running = Promise.withResolvers();
  const options = { signal: controller.signal, onprogress: running.resolve };
  const result = client.callTool({ name: "test_long_call", arguments: {} }, options);
  const ended = result.then(() => "answered", () => controller.signal.aborted ? "given up" : "failed");
  await running.promise;
  say({ running: true });
  await word();
  controller.abort();
  say({ ended: await ended });
}

async function question() {
  waits = true;
  say({ elicited: await call("test_input_required_result_elicitation") });
}
