// An engine instance and its memory: requests in, steps out, as postcard bytes.
//
// The hot path is here, so it makes no object it can do without. The order of fields is that of
// `Frame`, `Head` and `Reply` in host/capability/src/turn.rs, whose tests hold the same bytes. It
// knows nothing of tenants; any exception out of it means that the instance is broken.

import engineModule from "./engine.wasm";

/** The variants of `Step`, as numbered in turn.rs. */
export const DONE = 0;
export const LISTEN = 6;
/** The methods of what no client sent, as in turn.rs: the object's alarm, a turn that another began, and what another
    object reports. */
export const ALARM_METHOD = ":alarm";
export const RUN_METHOD = ":run";
export const REPORT_METHOD = ":report";
/** The last header of a reply to a client, and the length of its value (request_id_header in host/tenant/src/state.rs). */
const REQUEST_ID = "x-request-id";
const REQUEST_ID_LENGTH = 16;

/** Bodies shorter than this are handed over as text. */
const TEXT_BELOW = 4096;
const ENTROPY_BYTES = 32;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Random bytes, drawn for many turns at once: a call for each costs as much as 4 KiB. */
const entropy = new Uint8Array(4096);
let entropyUsed = entropy.length;

/** The headers that the engine may see, besides those that begin with `mcp-`. */
const HEADERS = new Set([
  "accept", "authorization", "content-type", "host", "last-event-id", "origin", "traceparent",
  "tracestate", "x-smcp-provoke", "x-smcp-resumed",
]);

/** The path where anybody may register a client: how often is counted by where they come from. */
const REGISTER = "/register";
const ADDRESS = "cf-connecting-ip";

/** By how much a test has moved the clock, in milliseconds. */
let clockMoved = 0;

export function moveClock(millis) {
  clockMoved += millis;
}

/** When, by the platform's clock, the engine's shows that time. */
export function platformTime(millis) {
  return millis - clockMoved;
}

export class Engine {
  /** Makes an instance and wakes it with an encoded `Boot`. */
  constructor(boot) {
    this.wasm = new WebAssembly.Instance(engineModule).exports;
    /** Told when the memory has grown. */
    this.account = undefined;
    this.bytes = new Uint8Array(this.wasm.memory.buffer);
    const at = this.reserve(boot.length);
    this.bytes.set(boot, at);
    if (this.wasm.boot(boot.length) !== 0) throw new Error("the engine refused its boot record");
  }

  /** Takes in a request and gives its turn. `base` is where the host was called, up to the path. */
  begin(method, base, path, headers, body) {
    const kept = [];
    const counted = path === REGISTER ? ADDRESS : undefined;
    let room = ENTROPY_BYTES + 35 + 3 * (method.length + base.length + path.length) + body.length;
    // Half the cost of an iterator, which makes an array for each.
    headers.forEach((value, name) => {
      if (HEADERS.has(name) || name.startsWith("mcp-") || name === counted) {
        kept.push(name, value);
        room += 10 + 3 * (name.length + value.length);
      }
    });
    const start = this.reserve(room);
    let at = this.putEntropy(start);
    at = this.putText(at, method);
    at = this.putText(at, base);
    at = this.putText(at, path);
    at = this.putVarint(at, kept.length / 2);
    for (const text of kept) at = this.putText(at, text);
    at = this.putVarint(at, body.length);
    this.bytes.set(body, at);
    return this.wasm.begin(at + body.length - start);
  }

  /** Steps a turn with an encoded answer; gives the encoded step, good until the next call. */
  step(turn, answer) {
    let length = 0;
    if (answer !== undefined && answer.length > 0) {
      length = answer.length;
      // First the room: making it may replace `bytes`.
      const at = this.reserve(length);
      this.bytes.set(answer, at);
    }
    // Milliseconds, with fractions where the platform's clock has them.
    const stepped = this.wasm.step(turn, length, Date.now() + clockMoved);
    const at = this.wasm.output();
    if (this.bytes.length === 0) this.refresh();
    return this.bytes.subarray(at, at + stepped);
  }

  /** What is for the platform's log: lines, or nothing. Not before the bytes of a step were read. */
  lines() {
    const length = this.wasm.lines();
    if (length === 0) return [];
    if (this.bytes.length === 0) this.refresh();
    const at = this.wasm.lines_at();
    return decoder.decode(this.bytes.subarray(at, at + length)).split("\n");
  }

  /** Whether something was counted that is not stored yet. */
  get hasUsage() {
    return this.wasm.has_usage() === 1;
  }

