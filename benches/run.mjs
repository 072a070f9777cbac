// Times subjects of the benchmarks' wasm module in V8.
//
//   node run.mjs smcp_benches.wasm plan.bin rounds
//
// The plan is frames: a subject's number, 0 for the typical time or 1 for the worst piece, 1 if it is
// measured in turns with the one before it, the length of a setup, each four bytes, little-endian; and the
// setup. Prints a JSON array: for each entry of the plan, the nanoseconds of every round. What is done here
// is what src/native.rs does.

import { readFileSync } from "node:fs";

const BATCH_MILLIS = 20;
/** Until then V8 may still be busy compiling what it has found to be hot. */
const WARM_MILLIS = 1000;
/** The interpreter is one large function: V8 needs seconds to optimise it, once for all instances. */
const WARM_FIRST_MILLIS = 10_000;
const DONE = 1;
const FAILED = 2;

const [wasm, plan, rounds] = process.argv.slice(2);
const module = new WebAssembly.Module(readFileSync(wasm));
const frames = readFileSync(plan);
const times = [];
let group = [];
/** Whether nothing was measured yet. */
let isFirst = true;

for (let at = 0; at < frames.length;) {
  const [subject, worst, joined, length] = [0, 4, 8, 12].map((offset) => frames.readUInt32LE(at + offset));
  if (!joined) measure();
  const bench = prepare(frames.subarray(at + 16, at + 16 + length));
  group.push({ round: (worst ? worstPiece : typical)(bench, subject), times: [] });
  at += 16 + length;
}
measure();
console.log(JSON.stringify(times));

/** All rounds of the group, its members in turns. */
function measure() {
  for (let left = Number(rounds); left > 0; left -= 1) {
    for (const member of group) member.times.push(1e6 * member.round());
  }
  times.push(...group.map((member) => member.times));
  group = [];
}

/** An instance of its own for each setup. */
function prepare(setup) {
  const { exports } = new WebAssembly.Instance(module);
  const address = exports.input(setup.length);
  new Uint8Array(exports.memory.buffer).set(setup, address);
  if (exports.prepare() !== DONE) throw new Error("a setup was refused");
  return exports;
}

function timed(bench, subject, repeats) {
  const begun = performance.now();
  const state = bench.repeat(subject, repeats);
  const millis = performance.now() - begun;
  if (state === FAILED) throw new Error(`subject ${subject} failed`);
  return { millis, done: state === DONE };
}

function warm(bench, subject) {
  const until = performance.now() + (isFirst ? WARM_FIRST_MILLIS : WARM_MILLIS);
  isFirst = false;
  let piece;
  do piece = timed(bench, subject, 1); while (!piece.done || performance.now() < until);
}

/** Batches, each long enough to be timed: gives what times one. */
function typical(bench, subject) {
  warm(bench, subject);
  let repeats = 1;
  while (timed(bench, subject, repeats).millis < BATCH_MILLIS) repeats *= 2;
  return () => timed(bench, subject, repeats).millis / repeats;
}

/** The longest pieces. */
function worstPiece(bench, subject) {
  warm(bench, subject);
  return () => {
    let longest = 0;
    for (let done = false; !done;) {
      const piece = timed(bench, subject, 1);
      longest = Math.max(longest, piece.millis);
      done = piece.done;
    }
    return longest;
  };
}
