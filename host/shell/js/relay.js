// At the edge: passes on the response to a POST in a session, whose stream may go on when its object has
// ended it.
//
// The object says so with a header, and says with the last bytes when the stream is complete. A body that ends
// without those was handed over to later turns, or lost: then the rest comes over a connection, as to any
// client that listens, and the client never sees a break. Every other response passes untouched.

import { Blocks } from "./events.js";
import { Bridge } from "./bridge.js";
import { EventStream } from "./stream.js";

/** The id to go on from where no event with one has passed. Not for clients. */
const STREAM_HEADER = "x-smcp-stream";
const NOTHING = new Uint8Array(0);

/** Answers a POST in a session. */
export async function relay(request, stub, limits) {
  const response = await stub.fetch(request);
  const from = response.headers.get(STREAM_HEADER);
  if (from === null || response.body === null) return response;
  return new Relay(request, stub, limits).follow(response, from);
}

class Relay extends Bridge {
  constructor(request, stub, limits) {
    super(request, "GET", NOTHING, stub, limits);
    this.reader = undefined;
  }

  follow(response, from) {
    const headers = new Headers(response.headers);
    headers.delete(STREAM_HEADER);
    this.last = from;
    this.reader = response.body.getReader();
    this.begins();
    this.pump();
    return new Response(this.stream.readable, { status: response.status, headers });
  }

  /** Passes the body on, and sees to what comes after it. */
  async pump() {
    const blocks = new Blocks();
    let pause = 0;
    try {
      for (;;) {
        const { done, value } = await this.reader.read();
        if (done || this.over) break;
        const whole = blocks.take(value);
        if (whole.length === 0) continue;
        this.note(whole);
        await this.stream.write(whole);
      }
    } catch {
      // It was lost, and perhaps a thousand others with it.
      pause = this.limits.reconnectFirstMillis;
    }
    this.reader = undefined;
    if (this.over) return;
    if (blocks.isComplete) {
      this.finish();
    } else {
      this.connectAgain(pause);
    }
  }

  end() {
    this.reader?.cancel().catch(() => {});
    super.end();
  }
}
