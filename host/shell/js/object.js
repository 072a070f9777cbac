// The Durable Object: one tenant, or the platform. Takes requests to its engine instance.
//
// It trusts nothing that the edge has checked: the engine proves the caller again. It holds the
// engine and the turns in progress; what must last is in storage, so both can be dropped.

import { DurableObject } from "cloudflare:workers";
import { DONE, Engine, responseOf } from "./engine.js";
import { hostFault, tooLarge } from "./refusal.js";
import { shell } from "./shell.js";
import { Turn } from "./turn.js";

/** How often turns in progress look whether the shell's instance was renewed, in milliseconds. */
const WATCH_MILLIS = 250;
const NOTHING = new Uint8Array(0);

export class HostObject extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    this.engine = undefined;
    this.turns = new Set();
    this.queued = [];
    this.watch = undefined;
  }

  async fetch(request) {
    const { url, method, headers } = request;
    const path = url.slice(url.indexOf("/", 8));
    const now = shell(this.env);
    this.limits = now.limits;
    if (now.provokes && await now.provoke(request)) return hostFault();
    if (this.turns.size > 0) this.look();
    let body = NOTHING;
    if (method !== "GET" && method !== "HEAD") {
      const limit = path.startsWith("/t/")
        ? this.limits.mcpBody
        : (now.guard(() => now.glue.body_limit(path)) ?? 0);
      body = await readBody(request, headers, limit);
      if (body === undefined) return tooLarge(limit);
    }
    let engine;
    let turn;
    let step;
    try {
      engine = this.engine ??= this.wake();
      turn = engine.begin(method, path, headers, body);
      step = engine.step(turn, undefined);
    } catch (error) {
      return this.engineFault(engine, error);
    }
    if (step[0] !== DONE) return this.drive(request, engine, turn, step);
    const response = responseOf(step);
    this.rest();
    return response;
  }

  // ---- What the shell's loop uses (host/shell/src/bindings.rs) ---------------------------------

  get name() {
    return this.ctx.id.name;
  }

  get storage() {
    return this.ctx.storage;
  }

  get modules() {
    return this.env.MODULES;
  }

  get objects() {
    return this.env.OBJECTS;
  }

  // ---- Turns -----------------------------------------------------------------------------------

  /** Lets the shell carry on a turn that is not over after its first step. */
  drive(request, engine, id, step) {
    const now = shell(this.env);
    const turn = new Turn(this, engine, id, now);
    const result = now.guard(() => now.glue.drive(this, turn, step));
    if (result instanceof Uint8Array) {
      turn.finish(result);
    } else if (result === undefined) {
      this.look();
      turn.fail("the turn ended without a reply");
    } else {
      turn.follow(result);
      this.watch ??= setInterval(() => this.look(), WATCH_MILLIS);
      const { signal } = request;
      if (signal.aborted) turn.cancel();
      signal.addEventListener("abort", () => turn.cancel(), { once: true });
    }
    return turn.answer.promise;
  }

  /** Fulfilled when another turn than that one has ended; soon, if there is none. */
  afterAnotherTurn(turn) {
    if (this.turns.size < 2) return turn.pause();
    return new Promise((resolve) => {
      this.queued.push(resolve);
      turn.gone.then(resolve);
    });
  }

  turnEnded(turn) {
    this.turns.delete(turn);
    for (const resolve of this.queued.splice(0)) resolve();
    if (this.turns.size === 0) {
      clearInterval(this.watch);
      this.watch = undefined;
    }
    this.rest();
  }

  // ---- The engine ------------------------------------------------------------------------------

  wake() {
    const now = shell(this.env);
    const boot = now.guard(() => now.edge.boot(this.name));
    if (boot === undefined) throw new Error(`no object is named ${this.name}, or it has no keys`);
    return new Engine(boot);
  }

  /** Drops a broken engine: its turns fail, and the next request wakes another. */
  engineFault(engine, error) {
    if (engine === undefined || this.engine === engine) {
      let said = "";
      try {
        said = engine?.fault ?? "";
      } catch {
        // It is as broken as can be.
      }
      console.error(`engine fault in ${this.name}: ${error} ${said}`);
    }
    this.dropEngine(engine);
    return hostFault();
  }

  /** Drops an engine that has nothing to do and holds much memory. */
  rest() {
    if (this.turns.size === 0 && this.engine?.size > this.limits.idleMemory) {
      this.engine = undefined;
    }
  }

  /** If a broken shell was driving turns, ends all of their engine: whether it was told of what
      they did to storage is not known, so the next request reads that anew. */
  look() {
    for (const turn of this.turns) if (turn.shell.isBroken) this.dropEngine(turn.engine);
  }

  /** Gives an engine up; its turns fail. */
  dropEngine(engine) {
    if (this.engine === engine) this.engine = undefined;
    for (const turn of [...this.turns]) if (turn.engine === engine) turn.fail("host fault");
  }
}

/** The whole body, or undefined if it is over the limit. */
async function readBody(request, headers, limit) {
  const declared = headers.get("content-length");
  if (declared !== null) {
    if (Number(declared) > limit) return undefined;
    const body = await request.arrayBuffer();
    return body.byteLength > limit ? undefined : new Uint8Array(body);
  }
  if (request.body === null) return NOTHING;
  const chunks = [];
  let length = 0;
  const reader = request.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return joined(chunks, length);
    length += value.length;
    if (length > limit) {
      reader.cancel().catch(() => {});
      return undefined;
    }
    chunks.push(value);
  }
}

function joined(chunks, length) {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
