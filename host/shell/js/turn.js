// A turn that did not end with its first step: what the shell's loop calls while it drives it.
//
// A turn ends once: with its reply, with a fault, or because its client has gone. After that it
// steps no more, writes nothing, and everything that waited for it is released. It belongs to one
// object, and no promise of it is ever settled from another.

import { DONE, Reader, responseOf } from "./engine.js";
import { hostFault } from "./refusal.js";

/** A comment of an event stream. */
const COMMENT = new TextEncoder().encode(":\n\n");

export class Turn {
  constructor(object, engine, id, shell) {
    this.object = object;
    this.engine = engine;
    this.id = id;
    this.shell = shell;
    this.ended = false;
    this.streaming = false;
    this.writer = undefined;
    this.answer = Promise.withResolvers();
    this.end = Promise.withResolvers();
    this.keepAlive = undefined;
    this.awaken = undefined;
    this.stalled = undefined;
    object.turns.add(this);
  }

  // ---- Called by the shell's loop (host/shell/src/bindings.rs); none of these throws -----------

  get gone() {
    return this.end.promise;
  }

  /** Steps the engine; the encoded step, or undefined if the turn is over. */
  step(answer) {
    if (this.ended) return undefined;
    try {
      return this.engine.step(this.id, answer);
    } catch (error) {
      this.object.engineFault(this.engine, error);
      return undefined;
    }
  }

  /** Answers with a stream; `step` is an encoded `Open`. */
  open(step) {
    if (this.ended) return;
    const init = new Reader(step, 1).head();
    const { readable, writable } = new IdentityTransformStream();
    this.writer = writable.getWriter();
    this.writer.closed.catch(() => this.cancel());
    this.streaming = true;
    this.answer.resolve(new Response(readable, init));
    // A byte at once: some on the way hold a stream back until there is one.
    this.write(COMMENT);
    this.keepAlive = setInterval(() => {
      if (this.stalled === undefined) this.write(COMMENT);
    }, this.object.limits.keepAliveMillis);
  }

  /** Writes to the stream; `step` is an encoded `Emit`. */
  emit(step) {
    return this.write(new Reader(step, 1).slice().slice());
  }

  pause() {
    return new Promise((resolve) => setTimeout(resolve, 0));
  }

  wait(millis) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, millis);
      this.end.promise.then(() => clearTimeout(timer));
    });
  }

  queue() {
    return this.object.afterAnotherTurn(this);
  }

  sleep() {
    return new Promise((resolve) => {
      this.awaken = resolve;
    });
  }

  wake(ids) {
    const woken = new Set(ids);
    for (const turn of this.object.turns) {
      if (turn.engine === this.engine && woken.has(turn.id)) turn.awaken?.();
    }
  }

  // ---- Called by the object --------------------------------------------------------------------

  /** Follows the loop to its end: an encoded `Done`, or undefined. */
  follow(loop) {
    loop.then((step) => this.finish(step), (error) => this.fail(error));
  }

  /** Ends the turn with its reply. */
  async finish(step) {
    if (this.ended || step === undefined || step[0] !== DONE) return this.fail("no reply");
    if (!this.streaming) {
      this.answer.resolve(responseOf(step));
      return this.close();
    }
    const reader = new Reader(step, 1);
    reader.head();
    const body = reader.slice();
    const { writer } = this;
    const last = body.length > 0 ? this.write(body) : undefined;
    this.close();
    await last;
    writer.close().catch(() => {});
  }

  /** Ends the turn without a reply: a fault of the host. */
  fail(reason) {
    if (this.ended) return;
    this.release();
    this.answer.resolve(hostFault());
    this.writer?.abort(reason).catch(() => {});
  }

  /** Ends the turn because its client has gone. */
  cancel() {
    this.fail("the client has gone");
  }

  /** Ends the turn and its stream; also a stream whose turn has ended, but whose end is not taken. */
  giveUp() {
    this.cancel();
    this.writer.abort("the client takes nothing").catch(() => {});
  }

  /** Lets the engine forget a turn that has not run to its end, and ends it. */
  release() {
    try {
      if (this.engine === this.object.engine) this.engine.cancel(this.id);
    } catch (error) {
      this.close();
      this.object.engineFault(this.engine, error);
      return;
    }
    this.close();
  }

  close() {
    if (this.ended) return;
    this.ended = true;
    clearInterval(this.keepAlive);
    this.end.resolve();
    this.object.turnEnded(this);
  }

  /** Fulfilled when the client has taken the bytes. One that takes nothing for long has gone. */
  async write(bytes) {
    if (this.writer === undefined) return;
    const stalled = setTimeout(() => this.giveUp(), this.object.limits.stallMillis);
    this.stalled = stalled;
    try {
      await this.writer.write(bytes);
    } catch {
      this.cancel();
    } finally {
      clearTimeout(stalled);
      if (this.stalled === stalled) this.stalled = undefined;
    }
  }
}
