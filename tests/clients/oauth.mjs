// Connects to an MCP endpoint through an official JavaScript client's own OAuth, as a person with a browser does.
//
// Usage: oauth.mjs KIND URL ACCESS_CODE [CLIENT_ID], with KIND `sdk` (the older package) or `client` (the newer one).
// Reads words from standard input and writes JSON lines, as tests/clients_oauth.rs says; ends when its input does.
// It must not know what is right.

import { createInterface } from "node:readline";
import { agree } from "../../xtask/node/browser.mjs";

const [kind, url, accessCode, clientId] = process.argv.slice(2);
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

const { Client, Transport, UnauthorizedError } = kind === "sdk" ? await older() : await newer();

/** What the client keeps, and what it asks of its program. */
const kept = { information: clientId === undefined ? undefined : { client_id: clientId }, times: 0 };
const provider = {
  get redirectUrl() { return "http://127.0.0.1:7777/callback"; },
  get clientMetadata() {
    return {
      client_name: "smcp-tests",
      redirect_uris: ["http://127.0.0.1/callback"],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    };
  },
  state: () => "a-state",
  clientInformation: () => kept.information,
  saveClientInformation: (information) => { kept.information = information; },
  tokens: () => kept.tokens,
  saveTokens: (tokens) => { kept.tokens = tokens; },
  saveCodeVerifier: (verifier) => { kept.verifier = verifier; },
  codeVerifier: () => kept.verifier,
  async redirectToAuthorization(asked) {
    kept.times += 1;
    kept.callback = await agree(asked, accessCode);
  },
  invalidateCredentials(scope) {
    if (scope === "all" || scope === "tokens") kept.tokens = undefined;
    if (scope === "all" || scope === "client") kept.information = undefined;
  },
};

let client;

/** Connects; if a person must be asked first, they are. */
async function connect() {
  client = new Client({ name: "smcp-tests", version: "1.0.0" });
  const transport = new Transport(new URL(url), { authProvider: provider });
  try {
    await client.connect(transport);
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error;
    await finish(transport);
    client = new Client({ name: "smcp-tests", version: "1.0.0" });
    await client.connect(new Transport(new URL(url), { authProvider: provider }));
  }
}

async function finish(transport) {
  const { searchParams } = kept.callback;
  if (searchParams.get("state") !== "a-state") throw new Error("the state is another");
  await (kind === "sdk" ? transport.finishAuth(searchParams.get("code")) : transport.finishAuth(searchParams));
}

/** How often a person was asked by now, and what the tokens are. */
const told = () => ({ asked: kept.times, scope: kept.tokens?.scope, access: kept.tokens?.access_token });

const acts = {
  connect: async () => { await connect(); return told(); },
  list: async () => ({ tools: (await client.listTools()).tools.map(({ name }) => name) }),
  call: async (name) => {
    try {
      return { text: (await client.callTool({ name, arguments: {} })).content[0].text, ...told() };
    } catch (error) {
      if (!(error instanceof UnauthorizedError)) throw error;
      return { unauthorized: true, ...told() };
    }
  },
  // What a client does when time has passed: its access token is not good any more.
  spoil: async () => {
    kept.tokens = { ...kept.tokens, access_token: `${kept.tokens.access_token}x` };
    return { spoiled: true };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const [word, ...given] = line.split(" ");
  try {
    say(await acts[word](...given));
  } catch (error) {
    say({ failed: String(error?.stack ?? error) });
  }
}
process.exit(0);

async function newer() {
  const { Client, StreamableHTTPClientTransport: Transport, UnauthorizedError } = await import("@modelcontextprotocol/client");
  return { Client, Transport, UnauthorizedError };
}

async function older() {
  const { Client } = await import("@modelcontextprotocol/sdk/client/index.js");
  const { StreamableHTTPClientTransport: Transport } = await import("@modelcontextprotocol/sdk/client/streamableHttp.js");
  const { UnauthorizedError } = await import("@modelcontextprotocol/sdk/client/auth.js");
  return { Client, Transport, UnauthorizedError };
}
