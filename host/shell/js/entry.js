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
/** Instead of an object's name: the body says which it is. */
const BY_BODY = "by-body";

export default {
  fetch(request, env) {
    const { headers, method, url } = request;
    const origin = headers.get("origin");
    const inSession = headers.has("mcp-session-id");
    const now = shell(env);
    if (now.provokes && headers.get("x-smcp-provoke") === "edge-panic") now.provoke(request);
    const answer = method === "OPTIONS"
      ? preflight(now, request, origin ?? "")
      : route(now, method, url, headers, origin ?? "", inSession);
    if (answer === BY_BODY) return byBody(now, env, request);
    if (typeof answer === "string") {
      const stub = env.OBJECTS.get(idOf(now, env, answer));
      // The object holds a request to it: a header that lies is its to refuse.
      const response = headers.get("mcp-method") === LISTEN_METHOD
        ? listen(request, stub, now.limits)
        : inSession && isMcp(url)
          ? serveSession(request, method, stub, now.limits)
          : stub.fetch(request);
      return origin === null ? response : withCors(now, response, url, origin);
    }
    if (answer === undefined) return hostFault();
    const [status, pairs, body] = answer;
    return new Response(body === "" ? null : body, { status, headers: pairs });
  },
};

/** Takes what was read of the request: each property is a trip into the platform. */
function route(now, method, url, headers, origin, inSession) {
  // Only who asks with GET is told apart by what they accept.
  const accept = method === "GET" ? headers.get("accept") ?? "" : "";
  return now.guard(() => now.edge.route(
    method, url, origin, accept, headers.get("authorization") ?? "",
    Number(headers.get("content-length") ?? 0), inSession, Date.now(),
  ));
}

/** A form with a code or token in it goes to the object of the tenant whose it is. It sets CORS headers itself. */
async function byBody(now, env, request) {
  const { url, method, headers } = request;
  const body = await readBody(request, headers, now.guard(() => now.glue.body_limit(new URL(url).pathname)) ?? 0);
  if (body === undefined) return tooLarge(now.limits.mcpBody);
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

function preflight(now, { headers, url }, origin) {
  const requested = headers.get("access-control-request-headers") ?? "";
  return now.guard(() => now.edge.preflight(url, origin, requested));
}

/** The object's response, with what a browser needs to hand it to the page. */
async function withCors(now, pending, url, origin) {
  const response = new Response((await pending).body, await pending);
  for (const [name, value] of now.guard(() => now.edge.cors(url, origin)) ?? []) {
    response.headers.set(name, value);
  }
  return response;
}
