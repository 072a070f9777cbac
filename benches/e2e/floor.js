// The floor: the least a request to a Durable Object costs. The edge passes it on; the object reads
// nothing of it and answers a constant of the size of an echo's answer.

import { DurableObject } from "cloudflare:workers";

const ANSWER = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  result: { content: [{ type: "text", text: "the quick brown fox" }], resultType: "complete" },
});
const INIT = { headers: { "content-type": "application/json" } };

export class Floor extends DurableObject {
  fetch() {
    return new Response(ANSWER, INIT);
  }
}

export default {
  fetch(request, env) {
    return env.FLOOR.get(env.FLOOR.idFromName("floor")).fetch(request);
  },
};
