// Reads the body of a request, never more of it than its cap.

const NOTHING = new Uint8Array(0);
/** There is no memory for the body. */
export const NO_ROOM = Symbol("no room");

/** The whole body, or undefined if it is over the limit; NO_ROOM if `room` has none for it. */
export async function readBody(request, headers, limit, room) {
  const declared = headers.get("content-length");
  if (declared !== null) {
    const length = Number(declared);
    if (length > limit) return undefined;
    // Most are short, and wait for nothing here.
    if (length > room?.limits.bodyUncharged && !await room.take(length)) return NO_ROOM;
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
    // How much is to come is not known: twice what is there already.
    if (2 * length > room?.bytes && !await room.take(Math.min(2 * length, limit))) {
      reader.cancel().catch(() => {});
      return NO_ROOM;
    }
    chunks.push(value);
  }
}

/** Chunks as one, of that length. */
export function joined(chunks, length) {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
