// The echo on the agents SDK's stateless handler, written as its documentation says
// (node_modules/agents/docs/mcp-servers.md). It checks no credential.

import { McpServer } from "@modelcontextprotocol/server";
import { createMcpHandler } from "agents/mcp/server";
import { z } from "zod";

function createServer() {
  const server = new McpServer({ name: "hello", version: "1.0.0" });
  server.registerTool(
    "echo",
    {
      description: "Gives back the text it is given.",
      inputSchema: z.object({ text: z.string().describe("What to give back.") }),
      annotations: { readOnlyHint: true, idempotentHint: true },
    },
    async ({ text }) => ({ content: [{ type: "text", text }] }),
  );
  return server;
}

const handler = createMcpHandler(createServer);

export default {
  fetch(request, env, ctx) {
    return handler(request, env, ctx);
  },
};
