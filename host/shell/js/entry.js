// The Worker's entry: asks the shell which object serves a request, and passes it on.
//
// One synchronous call into Rust per request; Rust never waits on behalf of a client here, since a
// client that goes away would leave its future behind.

import { hostFault } from "./refusal.js";
import { shell } from "./shell.js";

export { HostObject } from "./object.js";

export default {
  fetch(request, env) {
    const { headers, method, url } = request;
    const origin = headers.get("origin");
    const now = shell(env);
    if (now.provokes && headers.get("x-smcp-provoke") === "edge-panic") now.provoke(request);
    const answer = method === "OPTIONS"
      ? preflight(now, request, origin ?? "")
      : route(now, request, origin ?? "");
    if (typeof answer === "string") {
      const { OBJECTS } = env;
      const response = OBJECTS.get(OBJECTS.idFromName(answer)).fetch(request);
      return origin === null ? response : withCors(now, response, url, origin);
    }
    if (answer === undefined) return hostFault();
    const [status, pairs, body] = answer;
    return new Response(body === "" ? null : body, { status, headers: pairs });
  },
};

function route(now, { headers, method, url }, origin) {
  return now.guard(() => now.edge.route(
    method, url, origin, headers.get("accept") ?? "", headers.get("authorization") ?? "",
    Number(headers.get("content-length") ?? 0),
  ));
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
