// At the edge: holds a listening client's stream, and the connection to its object that feeds it.
//
// The object may sleep meanwhile, and forgets nothing by it. A connection that is lost (the object was
// moved, or deployed anew) is made again, with the request that the client sent: the object proves the
// client anew, and tells it what came after the last event that it has, or where events have no ids, that
// everything may have changed. Ends when the client goes. The shell is never entered from here: nothing of
// Rust waits on behalf of a client.

import { DONE, LISTEN, listenOf, responseOf } from "./engine.js";
import { readBody } from "./body.js";
import { lastId } from "./events.js";
import { hostFault, tooLarge } from "./refusal.js";
import { EventStream } from "./stream.js";

/** The path that an object takes connections at, before the client's own. No client can name it. */
export const CONNECT = "/listen";
/** Tells the object the method of the client's request, since a connection has one of its own. */
export const METHOD_HEADER = "x-smcp-method";
/** With this code an object ends a stream for good; any other is a connection that was lost. */
export const ENDED = 1000;
/** The state of a connection that can be used; the later ones are of one that closes. */
const OPEN = 1;

/** Answers a request to listen: a POST that says so, or a GET in a session. */
export async function listen(request, stub, limits) {
  const body = await readBody(request, request.headers, limits.listenBody);
  if (body === undefined) return tooLarge(limits.listenBody);
  const bridge = new Bridge(request, request.method, body, stub, limits);
  return bridge.open();
}

export class Bridge {
  constructor(request, method, body, stub, limits) {
    const { url, headers, signal } = request;
    this.path = CONNECT + url.slice(url.indexOf("/", 8));
    this.headers = new Headers(headers);
    this.headers.set("upgrade", "websocket");
    this.headers.set(METHOD_HEADER, method);
    this.headers.delete("content-length");
    this.body = body;
    this.stub = stub;
    this.limits = limits;
    this.stream = undefined;
    this.socket = undefined;
    this.over = false;
    /** The id of the last event that was passed on. */
    this.last = undefined;
    /** What the client has not taken yet. */
    this.waiting = new Set();
    signal.addEventListener("abort", () => this.end(), { once: true });
  }

  async open() {
    const first = await this.connect().catch(() => hostFault());
    if (first instanceof Response) return first;
    this.begins();
    this.begin(first.event);
    return new Response(this.stream.readable, first.init);
  }

  /** Makes the client's stream. */
  begins() {
    this.stream = new EventStream(this.limits, () => this.end());
    if (this.over) this.stream.abort("the client has gone");
  }

  /** Tells what a connection says first; it may have been lost since. */
  begin(event) {
    this.tell(event);
    if (this.socket?.readyState > OPEN) this.lost(this.socket, undefined);
  }

  /** Connects to the object and asks: what it says first, or the response if it does not listen. */
  async connect() {
    const answer = await this.stub.fetch(`http://object${this.path}`, { headers: this.headers });
    const socket = answer.webSocket;
    if (socket === null) return answer;
    const { promise, resolve } = Promise.withResolvers();
    let heard = false;
    socket.addEventListener("message", ({ data }) => {
      if (heard) return this.tell(new Uint8Array(data));
      heard = true;
      resolve(new Uint8Array(data));
    });
    for (const event of ["close", "error"]) {
      socket.addEventListener(event, ({ code }) => {
        resolve(undefined);
        this.lost(socket, code);
      });
    }
    socket.accept();
    socket.binaryType = "arraybuffer";
    socket.send(this.body);
    const step = await promise;
    if (step?.[0] === LISTEN && !this.over) {
      // From here on it is the connection, and missed when it is lost.
      this.socket = socket;
      return listenOf(step);
    }
    close(socket);
    return step?.[0] === DONE ? responseOf(step) : hostFault();
  }

  /** Writes to the client. One that falls behind is let go: it listens anew, and misses nothing. */
  tell(bytes) {
    const { waiting } = this;
    if (this.over || this.stream === undefined || bytes.length === 0) return;
    if (waiting.size >= this.limits.changesWaiting) {
      this.stream.abort("the client falls behind");
      return;
    }
    this.note(bytes);
    waiting.add(bytes);
    this.stream.write(bytes).then(() => waiting.delete(bytes));
  }

  /** Remembers where the stream goes on after these bytes. */
  note(bytes) {
    this.last = lastId(bytes) ?? this.last;
  }

  lost(socket, code) {
    // One that was never more than a question has its own answer.
    if (this.over || this.socket !== socket || this.stream === undefined) return;
    this.socket = undefined;
    if (code === ENDED) {
      this.finish();
    } else {
      this.connectAgain(this.limits.reconnectFirstMillis);
    }
  }

  /** Connects until the object lets it listen, or says that nothing is left to hear. */
  async connectAgain(pause) {
    this.headers.set("x-smcp-resumed", "1");
    while (!this.over) {
      // So that a thousand of them do not come at once.
      if (pause > 0) await scheduler.wait(pause * (0.5 + Math.random() / 2));
      if (this.over) return;
      if (this.last !== undefined) this.headers.set("last-event-id", this.last);
      const first = await this.connect().catch(() => hostFault());
      if (!(first instanceof Response)) {
        this.begin(first.event);
        return;
      }
      if (isRest(first)) {
        this.tell(new Uint8Array(await first.arrayBuffer()));
        this.finish();
        return;
      }
      // It may not listen any more: it will be told why when it comes back.
      if (first.status < 500 && first.status !== 429) {
        this.stream.abort("the object does not let it listen any more");
        return;
      }
      pause = Math.min(Math.max(pause * 2, this.limits.reconnectFirstMillis), this.limits.reconnectLastMillis);
    }
  }

  /** All was told. */
  finish() {
    if (this.over) return;
    this.over = true;
    this.stream.end();
  }

  end() {
    if (this.over) return;
    this.over = true;
    close(this.socket);
    this.stream?.abort("the client has gone");
  }
}

/** Whether that is all that is left of a stream, and not a refusal. */
function isRest({ status, headers }) {
  return status === 200 && headers.get("content-type") === "text/event-stream";
}

/** Closes a connection with a code; one that is closed, or was never made, stays so. */
export function close(socket, code = ENDED) {
  try {
    socket?.close(code);
  } catch {
    // It is closed.
  }
}
