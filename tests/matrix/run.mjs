// Runs the matrix's wasm module in V8: every case of the first file, its rows into the second.
//
//   node run.mjs smcp_matrix.wasm cases.bin rows.bin [replay]
//
// Both files are frames, each a length of four bytes, little-endian, and as many bytes. Every case
// has an instance of its own, so that one that traps harms no other: its frame is empty.

import { readFileSync, writeFileSync } from "node:fs";

const [wasm, from, to, act = "run"] = process.argv.slice(2);
const module = new WebAssembly.Module(readFileSync(wasm));
const cases = readFileSync(from);
const rows = [];

for (let at = 0; at < cases.length;) {
  const length = cases.readUInt32LE(at);
  rows.push(...frame(run(cases.subarray(at + 4, at + 4 + length))));
  at += 4 + length;
}
writeFileSync(to, Buffer.concat(rows));

function run(input) {
  const { exports } = new WebAssembly.Instance(module);
  try {
    const address = exports.input(input.length);
    new Uint8Array(exports.memory.buffer).set(input, address);
    const length = exports[act]();
    return new Uint8Array(exports.memory.buffer, exports.output(), length);
  } catch (error) {
    console.error(`a case failed in V8: ${error.stack}`);
    return new Uint8Array();
  }
}

function frame(bytes) {
  const head = Buffer.alloc(4);
  head.writeUInt32LE(bytes.length);
  return [head, bytes];
}
