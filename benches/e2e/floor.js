// The floor: the least a request to a Durable Object costs. The edge passes it on; the object reads
// nothing of it and answers a constant of the size of an echo's answer. PUT and GET show what R2
// takes by itself.

import { DurableObject } from "cloudflare:workers";

const ANSWER = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  result: { content: [{ type: "text", text: "the quick brown fox" }], resultType: "complete" },
});
const INIT = { headers: { "content-type": "application/json" } };

export class Floor extends DurableObject {
  fetch(request) {
    return request.method === "POST" ? new Response(ANSWER, INIT) : this.module(request);
  }

  /** Keeps a module, or reads one whole. */
  async module({ method, url, body, headers }) {
    const key = new URL(url).pathname;
    if (method === "PUT") {
      const { readable, writable } = new FixedLengthStream(Number(headers.get("content-length")));
      body.pipeTo(writable);
      await this.env.MODULES.put(key, readable);
      return new Response("kept");
    }
    const found = await this.env.MODULES.get(key);
    return new Response(String((await found.arrayBuffer()).byteLength));
  }
}

export default {
  fetch(request, env) {
    return env.FLOOR.get(env.FLOOR.idFromName("floor")).fetch(request);
  },
};
