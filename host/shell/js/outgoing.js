// A guest's request to another host, as the engine has allowed it.
//
// Redirects are not followed here: the engine looks at each. That a name's addresses are public is the
// platform's business (`global_fetch_strictly_public`, and a network that reaches nothing else).

import { readBody } from "./body.js";

const NOTHING = new Uint8Array(0);

/** Sends it; gives `{ status, headers, body }`, headers as names and values in turn, or what went wrong as a word:
    `late`, `large`, `failed`. It is given up when `gone` is fulfilled. */
export async function send(gone, method, url, fields, body, timeoutMillis, bodyMax) {
  const end = new AbortController();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    end.abort();
  }, timeoutMillis);
  gone.then(() => end.abort());
  try {
    const response = await fetch(url, {
      method,
      headers: pairs(fields),
      body: body.length > 0 ? body : undefined,
      redirect: "manual",
      signal: end.signal,
    });
    const { status, headers } = response;
    const told = [];
    headers.forEach((value, name) => told.push(name, value));
    if (status >= 300 && status < 400 && headers.has("location")) {
      response.body?.cancel().catch(() => {});
      return { status, headers: told, body: NOTHING };
    }
    const whole = await readBody(response, NO_LENGTH, bodyMax);
    return whole === undefined ? "large" : { status, headers: told, body: whole };
  } catch {
    return isLate ? "late" : "failed";
  } finally {
    clearTimeout(timer);
  }
}

/** What the other host says of the length is not believed: the body may be encoded. */
const NO_LENGTH = new Headers();

function pairs(fields) {
  const list = [];
  for (let at = 0; at < fields.length; at += 2) list.push([fields[at], fields[at + 1]]);
  return list;
}
