// Reads the body of a request, never more of it than its cap.

const NOTHING = new Uint8Array(0);

/** The whole body, or undefined if it is over the limit. */
export async function readBody(request, headers, limit) {
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