  /** What was counted and is not stored, in a copy. */
  usage() {
    const length = this.wasm.usage();
    const at = this.wasm.output();
    if (this.bytes.length === 0) this.refresh();
    return this.bytes.slice(at, at + length);
  }

  /** The client of a turn has gone; whether the turn is over by that. */
  cancel(turn) {
    return this.wasm.cancel(turn) === 1;
  }

  /** Ends a turn, whatever it wants. */
  stop(turn) {
    this.wasm.stop(turn);
  }

  /** How much memory the instance has taken; it never gives any back. */
  get size() {
    return this.wasm.memory.buffer.byteLength;
  }

  /** What the last panic said; empty if there was none. */
  get fault() {
    const memory = this.wasm.memory.buffer;
    return decoder.decode(new Uint8Array(memory, this.wasm.fault(), this.wasm.fault_len()));
  }

  reserve(length) {
    const at = this.wasm.input(length) >>> 0;
    if (this.bytes.length === 0) this.refresh();
    return at;
  }

  /** Growing memory detaches the old buffer. */
  refresh() {
    this.bytes = new Uint8Array(this.wasm.memory.buffer);
    this.account?.grew(this.bytes.length);
  }

  putEntropy(at) {
    if (entropyUsed === entropy.length) {
      crypto.getRandomValues(entropy);
      entropyUsed = 0;
    }
    const end = entropyUsed + ENTROPY_BYTES;
    for (let from = entropyUsed; from < end; from += 1) {
      this.bytes[at++] = entropy[from];
      entropy[from] = 0;
    }
    entropyUsed = end;
    return at;
  }

  putVarint(at, value) {
    while (value > 0x7f) {
      this.bytes[at++] = (value & 0x7f) | 0x80;
      value >>>= 7;
    }
    this.bytes[at++] = value;
    return at;
  }

  putText(at, text) {
    const start = this.putVarint(at, text.length);
    for (let from = 0; from < text.length; from += 1) {
      const code = text.charCodeAt(from);
      if (code > 0x7f) {
        const encoded = encoder.encode(text);
        at = this.putVarint(at, encoded.length);
        this.bytes.set(encoded, at);
        return at + encoded.length;
      }
      this.bytes[start + from] = code;
    }
    return start + text.length;
  }
}

/** Reads postcard bytes from the front. */
export class Reader {
  constructor(bytes, at) {
    this.bytes = bytes;
    this.at = at;
  }

  varint() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.bytes[this.at++];
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }

  slice() {
    const length = this.varint();
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  text() {
    return decoder.decode(this.slice());
  }

  /** A `Head`, as the options of a `Response`. */
  head() {
    const start = this.at;
    const known = sameHead(this.bytes, start);
    if (known !== undefined) {
      this.at += known.bytes.length;
      if (known.isNamed) known.init.headers.set(REQUEST_ID, this.ascii(this.at - REQUEST_ID_LENGTH));
      return known.init;
    }
    const status = this.varint();
    const headers = new Headers();
    let name;
    for (let left = this.varint(); left > 0; left -= 1) headers.append(name = this.text(), this.text());
    const isNamed = name === REQUEST_ID;
    const same = this.at - start - (isNamed ? REQUEST_ID_LENGTH : 0);
    lastHead = { bytes: this.bytes.slice(start, this.at), same, isNamed, init: { status, headers } };
    return lastHead.init;
  }

  /** A short text of ASCII, faster than a decoder. */
  ascii(at) {
    return String.fromCharCode(...this.bytes.subarray(at, at + REQUEST_ID_LENGTH));
  }
}

/** The head read last: nearly all replies have the same few bytes there, but for what names the request. */
let lastHead;

function sameHead(bytes, start) {
  if (lastHead === undefined || start + lastHead.bytes.length > bytes.length) return undefined;
  for (let at = 0; at < lastHead.same; at += 1) {
    if (lastHead.bytes[at] !== bytes[start + at]) return undefined;
  }
  return lastHead;
}

/** The parts of an encoded `Listen`, in copies. */
export function listenOf(step) {
  const reader = new Reader(step, 1);
  const init = reader.head();
  const event = reader.slice().slice();
  return { init, event, record: reader.slice().slice() };
}

/** The response of an encoded `Done`. */
export function responseOf(step) {
  const reader = new Reader(step, 1);
  const init = reader.head();
  const body = reader.slice();
  if (body.length === 0) return new Response(null, init);
  // The platform takes a short text faster than its bytes, which must be copied out of the memory
  // that the next call overwrites. Every body of the engine is UTF-8, but for modules, which begin with 0.
  const isText = body.length < TEXT_BELOW && body[0] !== 0;
  return new Response(isText ? decoder.decode(body) : body.slice(), init);
}
