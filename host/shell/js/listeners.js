// In the object: the connections of those who listen, which the platform keeps while it sleeps.
//
// A connection comes from the edge only (js/bridge.js). Its first message is the body of the client's
// request, and is answered once: with the reply to it, or with a stream's beginning. After that the
// object speaks, and nothing is taken from the other end. Beside each connection the platform keeps
// the engine's record of the listener, and nothing else is known of it here but where it came in: at the
// address of a server, and in a session.

import { CONNECT, ENDED, METHOD_HEADER, close } from "./bridge.js";
import { DONE, LISTEN, listenOf } from "./engine.js";
import { tooManyListen } from "./refusal.js";

/** The connections to the address of all servers. No server has such a name. */
const UNION = "*";
/** Begins the name of those in a session. No server has such a name. */
const SESSION = "session:";
/** What a session's name looks like; nothing else is looked for. */
const SESSION_ID = /^[A-Za-z0-9_-]{1,64}$/;
/** To the edge: this object cannot serve the connection now. */
const TRY_AGAIN = 1012;

export class Listeners {
  constructor(ctx) {
    this.ctx = ctx;
    /** What connections that have not asked yet came with. */
    this.asking = new Map();
  }

  /** Takes a connection from the edge. */
  connect(path, headers, limits) {
    if (this.ctx.getWebSockets().length >= limits.listeners) return tooManyListen();
    const [theirs, ours] = Object.values(new WebSocketPair());
    const place = path.slice(CONNECT.length);
    const session = headers.get("mcp-session-id") ?? "";
    const tags = [tagOf(place)];
    if (SESSION_ID.test(session)) tags.push(SESSION + session);
    this.ctx.acceptWebSocket(ours, tags);
    const method = headers.get(METHOD_HEADER) === "GET" ? "GET" : "POST";
    this.asking.set(ours, { method, path: place, headers });
    return new Response(null, { status: 101, webSocket: theirs });
  }

  /** What a connection asks with its first message; undefined if it may not ask. */
  asked(socket) {
    const asked = this.asking.get(socket);
    this.asking.delete(socket);
    if (asked === undefined) close(socket, TRY_AGAIN);
    return asked;
  }

  /** Answers the first message with an encoded last step; without one, the object could not. */
  answer(socket, step) {
    if (step?.[0] === LISTEN) {
      const { record } = listenOf(step);
      socket.serializeAttachment(record);
      send(socket, step);
    } else {
      if (step?.[0] === DONE) send(socket, step);
      close(socket, step === undefined ? TRY_AGAIN : ENDED);
    }
  }

  /** Those who hear of a server, with their records. */
  of(server) {
    return this.tagged([server, UNION]);
  }

  /** Those who listen in a session, with their records. */
  in(session) {
    return this.tagged([SESSION + session]);
  }

  tagged(tags) {
    const found = [];
    for (const tag of tags) {
      for (const socket of this.ctx.getWebSockets(tag)) {
        const record = socket.deserializeAttachment();
        if (record instanceof Uint8Array) found.push({ socket, record });
      }
    }
    return found;
  }

  /** A connection is no more. */
  gone(socket) {
    this.asking.delete(socket);
    close(socket, ENDED);
  }

  /** Loses all connections, as a move of the object would: for tests. */
  lose() {
    for (const socket of this.ctx.getWebSockets()) close(socket, TRY_AGAIN);
  }
}

/** Writes to a connection, and ends it if `ends`. One that has gone is passed over. */
export function tell(socket, bytes, ends) {
  send(socket, bytes);
  if (ends) close(socket, ENDED);
}

/** `/t/{tenant}/{server}/mcp`, or `/t/{tenant}/mcp`. */
function tagOf(path) {
  const parts = path.split("?")[0].split("/");
  return parts.length === 5 ? parts[3] : UNION;
}

function send(socket, bytes) {
  try {
    socket.send(bytes);
  } catch {
    // It has gone.
  }
}
