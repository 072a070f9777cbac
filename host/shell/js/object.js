// The Durable Object: one tenant, or the platform. Takes requests to its engine instance.
//
// It trusts nothing that the edge has checked: the engine proves the caller again. It holds the
// engine and the turns in progress; what must last is in storage, so both can be dropped.

import { DurableObject } from "cloudflare:workers";
import { NO_ROOM, readBody } from "./body.js";
import { CONNECT } from "./bridge.js";
import {
  ALARM_METHOD, DONE, Engine, LISTEN, REPORT_METHOD, RUN_METHOD, moveClock, platformTime, responseOf,
} from "./engine.js";
import { Account, Room } from "./ledger.js";
import { Listeners } from "./listeners.js";
import { badMethod, hostFault, noRoom, tooLarge } from "./refusal.js";
import { shell } from "./shell.js";
import { Turn } from "./turn.js";

/** How often turns in progress look whether the shell's instance was renewed, in milliseconds. */
const WATCH_MILLIS = 250;
const NOTHING = new Uint8Array(0);
const NO_HEADERS = new Headers();
/** Any other is not a client's: the object's own turns have such. */
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]);
/** An alarm that failed comes again after so long, in milliseconds. */
const ALARM_SOON_MILLIS = 2000;
/** The path of the turn that stores what was counted (host/tenant/src/usage/mod.rs). */
const STORE_PATH = "/usage";
/** The object that knows which tenants there are. */
const PLATFORM = "platform";

