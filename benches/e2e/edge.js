// What the host's edge decides, by itself: its shell is asked as host/shell/js/entry.js asks it, so many times in
// one request. Clocks stand still in between, so whoever sent the request measures.
//
// A request is JSON: the host's variables, requests as their method, URL and credential, and how many to ask for, in
// turns. The answer is what was decided last.

import { shell } from "../../build/shell.js";

export default {
  async fetch(request) {
    const { env, asks, times } = await request.json();
    const now = shell(env);
    let way;
    for (let at = 0; at < times; at += 1) {
      const [method, url, authorization] = asks[at % asks.length];
      way = now.guard(() => now.edge.route(method, url, "", "", authorization, 0, false, Date.now()));
    }
    return new Response(String(way));
  },
};
