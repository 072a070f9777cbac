// The Worker's entry for tests of faults: the Worker itself, and objects whose storage, R2 and KV fail when a test says so.
//
// POST /faults with {kind, at, how} has the at-th operation of that kind from then on fail: `before` it is done, `after` it
// was done, so that only its answer is lost; or be `slow`. GET /faults says how many there were. Kinds are `sql`, `object` (what
// else there is of an object's storage), `r2` and `kv`. Nothing of the Worker knows of it.

import edge, { HostObject as Real } from "./entry.js";

const SLOW_MILLIS = 1500;

let plan = {};
let counted = 0;

/** How the next operation of a kind is to go. */
function next(kind) {
  if (kind !== plan.kind) return undefined;
  counted += 1;
  return counted === plan.at ? plan.how : undefined;
}

function fault(kind) {
  console.log(`fault: ${kind} ${plan.at} ${plan.how}`);
  return new Error(`${kind} failed, as a test wanted`);
}

/** An object of the platform whose named methods are operations of a kind. */
function failing(real, kind, methods, own = {}) {
  return new Proxy(real, {
    get(target, name) {
      if (name in own) return own[name];
      const value = target[name];
      if (typeof value !== "function") return value;
      const call = value.bind(target);
      return methods.includes(name) ? (...given) => perform(kind, call, given) : call;
    },
  });
}

function perform(kind, call, given) {
  const how = next(kind);
  if (how === undefined) return call(...given);
  if (how === "before") throw fault(kind);
  if (how === "after") {
    const done = call(...given);
    if (!(done instanceof Promise)) throw fault(kind);
    return done.then(() => {
      throw fault(kind);
    });
  }
  // What is at once cannot be slow.
  if (kind === "sql") return call(...given);
  return new Promise((resolve) => setTimeout(resolve, SLOW_MILLIS)).then(() => call(...given));
}

export class HostObject extends Real {
  get storage() {
    const { storage } = this.ctx;
    this.sql ??= failing(storage.sql, "sql", ["exec"]);
    this.failing ??= failing(storage, "object", ["sync", "deleteAll"], { sql: this.sql });
    return this.failing;
  }

  get modules() {
    return failing(super.modules, "r2", ["get", "put", "delete", "list"]);
  }

  get sessions() {
    const sessions = super.sessions;
    return sessions && failing(sessions, "kv", ["get", "put", "delete"]);
  }
}

export default {
  async fetch(request, env, context) {
    if (new URL(request.url).pathname !== "/faults") return edge.fetch(request, env, context);
    const performed = counted;
    if (request.method === "POST") {
      plan = await request.json();
      counted = 0;
    }
    return Response.json({ performed });
  },
};
