// A turn that did not end with its first step: what the shell's loop calls while it drives it.
//
// A turn ends once: with its reply, with a fault, because its client has gone, or because another turn
// stops it. After that it steps no more, writes nothing, and everything that waited for it is released.
// The engine may have it go on without its client: then it runs to its end, and writes to nobody. It
// belongs to one object, and no promise of it is ever settled from another.

import { DONE, LISTEN, Reader, listenOf, responseOf } from "./engine.js";
import { tell } from "./listeners.js";
import { send } from "./outgoing.js";
import { hostFault } from "./refusal.js";
import { verify } from "./signature.js";
import { EventStream, OVER } from "./stream.js";

export class Turn {
  /** `took`: is given its last step, once; without it, a response is wanted. */
  constructor(object, engine, id, shell, took) {
    this.object = object;
    this.engine = engine;
    this.id = id;
    this.shell = shell;
    this.isAsked = took !== undefined;
    this.took = took;
    this.ended = false;
    /** Whether its client has gone, and it goes on. */
    this.alone = false;
    this.streaming = false;
    this.stream = undefined;
    this.answer = Promise.withResolvers();
    this.end = Promise.withResolvers();
    this.heard = [];
    /** Memory that is charged to it, in bytes. */
    this.reserved = 0;
    /** What is charged for its body; most have none. */
    this.room = undefined;
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
    this.streaming = true;
    if (this.alone) return;
    const init = new Reader(step, 1).head();
    this.stream = new EventStream(this.object.limits, () => this.cancel());
    this.answer.resolve(new Response(this.stream.readable, init));
  }

  /** Writes to the stream; `step` is an encoded `Emit`. */
  async emit(step) {
    await this.stream?.write(new Reader(step, 1).slice().slice());
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

  /** Charges memory to it until it ends, if the isolate has so much; `kept` is what its engine keeps. */
  reserve(bytes, kept) {
    const { account, limits } = this.object;
    if (this.ended || !account.promise(bytes, kept, limits.isolateMemory)) return false;
    this.reserved += bytes;
    return true;
  }

  queue() {
    return this.object.afterAnotherTurn(this);
  }

  /** Whether a key made a signature. */
  verify(...question) {
    return verify(...question);
  }

  /** Sends a request to another host. */
  fetch(...request) {
    return send(this.end.promise, ...request);
  }

  /** The records of those who hear of a server. */
  listeners(server) {
    return this.hearing(this.object.listeners.of(server));
  }

  /** The records of those who listen in a session. */
  listenersIn(session) {
    return this.hearing(this.object.listeners.in(session));
  }

  hearing(heard) {
    this.heard = heard;
    return heard.map(({ record }) => record);
  }

  /** Tells one of those something, and ends its stream if `ends`. */
  tell(listener, bytes, ends) {
    const heard = this.heard[listener];
    if (heard !== undefined) tell(heard.socket, bytes, ends);
  }

  // ---- Called by the object --------------------------------------------------------------------

  /** Takes over what is charged for its body. */
  keep(room) {
    this.room = room;
    if (room !== undefined) room.isTurns = true;
  }

  /** Follows the loop to its end: an encoded last step, or undefined. */
  follow(loop) {
    loop.then((step) => this.finish(step), (error) => {
      console.error(`a turn of ${this.object.name} cannot go on: ${error?.stack ?? error}`);
      this.fail(error);
    });
  }

  /** Ends the turn with its last step. */
  finish(step) {
    if (this.ended || step === undefined) return this.fail("no reply");
    if (this.isAsked) {
      this.last(step);
      this.answer.resolve(step);
      return this.close();
    }
    if (this.alone) return this.close();
    if (step[0] === LISTEN && this.streaming) {
      // Who tells it more does so over a connection that the edge makes: js/relay.js.
      this.stream.end(listenOf(step).event);
      return this.close();
    }
    // Else only the edge's connections can be listened on.
    if (step[0] !== DONE) return this.fail("no reply");
    if (!this.streaming) {
      this.answer.resolve(responseOf(step));
      return this.close();
    }
    const reader = new Reader(step, 1);
    reader.head();
    this.stream.end(reader.slice());
    return this.close();
  }

  /** Ends the turn without a reply: a fault of the host. */
  fail(reason) {
    if (this.ended) return;
    this.release();
    this.last(undefined);
    this.answer.resolve(this.isAsked ? undefined : hostFault());
    this.stream?.abort(reason);
  }

  /** Gives its last step to who asked for it. The shell's loop does so itself where it matters that nothing
      comes between. */
  last(step) {
    const { took } = this;
    this.took = undefined;
    took?.(step);
  }

  /** Its client has gone: ends the turn, or lets it go on alone. */
  cancel() {
    if (this.ended || this.alone) return;
    const gone = "the client has gone";
    if (this.told((engine) => engine.cancel(this.id)) !== false) return this.fail(gone);
    this.alone = true;
    this.stream?.abort(gone);
    this.stream = undefined;
    this.answer.resolve(hostFault());
    this.object.outlast(this.end.promise);
  }

  /** Ends the turn because another wants that, and so does its client: it is not a fault, and nothing more
      is said. */
  stop() {
    if (this.ended) return;
    this.release();
    this.last(undefined);
    this.answer.resolve(this.isAsked ? undefined : new Response(null, { status: 202 }));
    this.stream?.end(OVER);
  }

  /** Lets the engine forget a turn that has not run to its end, and ends it. */
  release() {
    this.told((engine) => engine.stop(this.id));
    this.close();
  }

  /** Tells its engine something, unless that has been given up; undefined then, or after a fault of it. */
  told(tell) {
    const { engine, object } = this;
    if (engine !== object.engine) return undefined;
    try {
      return tell(engine);
    } catch (error) {
      // Fails this turn too.
      object.engineFault(engine, error);
      return undefined;
    }
  }

  close() {
    if (this.ended) return;
    this.ended = true;
    this.object.account.release(this.reserved);
    this.room?.release();
    this.end.resolve();
    this.object.turnEnded(this);
  }
}
