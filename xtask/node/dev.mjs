// Runs build/ on workerd through Miniflare's own API, without wrangler's proxy.
//
// Bindings, flags and classes are read from wrangler.toml. Takes its options from the environment
// (so that no secret is in a list of processes), prints `ready URL` when the Worker answers, and
// ends when its standard input does: whoever started it holds the other end.

import { once } from "node:events";
import { readFileSync, readdirSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import { Readable } from "node:stream";
import { convertV4MiniflareOptions, Headers, Miniflare, Response } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";

const {
  SMCP_PORT, SMCP_STATE, SMCP_MASTER_KEYS, SMCP_ADMIN_TOKEN, SMCP_ALLOWED_ORIGINS,
  SMCP_PROVOKE_FAULTS, SMCP_OUTBOUND, SMCP_STALE_KV, SMCP_FAULTS, SMCP_REQUEST_LOG,
} = process.env;
// workerd and what it starts must not inherit them.
for (const name of Object.keys(process.env)) if (name.startsWith("SMCP_")) delete process.env[name];

const directory = join(process.cwd(), "build");
const { workerOptions } = unstable_getMiniflareWorkerOptions("wrangler.toml");

/** The name of the Worker that stands between the host and KV, and the binding that it stands for. */
const STALE_KV = "stale-kv";
const SESSIONS = "SESSIONS";
const { [SESSIONS]: sessions, ...otherNamespaces } = workerOptions.kvNamespaces;

const worker = {
  ...workerOptions,
  name: "smcp",
  modulesRoot: directory,
  modules: SMCP_FAULTS === "1" ? [faults(directory), ...modules(directory)] : modules(directory),
  modulesRules: undefined,
  bindings: {
    ...workerOptions.bindings,
    MASTER_KEYS: SMCP_MASTER_KEYS,
    ADMIN_TOKEN: SMCP_ADMIN_TOKEN,
    ALLOWED_ORIGINS: SMCP_ALLOWED_ORIGINS,
    PROVOKE_FAULTS: SMCP_PROVOKE_FAULTS,
    REQUEST_LOG: SMCP_REQUEST_LOG,
  },
  // What guests send to other hosts goes to the one server that a test has for all of them.
  outboundService: SMCP_OUTBOUND === undefined ? undefined : (request) => sent(request, SMCP_OUTBOUND),
  // The Worker itself listens here; the entry below has a proxy in front of it.
  unsafeDirectSockets: [{ host: "127.0.0.1", port: Number(SMCP_PORT) }],
};
if (SMCP_STALE_KV !== undefined) {
  worker.kvNamespaces = otherNamespaces;
  worker.serviceBindings = { ...worker.serviceBindings, [SESSIONS]: { name: STALE_KV, entrypoint: "StaleKv" } };
}

const miniflare = new Miniflare(convertV4MiniflareOptions({
  workers: SMCP_STALE_KV === undefined ? [worker] : [worker, staleKv(SMCP_STALE_KV)],
  resourcePersistencePath: SMCP_STATE,
  host: "127.0.0.1",
  port: 0,
  telemetry: { enabled: false },
  handleStructuredLogs: ({ level, message }) => process.stderr.write(`${level}: ${message}\n`),
}));

let ending = false;
async function end(code) {
  if (ending) return;
  ending = true;
  await miniflare.dispose().catch(() => {});
  process.exit(code);
}
process.stdin.on("end", () => end(0)).on("error", () => end(0)).resume();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => end(0));

try {
  await miniflare.ready;
  const url = await miniflare.unsafeGetDirectURL();
  const answer = await fetch(new URL("/healthz", url));
  if (!answer.ok) throw new Error(`the Worker answered ${answer.status}: ${await answer.text()}`);
  process.stdout.write(`ready ${url.origin}\n`);
} catch (error) {
  process.stderr.write(`${error?.stack ?? error}\n`);
  await end(1);
}

/** Sends a request to `port` on this machine, whatever host it is for: that is in its `host` and
    `x-forwarded-proto`. */
async function sent(request, port) {
  const { host, protocol, pathname, search } = new URL(request.url);
  const headers = { ...Object.fromEntries(request.headers), host, "x-forwarded-proto": protocol.slice(0, -1) };
  const outgoing = http.request({
    host: "127.0.0.1", port, method: request.method, path: pathname + search, headers, agent: false,
  });
  outgoing.end(Buffer.from(await request.arrayBuffer()));
  const [answer] = await once(outgoing, "response");
  const fields = new Headers();
  for (let at = 0; at < answer.rawHeaders.length; at += 2) {
    fields.append(answer.rawHeaders[at], answer.rawHeaders[at + 1]);
  }
  const isEmpty = [204, 304].includes(answer.statusCode) || request.method === "HEAD";
  if (isEmpty) answer.resume();
  return new Response(isEmpty ? null : Readable.toWeb(answer), {
    status: answer.statusCode, headers: fields,
  });
}

/** KV as tests want it, before the namespace itself; `where` it is read from is `here` or `elsewhere`. */
function staleKv(where) {
  const root = join(process.cwd(), "xtask/node");
  const path = join(root, "stale-kv.mjs");
  return {
    name: STALE_KV,
    compatibilityDate: workerOptions.compatibilityDate,
    modulesRoot: root,
    modules: [{ type: "ESModule", path, contents: readFileSync(path) }],
    bindings: { WHERE: where },
    kvNamespaces: { KV: sessions },
  };
}

/** The entry for tests of faults, which has the Worker's own within it. */
function faults(root) {
  const contents = readFileSync(join(process.cwd(), "xtask/node/faults.mjs"));
  return { type: "ESModule", path: join(root, "faults.js"), contents };
}

/** The modules of the Worker, the entry first. */
function modules(root) {
  const kinds = { js: "ESModule", wasm: "CompiledWasm" };
  const names = readdirSync(root).filter((name) => name.split(".").at(-1) in kinds);
  names.sort((a, b) => Number(b === "entry.js") - Number(a === "entry.js"));
  return names.map((name) => {
    const path = join(root, name);
    return { type: kinds[name.split(".").at(-1)], path, contents: readFileSync(path) };
  });
}
