// Connects to an MCP endpoint through an official JavaScript client's own OAuth, as a person with a browser does.
//
// Usage: oauth.mjs KIND URL ACCESS_CODE [CLIENT_ID], with KIND `sdk` (the older package), `client` (the newer one) or
// `modern` (that in the version 2026-07-28). Reads words from standard input and writes JSON lines, as
// tests/tests/clients_oauth/main.rs says; ends when its input does.
// It must not know what is right.

import { createInterface } from "node:readline";
import { agree } from "../../xtask/node/browser.mjs";

const [kind, url, accessCode, clientId] = process.argv.slice(2);
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

const { Client, Transport, UnauthorizedError, auth } = kind === "sdk" ? await older() : await newer();

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
    kept.askedFor = asked.searchParams.get("scope");
    kept.callback = await agree(asked, accessCode);
  },
  invalidateCredentials(scope) {
    if (scope === "all" || scope === "tokens") kept.tokens = undefined;
    if (scope === "all" || scope === "client") kept.information = undefined;
  },
};

let client;
let transport;

async function open() {
  const options = kind === "modern" ? { versionNegotiation: { mode: { pin: "2026-07-28" } } } : {};
  client = new Client({ name: "smcp-tests", version: "1.0.0" }, options);
  transport = new Transport(new URL(url), { authProvider: provider });
  await client.connect(transport);
}

/** Connects; if a person must be asked first, they are: for that scope, or for what the host asks for. */
async function connect(scope) {
  if (scope !== undefined) await begin(scope);
  try {
    await open();
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error;
    await finish();
    await open();
  }
}

/** Asks before anything is refused: of itself a client asks for what the challenge says. */
async function begin(scope) {
  await auth(provider, { serverUrl: url, scope });
  const { searchParams } = answer();
  const [authorizationCode, iss] = [searchParams.get("code"), searchParams.get("iss")];
  await auth(provider, { serverUrl: url, scope, authorizationCode, iss });
}

/** Where the person came back. */
function answer() {
  if (kept.callback.searchParams.get("state") !== "a-state") throw new Error("the state is another");
  return kept.callback;
}

/** Gives the transport the answer of the person whom it has asked. */
async function finish() {
  const { searchParams } = answer();
  await (kind === "sdk" ? transport.finishAuth(searchParams.get("code")) : transport.finishAuth(searchParams));
}

/** How often a person was asked by now, for what the last time, and what the tokens are. */
const told = () => ({
  asked: kept.times, askedFor: kept.askedFor, scope: kept.tokens?.scope, access: kept.tokens?.access_token,
});

const acts = {
  connect: async (scope) => { await connect(scope); return told(); },
  // As it is now: a client keeps a list for as long as that says.
  list: async () => ({ tools: (await client.listTools(undefined, { cacheMode: "bypass" })).tools.map(({ name }) => name) }),
  call: async (name) => {
    try {
      const [content] = (await client.callTool({ name, arguments: {} })).content;
      return { text: content.text ?? content.name, ...told() };
    } catch (error) {
      if (!(error instanceof UnauthorizedError)) throw error;
      return { unauthorized: true, ...told() };
    }
  },
  finish: async () => { await finish(); return told(); },
  forget: async () => {
    const { refresh_token, ...tokens } = kept.tokens;
    kept.tokens = tokens;
    return { forgotten: refresh_token !== undefined };
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
  const { Client, StreamableHTTPClientTransport: Transport, UnauthorizedError, auth } =
    await import("@modelcontextprotocol/client");
  return { Client, Transport, UnauthorizedError, auth };
}

async function older() {
  const { Client } = await import("@modelcontextprotocol/sdk/client/index.js");
  const { StreamableHTTPClientTransport: Transport } = await import("@modelcontextprotocol/sdk/client/streamableHttp.js");
  const { UnauthorizedError, auth } = await import("@modelcontextprotocol/sdk/client/auth.js");
  return { Client, Transport, UnauthorizedError, auth };
}
