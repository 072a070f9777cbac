// The echo on the agents SDK's `McpAgent`: a Durable Object for each session. Written as its
// documentation says. It checks no credential.

import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { McpAgent } from "agents/mcp";
import { z } from "zod";

export class EchoAgent extends McpAgent {
  server = new McpServer({ name: "hello", version: "1.0.0" });

  async init() {
    this.server.registerTool(
      "echo",
      {
        description: "Gives back the text it is given.",
        inputSchema: { text: z.string().describe("What to give back.") },
        annotations: { readOnlyHint: true, idempotentHint: true },
      },
      async ({ text }) => ({ content: [{ type: "text", text }] }),
    );
  }
}

export default EchoAgent.serve("/mcp");
