// A client's event stream: written in order, kept alive, given up when its client takes nothing.
//
// It belongs to one request, in the object or at the edge. It knows bytes only; whoever makes it is
// told once, through `onGone`, when the client has gone.

const encoder = new TextEncoder();
/** A comment of an event stream. */
const COMMENT = encoder.encode(":\n\n");
/** The last bytes of a stream in a session that is complete; one that ends without them goes on elsewhere. The
    engine has the same. */
export const OVER = encoder.encode(": over\n\n");

export class EventStream {
  /** `limits` has keepAliveMillis and stallMillis. */
  constructor(limits, onGone) {
    const { readable, writable } = new IdentityTransformStream();
    this.limits = limits;
    this.onGone = onGone;
    this.readable = readable;
    this.writer = writable.getWriter();
    this.stalled = undefined;
    this.over = false;
    this.writer.closed.catch(() => this.gone());
    // A byte at once: some on the way hold a stream back until there is one.
    this.write(COMMENT);
    this.keepAlive = setInterval(() => {
      if (this.stalled === undefined) this.write(COMMENT);
    }, limits.keepAliveMillis);
  }

  /** Fulfilled when the client has taken the bytes. One that takes nothing for long has gone. */
  async write(bytes) {
    const stalled = setTimeout(() => this.abort("the client takes nothing"), this.limits.stallMillis);
    this.stalled = stalled;
    try {
      await this.writer.write(bytes);
    } catch {
      this.gone();
    } finally {
      clearTimeout(stalled);
      if (this.stalled === stalled) this.stalled = undefined;
    }
  }

  /** Ends it, after all that was written and `last`. */
  async end(last) {
    this.rest();
    if (last !== undefined && last.length > 0) await this.write(last);
    this.writer.close().catch(() => {});
  }

  /** Breaks it off; also one that has ended, but whose end is not taken. */
  abort(reason) {
    this.gone();
    this.writer.abort(reason).catch(() => {});
  }

  /** The client has gone. */
  gone() {
    if (this.over) return;
    this.rest();
    this.onGone();
  }

  rest() {
    this.over = true;
    clearInterval(this.keepAlive);
  }
}
