// Uses the server `everything` through an official JavaScript client, in a session of MCP 2025-11-25.
//
// Usage: legacy.mjs KIND URL KEY, with KIND one of `sdk` (the older package), `legacy` (the newer one), or
// `remote` (the older one over stdio, before `mcp-remote`). Reads words from standard input and writes JSON
// lines, as tests/clients_legacy says; ends when its input does. It must not know what is right.

import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const [kind, url, key] = process.argv.slice(2);
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const words = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const word = async () => (await words.next()).value;
const pause = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

const WATCHED = "test://static-text";
const self = { name: "smcp-tests", version: "1.0.0" };
const capabilities = { elicitation: {}, sampling: {}, roots: {} };
const headers = { Authorization: `Bearer ${key}` };

const { client, answers, hears, calls } = kind === "legacy" ? await newer() : await older();

/** Whether a question to the user is told, and answered at a word only. */
let waits = false;
answers("elicitation/create", async ({ params }) => {
  if (waits) {
    say({ asked: params.message });
    await word();
  }
  const asked = params.requestedSchema.properties;
  const answers = [{ name: "Ada" }, { confirm: true }, { username: "ada", email: "ada@example.com" }];
  return { action: "accept", content: answers.find((content) => Object.keys(content)[0] in asked) };
});
answers("sampling/createMessage", async () => ({
  model: "a model",
  role: "assistant",
  content: { type: "text", text: "Paris" },
}));
answers("roots/list", async () => ({ roots: [{ uri: "file:///home" }] }));
const logged = [];
hears("notifications/message", ({ params }) => logged.push(params.data));
hears("notifications/resources/updated", ({ params }) => say({ updated: params.uri }));
hears("notifications/tools/list_changed", () => say({ changed: "tools" }));

await client.connect(await transport());

const text = async (name, given = {}, options) => (await calls(name, given, options)).content[0].text;
const read = async (uri) => (await client.readResource({ uri })).contents[0];

const acts = {
  surface,
  session: () => say({ session: client.transport.sessionId ?? null }),
  terminate: async () => say({ terminated: (await client.transport.terminateSession()) === undefined }),
  ping: async () => say({ pong: await client.ping() }),
  elicit: async () => say({ elicited: await text("test_elicitation", { message: "Who are you?" }) }),
  sample: async () => say({ sampled: await text("test_sampling", { prompt: "The capital?" }) }),
  roots: async () => say({ roots: await text("test_input_required_result_list_roots") }),
  subscribe: async () => say({ subscribed: Boolean(await client.subscribeResource({ uri: WATCHED })) }),
  unsubscribe: async () => say({ unsubscribed: Boolean(await client.unsubscribeResource({ uri: WATCHED })) }),
  level,
  log,
  count,
  long,
  question,
  task,
  patient,
};
for (let next = await word(); next !== undefined; next = await word()) {
  const [act, ...rest] = next.split(" ");
  try {
    await acts[act](...rest);
  } catch (error) {
    say({ failed: act, code: error.code, message: error.message });
  }
}
await client.close();
process.exit(0);

async function newer() {
  const { Client } = await import("@modelcontextprotocol/client");
  const client = new Client(self, { capabilities, versionNegotiation: { mode: "legacy" } });
  return {
    client,
    answers: (method, answer) => client.setRequestHandler(method, answer),
    hears: (method, hear) => client.setNotificationHandler(method, hear),
    calls: (name, given, options) => client.callTool({ name, arguments: given }, options),
  };
}

