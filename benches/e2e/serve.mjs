// Runs a bundled Worker on workerd in the same way as xtask/node/dev.mjs runs the host.
//
//   node serve.mjs CONFIG.toml BUNDLE.js
//
// Bindings, flags and classes are read from the configuration. Prints `ready URL` when the Worker
// listens, and ends when its standard input does. Nothing is kept between runs.

import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";

const [config, bundle] = process.argv.slice(2);
// A Worker may bring a wasm module: wrangler leaves it beside the bundle, of the last time too.
const script = readFileSync(bundle, "utf8");
const wasm = readdirSync(dirname(bundle)).filter((name) => name.endsWith(".wasm") && script.includes(name))
  .map((name) => join(dirname(bundle), name));
const { workerOptions } = unstable_getMiniflareWorkerOptions(config);

const miniflare = new Miniflare(convertV4MiniflareOptions({
  ...workerOptions,
  modulesRoot: dirname(bundle),
  modules: [
    { type: "ESModule", path: bundle, contents: script },
    ...wasm.map((path) => ({ type: "CompiledWasm", path, contents: readFileSync(path) })),
  ],
  modulesRules: undefined,
  host: "127.0.0.1",
  port: 0,
  // The Worker itself listens here; the entry above has a proxy in front of it.
  unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
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
  process.stdout.write(`ready ${(await miniflare.unsafeGetDirectURL()).origin}\n`);
} catch (error) {
  process.stderr.write(`${error?.stack ?? error}\n`);
  await end(1);
}
