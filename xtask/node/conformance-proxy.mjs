// Stands before the Worker for the conformance suite: adds the API key, and has the two diagnostic tools that
// change a server's lists.
//
// A server's lists are frozen in its release, and change when another release goes live. So a call of one of
// these tools publishes the other of two releases, which differ in one tool and one prompt, and is answered
// here. All else goes through as it came: Host, Origin, other headers, bodies, streams piece by piece; and
// whoever hangs up here hangs up there. It must not mend what the host does wrong.
//
// Takes its options from the environment, prints `ready URL`, and ends when its standard input does.

import { readFileSync } from "node:fs";
import { createServer, request } from "node:http";

const { PROXY_TARGET, PROXY_KEY, PROXY_PUBLISH, PROXY_ADMIN_TOKEN, PROXY_RELEASES } = process.env;
const target = new URL(PROXY_TARGET);
const releases = JSON.parse(PROXY_RELEASES).map((path) => readFileSync(path));
const TRIGGERS = ["test_trigger_tool_change", "test_trigger_prompt_change"];
/** These are between two neighbours, and never passed on: RFC 9110, section 7.6.1. */
const HOP_BY_HOP = ["connection", "keep-alive", "transfer-encoding"];

let live = 0;
let publishing = Promise.resolve();

const server = createServer(async (incoming, answer) => {
  try {
    const body = await whole(incoming);
    const trigger = triggered(body);
    if (!trigger) return pass(incoming, body, answer);
    // One after the other: two at the same time would publish the same release.
    publishing = publishing.catch(() => {}).then(publishOther);
    await publishing;
    const content = [{ type: "text", text: `release ${live + 1} is live` }];
    answer.writeHead(200, { "Content-Type": "application/json" });
    answer.end(JSON.stringify({ jsonrpc: "2.0", id: trigger.id, result: { resultType: "complete", content } }));
  } catch (error) {
    refuse(answer, error);
  }
});

async function publishOther() {
  const other = 1 - live;
  const answer = await fetch(PROXY_PUBLISH, {
    method: "POST",
    headers: { Authorization: `Bearer ${PROXY_ADMIN_TOKEN}`, "Content-Type": "application/wasm" },
    body: releases[other],
  });
  if (!answer.ok) throw new Error(`publishing was answered ${answer.status}: ${await answer.text()}`);
  await answer.arrayBuffer();
  live = other;
}

/** The message, if it calls one of the two tools. */
function triggered(body) {
  try {
    const message = JSON.parse(body);
    return message.method === "tools/call" && TRIGGERS.includes(message.params?.name) ? message : undefined;
  } catch {
    return undefined;
  }
}

function pass(incoming, body, answer) {
  const headers = passed(incoming.rawHeaders);
  headers.push("Authorization", `Bearer ${PROXY_KEY}`);
  if (incoming.headers["transfer-encoding"]) headers.push("Transfer-Encoding", "chunked");
  const outgoing = request({
    host: target.hostname,
    port: target.port,
    method: incoming.method,
    path: incoming.url,
    headers,
    setHost: false,
    // A connection of its own: workerd closes idle ones, and the suite must not meet that.
    agent: false,
  });
  outgoing.on("error", (error) => refuse(answer, error));
  outgoing.on("response", (response) => {
    answer.writeHead(response.statusCode, response.statusMessage, passed(response.rawHeaders));
    answer.flushHeaders();
    response.on("error", () => answer.destroy());
    response.pipe(answer);
  });
  answer.on("close", () => answer.writableFinished || outgoing.destroy());
  outgoing.setNoDelay(true);
  outgoing.end(body);
}

/** Names and values in turn, without those that are not for passing on. */
function passed(raw) {
  const kept = [];
  for (let at = 0; at < raw.length; at += 2) {
    if (!HOP_BY_HOP.includes(raw[at].toLowerCase())) kept.push(raw[at], raw[at + 1]);
  }
  return kept;
}

async function whole(incoming) {
  const pieces = [];
  for await (const piece of incoming) pieces.push(piece);
  return Buffer.concat(pieces);
}

function refuse(answer, error) {
  if (answer.destroyed) return;
  process.stderr.write(`proxy: ${error?.stack ?? error}\n`);
  if (answer.headersSent) return answer.destroy();
  answer.writeHead(502, { "Content-Type": "text/plain" });
  answer.end(`the proxy of the conformance suite: ${error.message}\n`);
}

process.stdin.on("end", () => process.exit(0)).on("error", () => process.exit(0)).resume();
server.listen(0, "127.0.0.1", () => {
  process.stdout.write(`ready http://127.0.0.1:${server.address().port}\n`);
});