async function older() {
  const { Client } = await import("@modelcontextprotocol/sdk/client/index.js");
  const types = await import("@modelcontextprotocol/sdk/types.js");
  const client = new Client(self, { capabilities });
  const schemas = {
    "elicitation/create": types.ElicitRequestSchema,
    "sampling/createMessage": types.CreateMessageRequestSchema,
    "roots/list": types.ListRootsRequestSchema,
    "notifications/message": types.LoggingMessageNotificationSchema,
    "notifications/resources/updated": types.ResourceUpdatedNotificationSchema,
    "notifications/tools/list_changed": types.ToolListChangedNotificationSchema,
  };
  return {
    client,
    answers: (method, answer) => client.setRequestHandler(schemas[method], answer),
    hears: (method, hear) => client.setNotificationHandler(schemas[method], hear),
    calls: (name, given, options) => client.callTool({ name, arguments: given }, undefined, options),
  };
}

async function transport() {
  const options = { requestInit: { headers } };
  if (kind === "legacy") {
    const { StreamableHTTPClientTransport } = await import("@modelcontextprotocol/client");
    return new StreamableHTTPClientTransport(new URL(url), options);
  }
  if (kind === "sdk") {
    const { StreamableHTTPClientTransport } = await import("@modelcontextprotocol/sdk/client/streamableHttp.js");
    return new StreamableHTTPClientTransport(new URL(url), options);
  }
  const { StdioClientTransport } = await import("@modelcontextprotocol/sdk/client/stdio.js");
  const proxy = fileURLToPath(new URL("../../node_modules/mcp-remote/dist/proxy.js", import.meta.url));
  const args = [proxy, url, "--transport", "http-only", "--header", `Authorization: Bearer ${key}`];
  return new StdioClientTransport({ command: process.execPath, args, stderr: "ignore", env: process.env });
}

async function surface() {
  say({
    version: client.getNegotiatedProtocolVersion?.() ?? client.transport.protocolVersion ?? null,
    tools: (await client.listTools()).tools.map(({ name }) => name),
    resources: (await client.listResources()).resources.map(({ uri }) => uri),
    templates: (await client.listResourceTemplates()).resourceTemplates.map(({ uriTemplate }) => uriTemplate),
    prompts: (await client.listPrompts()).prompts.map(({ name }) => name),
    called: await text("test_simple_text"),
    text: (await read("test://static-text")).text,
    bytes: (await read("test://static-binary")).blob,
    prompt: await prompt(),
    completed: await completed(),
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

async function level(level) {
  await client.setLoggingLevel(level);
  say({ level });
}

/** Calls what writes to the log, and waits a little for what comes another way than the result. */
async function log() {
  logged.length = 0;
  await text("test_tool_with_logging");
  await pause(300);
  say({ logged });
}

/** Counts to a number, and says that it has begun, and then what it was told. */
async function count(to) {
  const counted = [];
  const onprogress = ({ progress }) => {
    if (counted.length === 0) say({ counting: true });
    counted.push(progress);
  };
  const result = await text("test_counting", { to: Number(to), pauseMillis: 200 }, { onprogress });
  say({ counted, result });
}

/** Calls what takes long, and gives it up at a word. */
async function long() {
  const controller = new AbortController();
  const running = Promise.withResolvers();
  const options = { signal: controller.signal, onprogress: running.resolve };
  const result = text("test_long_call", {}, options);
  const ended = result.then(() => "answered", () => controller.signal.aborted ? "given up" : "failed");
  await running.promise;
  say({ running: true });
  await word();
  controller.abort();
  say({ ended: await ended });
}

async function question() {
  waits = true;
  await acts.elicit();
  waits = false;
}

/** Calls a tool as a task, if the client has learnt that it can be one: how that stood in between, and the result. */
async function task(name, given = "{}") {
  await client.listTools();
  const call = { name, arguments: JSON.parse(given) };
  const stood = [];
  for await (const told of client.experimental.tasks.callToolStream(call)) {
    if (told.type === "taskStatus" && stood.at(-1) !== told.task.status) stood.push(told.task.status);
    if (told.type === "result") say({ stood, result: told.result.content[0].text });
    if (told.type === "error") say({ stood, error: told.error.message });
  }
}

/** The same, of a task that asks, which is told; and answered at a word. */
async function patient(name, given) {
  waits = true;
  await task(name, given);
  waits = false;
}
