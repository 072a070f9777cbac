// The sandbox alone on workerd: does a subject of the benchmarks' wasm module in one piece, which nothing in the
// host can. POST with a setup prepares an instance; POST to /SUBJECT does that once. The clock stands
// still here meanwhile: whoever asks reads its own.

import module from "../../target/bench/whole/sandbox.wasm";

const DONE = 1;
let bench;

export default {
  async fetch(request) {
    const subject = new URL(request.url).pathname.slice(1);
    if (subject === "") {
      const setup = new Uint8Array(await request.arrayBuffer());
      const { exports } = new WebAssembly.Instance(module);
      const address = exports.input(setup.length);
      new Uint8Array(exports.memory.buffer).set(setup, address);
      bench = exports.prepare() === DONE ? exports : undefined;
      return new Response(bench === undefined ? "refused" : "prepared");
    }
    return new Response(bench.repeat(Number(subject), 1) === DONE ? "done" : "failed");
  },
};
