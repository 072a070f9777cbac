// Holds the shell's wasm instance and renews it after a trap.
//
// One instance serves the whole isolate. A trap leaves it in an unknown state, so it is never
// called again: the next request makes another. Whoever still waits for something of the old one
// learns of it through `isBroken`. Nothing here belongs to one object or one request.

import { makeShell } from "./shell_glue.js";
import shellModule from "./shell_bg.wasm";

let current;

/** The instance to call now. `env` is the same for all requests of an isolate. */
export function shell(env) {
  current ??= new Shell(env);
  return current;
}

class Shell {
  constructor(env) {
    this.isBroken = false;
    // Rust's tasks run in microtasks: a trap there would be nobody's exception.
    const guardedMicrotask = (run) => queueMicrotask(() => this.guard(run));
    const glue = makeShell(guardedMicrotask, (message) => this.breakDown(message));
    glue.initSync({ module: shellModule });
    this.glue = glue;
    this.edge = new glue.Edge(
      env.MASTER_KEYS ?? "", env.ADMIN_TOKEN ?? "", env.ALLOWED_ORIGINS ?? "",
      env.VERSION?.id ?? "", env.PROVOKE_FAULTS === "1", env.REQUEST_LOG ?? "",
    );
    const wrong = this.edge.wrong_request_log(env.REQUEST_LOG ?? "");
    if (wrong !== undefined) console.error(`REQUEST_LOG: ${wrong}`);
    this.provokes = env.PROVOKE_FAULTS === "1";
    this.logsAll = env.REQUEST_LOG === "all";
    const [
      mcpBody, listenBody, idleMemory, keepAliveMillis, stallMillis, ids, listeners, changesWaiting,
      reconnectFirstMillis, reconnectLastMillis, isolateMemory, bodyUncharged, roomWaitMillis, roomPollMillis,
      usageRestMillis, usageBatches,
    ] = glue.limits();
    this.limits = {
      mcpBody, listenBody, idleMemory, keepAliveMillis, stallMillis, ids, listeners, changesWaiting,
      reconnectFirstMillis, reconnectLastMillis, isolateMemory, bodyUncharged, roomWaitMillis, roomPollMillis,
      usageRestMillis, usageBatches,
    };
  }

  /** Calls into the instance, unless it is broken; after an exception it is. Undefined then. */
  guard(run) {
    if (this.isBroken) return undefined;
    try {
      return run();
    } catch (error) {
      this.breakDown(error);
      return undefined;
    }
  }

  /** Fails on purpose, as a request of a test asks; gives whether the instance is broken now. */
  async provoke(request) {
    this.guard(() => this.edge.provoke(request.headers.get("x-smcp-provoke") ?? ""));
    // What was provoked may be in a task.
    await scheduler.wait(0);
    return this.isBroken;
  }

  breakDown(reason) {
    if (this.isBroken) return;
    this.isBroken = true;
    if (current === this) current = undefined;
    console.error(`shell fault, instance renewed: ${reason?.stack ?? reason}`);
  }
}

// Traps in callbacks that the glue gave to promises surface here, and nowhere else.
for (const event of ["error", "unhandledrejection"]) {
  addEventListener(event, (raised) => {
    const error = raised.error ?? raised.reason;
    if (error instanceof WebAssembly.RuntimeError) current?.breakDown(error);
  });
}
