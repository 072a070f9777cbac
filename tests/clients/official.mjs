// Calls tools through an official JavaScript client, and says as JSON how each call went.
//
// Usage: official.mjs CLIENT URL KEY, with CLIENT one of modern, auto, legacy (the `client` package)
// or sdk (the older `sdk` package). Reads a JSON array of {tool, arguments}, {prompt, arguments}, {read: uri},
// {complete: ref, argument} and {list: "Prompts" | "Resources" | "ResourceTemplates"} from standard input;
// writes one JSON line for the connection, one for the list of tools, and one a call.

import { readFileSync } from "node:fs";

const [kind, url, key] = process.argv.slice(2);
const calls = JSON.parse(readFileSync(0, "utf8"));
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

const client = await connect();
say({ server: client.getServerVersion(), version: version(client) });
const { tools } = await client.listTools();
say({ tools: tools.map((tool) => tool.name) });
for (const call of calls) {
  const { tool } = call;
  const started = performance.now();
  try {
    const result = await perform(call);
    say({ tool, millis: performance.now() - started, result });
  } catch (error) {
    say({ tool, millis: performance.now() - started, error: { code: error.code, message: error.message, data: error.data } });
  }
}
await client.close();

function perform({ tool, prompt, read, complete, argument, list, arguments: given }) {
  if (list) return client[`list${list}`]();
  if (read) return client.readResource({ uri: read });
  if (complete) return client.complete({ ref: complete, argument });
  if (prompt) return client.getPrompt({ name: prompt, arguments: given });
  return client.callTool({ name: tool, arguments: given });
}

async function connect() {
  const options = { requestInit: { headers: { Authorization: `Bearer ${key}` } } };
  const self = { name: "smcp-tests", version: "1.0.0" };
  if (kind === "sdk") {
    const { Client } = await import("@modelcontextprotocol/sdk/client/index.js");
    const { StreamableHTTPClientTransport } = await import("@modelcontextprotocol/sdk/client/streamableHttp.js");
    const client = new Client(self);
    await client.connect(new StreamableHTTPClientTransport(new URL(url), options));
    return client;
  }
  const { Client, StreamableHTTPClientTransport } = await import("@modelcontextprotocol/client");
  const mode = kind === "modern" ? { pin: "2026-07-28" } : kind;
  const client = new Client(self, { versionNegotiation: { mode } });
  await client.connect(new StreamableHTTPClientTransport(new URL(url), options));
  return client;
}

function version(client) {
  return client.getNegotiatedProtocolVersion?.() ?? client.transport?.protocolVersion ?? null;
}
