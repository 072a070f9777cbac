// What JavaScript itself refuses; all else is said by the shell or the engine.

/** The host failed; the next try meets a new instance. */
export function hostFault() {
  return refuse(503, "host_fault", "the host failed while it served this; try again", {
    "retry-after": "1",
  });
}

/** A body that grew over its cap while it was read. */
export function tooLarge(limit) {
  return refuse(413, "payload_too_large", `the body is too large: at most ${limit} bytes`);
}

/** A method that no part of the host takes. */
export function badMethod() {
  return refuse(405, "method_not_allowed", "the host knows no such method", {
    allow: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
  });
}

/** A body for which no memory became free. */
export function noRoom() {
  return refuse(429, "busy", "the host has no memory left for this request; try again in a second", {
    "retry-after": "1",
  });
}

/** A tenant that has as many listening clients as it may. */
export function tooManyListen() {
  return refuse(429, "busy", "too many clients of this tenant listen already; try again later", {
    "retry-after": "60",
  });
}

function refuse(status, code, message, headers = {}) {
  return Response.json({ error: { code, message } }, {
    status,
    headers: { "cache-control": "no-store", ...headers },
  });
}
