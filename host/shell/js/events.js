// The bytes of an event stream, as far as whoever passes them on must know them: where an event ends, what
// its id is, and whether the stream is complete. It knows nothing of messages.

import { joined } from "./body.js";

const LINE_END = 10;
const NOTHING = new Uint8Array(0);
const decoder = new TextDecoder();
/** At the end of a complete stream, with the comments that may come after it; OVER in stream.js. */
const COMPLETE = /(?:^|\n): over\n\n(?::\n\n)*$/;
/** That is looked for in so many bytes. */
const TAIL = 64;

/** Cuts a stream at its blank lines, so that nobody is told half an event. */
export class Blocks {
  constructor() {
    this.parts = [];
    this.length = 0;
    /** Whether the stream is complete. */
    this.isComplete = false;
  }

  /** Takes more bytes; gives those up to the last blank line. */
  take(chunk) {
    const cut = endOfBlocks(chunk, this.parts.at(-1)?.at(-1));
    if (cut === 0) {
      this.keep(chunk);
      return NOTHING;
    }
    this.keep(chunk.subarray(0, cut));
    const whole = this.parts.length === 1 ? this.parts[0] : joined(this.parts, this.length);
    this.parts = [];
    this.length = 0;
    this.keep(chunk.subarray(cut));
    this.isComplete ||= COMPLETE.test(decoder.decode(whole.subarray(-TAIL)));
    return whole;
  }

  keep(part) {
    if (part.length === 0) return;
    this.parts.push(part);
    this.length += part.length;
  }
}

/** Where the last blank line ends; 0 if there is none. `before` is the byte before the first. */
function endOfBlocks(bytes, before) {
  let at = bytes.lastIndexOf(LINE_END);
  while (at > 0 && bytes[at - 1] !== LINE_END) at = bytes.lastIndexOf(LINE_END, at - 1);
  if (at > 0) return at + 1;
  return at === 0 && before === LINE_END ? 1 : 0;
}

/** The id of the last event that has one. */
export function lastId(bytes) {
  for (let end = bytes.length; end > 0;) {
    const start = bytes.lastIndexOf(LINE_END, end - 1) + 1;
    if (bytes[start] === 0x69 && bytes[start + 1] === 0x64 && bytes[start + 2] === 0x3a) {
      return decoder.decode(bytes.subarray(start + 3, end)).trim();
    }
    end = start - 1;
  }
  return undefined;
}