export class HostObject extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    this.engine = undefined;
    this.turns = new Set();
    this.queued = [];
    this.watch = undefined;
    this.listeners = new Listeners(ctx);
    this.account = new Account(this);
    /** When what was counted is looked after, and what engines have counted that were given up. */
    this.storing = undefined;
    this.counted = [];
    // What tests count.
    if (env.PROVOKE_FAULTS === "1") console.log(`${ctx.id.name} woke`);
  }

  async fetch(request) {
    const { url, method, headers } = request;
    const at = url.indexOf("/", 8);
    const [base, path] = [url.slice(0, at), url.slice(at)];
    if (!METHODS.has(method)) return badMethod();
    const now = shell(this.env);
    this.limits = now.limits;
    if (now.provokes) {
      await this.provoke(headers);
      if (await now.provoke(request)) return hostFault();
    }
    if (path.startsWith(CONNECT)) return this.listeners.connect(path, headers, this.limits);
    if (this.turns.size > 0) this.look();
    if (method === "GET" || method === "HEAD") return this.answer(request, base, path, NOTHING);
    const limit = path.startsWith("/t/")
      ? this.limits.mcpBody
      : (now.guard(() => now.glue.body_limit(path)) ?? 0);
    const room = new Room(this.account, this.limits);
    try {
      const body = await readBody(request, headers, limit, room);
      if (body === undefined) return tooLarge(limit);
      if (body === NO_ROOM) return noRoom();
      return this.answer(request, base, path, body, room);
    } finally {
      if (!room.isTurns) room.release();
    }
  }

  /** The response to a request whose body is there. */
  answer(request, base, path, body, room) {
    this.account.touch();
    let engine;
    let turn;
    let step;
    try {
      engine = this.engine ??= this.wake();
      turn = engine.begin(request.method, base, path, request.headers, body);
      step = engine.step(turn, undefined);
    } catch (error) {
      return this.engineFault(engine, error);
    }
    if (step[0] !== DONE) return this.drive(request.signal, engine, turn, step, room);
    const response = responseOf(step);
    this.rest();
    return response;
  }

  /** The request of a client that may listen, over its connection. */
  async webSocketMessage(socket, message) {
    const asked = this.listeners.asked(socket);
    if (asked === undefined) return;
    await this.ask(asked, new Uint8Array(message), (step) => this.listeners.answer(socket, step));
  }

  webSocketClose(socket) {
    this.listeners.gone(socket);
  }

  webSocketError(socket) {
    this.listeners.gone(socket);
  }

  /** What was put off to now. If it fails it is tried again soon, whatever alarm has been set meanwhile. */
  async alarm() {
    const step = await this.ask({ method: ALARM_METHOD, path: "/", headers: NO_HEADERS }, NOTHING);
    if (step !== undefined) return;
    console.error(`the alarm of ${this.name} failed`);
    await this.storage.setAlarm(Date.now() + ALARM_SOON_MILLIS);
  }

  /** The last step of a turn for that request, encoded; undefined after a fault. `took` is given the same
      before any other turn can run: what it says of stored events holds then. */
  async ask({ method, path, headers }, body, took = () => {}) {
    this.limits = shell(this.env).limits;
    this.account.touch();
    let engine;
    try {
      engine = this.engine ??= this.wake();
      const turn = engine.begin(method, "", path, headers, body);
      const step = engine.step(turn, undefined);
      if (step[0] !== DONE && step[0] !== LISTEN) {
        return await this.drive(undefined, engine, turn, step, undefined, took);
      }
      const last = step.slice();
      took(last);
      this.after();
      return last;
    } catch (error) {
      this.engineFault(engine, error);
      took(undefined);
      return undefined;
    }
  }

  /** What a test does to an object; the request goes on. */
  async provoke(headers) {
    const [what, value] = (headers.get("x-smcp-provoke") ?? "").split("=");
    if (what === "move-clock") await this.moveClock(Number(value));
    if (what === "lose-listeners") this.listeners.lose();
  }

  /** The alarm is set by the platform's clock, which nobody moves. */
  async moveClock(millis) {
    moveClock(millis);
    const set = await this.storage.getAlarm();
    if (set !== null) await this.storage.setAlarm(set - millis);
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

  get sessions() {
    return this.env.SESSIONS;
  }

  get objects() {
    return this.env.OBJECTS;
  }

  /** Has the platform wake the object at that time of the engine's clock, and at no other; never, if it is
      infinite. */
  wakeAt(millis) {
    if (millis === Infinity) this.storage.deleteAlarm();
    else this.storage.setAlarm(platformTime(millis));
  }

  /** Tells the platform's object something in this one's name, which its engine does not give. */
  async report(bytes) {
    const report = bytes.slice();
    await this.env.OBJECTS.get(this.env.OBJECTS.idFromName(PLATFORM)).reported(this.name, report);
  }

  /** What another object tells: called by it alone, since no request of a client is a call of a method. */
  async reported(name, report) {
    await this.ask({ method: REPORT_METHOD, path: `/${name}`, headers: NO_HEADERS }, report);
  }

  /** Begins a turn of the object's own, once whoever asks for it waits for something. */
  begin(path) {
    const own = { method: RUN_METHOD, path, headers: NO_HEADERS };
    this.outlast(Promise.resolve().then(() => this.ask(own, NOTHING)));
  }

  /** Ends another turn, by the engine's number. */
  stopTurn(id) {
    for (const turn of this.turns) if (turn.id === id && turn.engine === this.engine) turn.stop();
  }

  /** Keeps the object awake until a promise is fulfilled, whatever happens to who asked. */
  outlast(promise) {
    this.ctx.waitUntil(promise);
  }

  // ---- Turns -----------------------------------------------------------------------------------

  /** Lets the shell carry on a turn that is not over after its first step. Gives its response; to a
      turn that is asked, whose reply goes elsewhere, its last step, which `took` is given first. */
  drive(signal, engine, id, step, room, took) {
    const now = shell(this.env);
    const turn = new Turn(this, engine, id, now, took);
    turn.keep(room);
    const result = now.guard(() => now.glue.drive(now.edge, this, turn, step));
    if (result instanceof Uint8Array) {
      turn.finish(result);
    } else if (result === undefined) {
      this.look();
      turn.fail("the turn ended without a reply");
    } else {
      turn.follow(result);
      this.watch ??= setInterval(() => this.look(), WATCH_MILLIS);
      if (signal?.aborted) turn.cancel();
      signal?.addEventListener("abort", () => turn.cancel(), { once: true });
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
    const engine = new Engine(boot);
    engine.account = this.account;
    this.account.woke(engine.size, this.limits.isolateMemory);
    return engine;
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

  /** What is left to do after a turn: lines for the log, and storing what was counted, soon. While that waits the
      object does not sleep, and so forgets nothing. */
  after() {
    const { engine } = this;
    if (engine === undefined) return;
    let hasUsage;
    try {
      for (const line of engine.lines()) console.log(line);
      ({ hasUsage } = engine);
    } catch (error) {
      this.engineFault(engine, error);
      return;
    }
    if (hasUsage || this.counted.length > 0) {
      this.storing ??= setTimeout(() => this.outlast(this.store()), this.limits.usageRestMillis);
    }
  }

  /** Has stored what was counted, if it is time; else it is looked after again. */
  async store() {
    this.storing = undefined;
    const counted = await new Blob(this.counted.splice(0)).arrayBuffer();
    await this.ask({ method: RUN_METHOD, path: STORE_PATH, headers: NO_HEADERS }, new Uint8Array(counted));
  }

  /** Drops an engine that has nothing to do and holds much memory. */
  rest() {
    this.after();
    if (this.turns.size === 0 && this.engine?.size > this.limits.idleMemory) this.giveUpEngine();
  }

  /** Forgets its engine, which has nothing to do: the next request wakes another. */
  giveUpEngine() {
    this.keepCounted();
    this.forgetEngine();
  }

  /** What an engine has counted that is about to be given up is stored by another. */
  keepCounted() {
    if (!this.engine?.hasUsage) return;
    this.counted.push(this.engine.usage());
    this.counted.splice(0, this.counted.length - this.limits.usageBatches);
  }

  forgetEngine() {
    if (this.engine !== undefined) this.engine.account = undefined;
    this.engine = undefined;
    this.account.slept();
  }

  /** If a broken shell was driving turns, ends all of their engine: whether it was told of what
      they did to storage is not known, so the next request reads that anew. */
  look() {
    for (const turn of this.turns) if (turn.shell.isBroken) this.dropEngine(turn.engine);
  }

  /** Gives an engine up; its turns fail. */
  dropEngine(engine) {
    if (this.engine === engine) this.forgetEngine();
    for (const turn of [...this.turns]) if (turn.engine === engine) turn.fail("host fault");
  }
}
