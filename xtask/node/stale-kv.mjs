// A Worker between the host and KV, for tests: KV at its worst, as the platform allows it to be.
//
// What was read, or was not there, is read so for a minute, whoever writes; a second write of a key within
// a second is refused. `elsewhere`, a write is not even seen for a minute where nobody has read: as if the
// reader were on the other side of the world. All else is KV's. Every read is logged, so that a test can see
// which there were.

import { WorkerEntrypoint } from "cloudflare:workers";

const STALE_MILLIS = 60_000;
const WRITE_MILLIS = 1000;

/** By key: what was read, and until when it is. */
const seen = new Map();
/** By key: when it was written last. */
const written = new Map();

/** Stands for a namespace of KV; its methods are called from the host's Worker. */
export class StaleKv extends WorkerEntrypoint {
  async get(key, options) {
    console.log(`KV get ${key}`);
    const kind = typeof options === "object" ? options.type : options;
    const value = await this.read(key);
    if (value === null || kind === "arrayBuffer") return value;
    if (kind !== undefined && kind !== "text") throw new Error(`nothing reads KV as ${kind}`);
    return new TextDecoder().decode(value);
  }

  async put(key, value, options) {
    await this.change(key);
    await this.env.KV.put(key, value, options);
  }

  async delete(key) {
    await this.change(key);
    await this.env.KV.delete(key);
  }

  async read(key) {
    const before = seen.get(key);
    if (before !== undefined && Date.now() < before.until) return before.value;
    const value = await this.env.KV.get(key, "arrayBuffer");
    seen.set(key, { value, until: Date.now() + STALE_MILLIS });
    return value;
  }

  /** A change of that key is about to be made. */
  async change(key) {
    const now = Date.now();
    if (now - (written.get(key) ?? 0) < WRITE_MILLIS) throw new Error("KV PUT failed: 429 Too Many Requests");
    written.set(key, now);
    // What is there now is what is read from now on.
    if (this.env.WHERE === "elsewhere") await this.read(key);
  }
}

export default {
  fetch: () => new Response("this Worker is called by methods only", { status: 404 }),
};
