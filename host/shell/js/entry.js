// The Worker's entry: asks the shell which object serves a request, and passes it on.
//
// One synchronous call into Rust per request; Rust never waits on behalf of a client here, since a
// client that goes away would leave its future behind.

import { listen } from "./bridge.js";
import { relay } from "./relay.js";
import { readBody } from "./body.js";
import { hostFault, tooLarge } from "./refusal.js";
import { shell } from "./shell.js";

export { HostObject } from "./object.js";

/** The method of requests whose answer the edge holds open. */
const LISTEN_METHOD = "subscriptions/listen";
/** Where a request goes, as the shell says it (host/shell/src/edge.rs). */
const OBJECT = "object:";
const CONFIG = "config:";
const FORM = "form";
/** The header with the name of a request. */
const REQUEST_ID = "x-request-id";
/** For so many seconds what is public of a tenant is kept near. */
const CONFIG_SECONDS = 60;

export default {
  fetch(request, env) {
    const { headers, method, url } = request;
    const origin = headers.get("origin");
    const now = shell(env);
    if (now.provokes && headers.get("x-smcp-provoke") === "edge-panic") now.provoke(request);
    if (method === "OPTIONS") return preflight(now, env, request, origin ?? "");
    return goes(now, env, request, origin, route(now, method, url, headers, origin ?? ""));
  },
};

/** Sends a request where it goes. */
function goes(now, env, request, origin, way, config) {
  if (way === undefined) return hostFault();
  if (typeof way !== "string") return answered(way, now.logsAll ? request.method : undefined);
  if (way.startsWith(OBJECT)) return toObject(now, env, request, origin, way.slice(OBJECT.length), config);
  return way === FORM ? byBody(now, env, request) : asked(now, env, request, origin, way.slice(CONFIG.length));
}

/** Goes on with what is public of the tenant. */
async function asked(now, env, request, origin, key) {
  const config = await publicConfig(env, key);
  const { headers, method, url } = request;
  return goes(now, env, request, origin, route(now, method, url, headers, origin ?? "", config), config);
}

/** What is public of a tenant, encoded; nothing, if nothing was published. It may be a minute old. */
async function publicConfig(env, key) {
  const found = await env.SESSIONS?.get(key, { type: "arrayBuffer", cacheTtl: CONFIG_SECONDS }).catch(() => null);
  return new Uint8Array(found ?? 0);
}

/** What the edge answers itself, with a line in the log if a method is given: only where all requests have one, since a
    stranger could send as many as they like. It has a name as all has: else whoever tries credentials could tell what an
    object has refused. */
function answered([status, pairs, body], method) {
  const name = crypto.getRandomValues(new BigUint64Array(1))[0].toString(16).padStart(16, "0");
  if (method !== undefined) {
    const code = /"code":"([a-z_]+)"/.exec(body)?.[1] ?? "ok";
    console.log(JSON.stringify({
      event: "request", time: Date.now(), request: name, http: method, place: "edge", status, code,
    }));
  }
  return new Response(body === "" ? null : body, { status, headers: [...pairs, [REQUEST_ID, name]] });
}

function toObject(now, env, request, origin, name, config) {
  const { headers, method, url } = request;
  const stub = env.OBJECTS.get(idOf(now, env, name));
  const inSession = headers.has("mcp-session-id");
  // The object holds a request to it: a header that lies is its to refuse.
  const response = headers.get("mcp-method") === LISTEN_METHOD
    ? listen(request, stub, now.limits)
    : inSession && isMcp(url)
      ? serveSession(request, method, stub, now.limits)
      : stub.fetch(request);
  return origin === null ? response : withCors(now, response, url, origin, config);
}

/** Takes what was read of the request: each property is a trip into the platform. */
function route(now, method, url, headers, origin, config) {
  // Only who asks with GET is told apart by what they accept.
  const accept = method === "GET" ? headers.get("accept") ?? "" : "";
  return now.guard(() => now.edge.route(
    method, url, origin, accept, headers.get("authorization") ?? "",
    Number(headers.get("content-length") ?? 0), headers.has("mcp-session-id"), Date.now(), config,
  ));
}

/** A form with a code or token in it goes to the object of the tenant whose it is. It sets CORS headers itself. */
async function byBody(now, env, request) {
  const { url, method, headers } = request;
  const limit = now.guard(() => now.glue.body_limit(new URL(url).pathname)) ?? 0;
  const body = await readBody(request, headers, limit);
  if (body === undefined) return tooLarge(limit);
  const name = now.guard(() => now.edge.route_form(body));
  if (name === undefined) return hostFault();
  return env.OBJECTS.get(idOf(now, env, name)).fetch(url, { method, headers, body });
}

function isMcp(url) {
  return url.startsWith("/t/", url.indexOf("/", 8));
}

/** In a session a GET asks for its stream, and the stream of a POST may outlive the object's response. */
function serveSession(request, method, stub, limits) {
  return method === "GET" ? listen(request, stub, limits) : relay(request, stub, limits);
}

/** Ids by object name: deriving one costs as much as all else the edge does. */
const ids = new Map();

function idOf(now, env, name) {
  let id = ids.get(name);
  if (id === undefined) {
    if (ids.size >= now.limits.ids) ids.clear();
    id = env.OBJECTS.idFromName(name);
    ids.set(name, id);
  }
  return id;
}

async function preflight(now, env, { headers, url }, origin) {
  const requested = headers.get("access-control-request-headers") ?? "";
  const key = now.guard(() => now.edge.config_for(url, origin));
  const config = key === undefined ? undefined : await publicConfig(env, key);
  const answer = now.guard(() => now.edge.preflight(url, origin, requested, config));
  return answer === undefined ? hostFault() : answered(answer);
}

/** The object's response, with what a browser needs to hand it to the page. */
async function withCors(now, pending, url, origin, config) {
  const response = new Response((await pending).body, await pending);
  for (const [name, value] of now.guard(() => now.edge.cors(url, origin, config)) ?? []) {
    response.headers.set(name, value);
  }
  return response;
}
