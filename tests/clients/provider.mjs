// An OpenID provider (npm `oidc-provider`) on this machine that plays https://login.example, and a person with a browser
// who has an account there.
//
// Reads words from standard input and writes JSON lines; ends when its input does:
// `use ALGORITHM METHOD REDIRECT_URI` has it sign so, with a new key, and take its client's secret so;
// `say WHERE` has it say the person's address in the `token` or in the `info` only;
// `sign-in LOGIN URL` follows a URL, signs in and agrees there: where the person is sent in the end.

import { generateKeyPairSync } from "node:crypto";
import { createServer, request } from "node:http";
import { createInterface } from "node:readline";
import Provider from "oidc-provider";

// Standard output has the answers, and nothing else.
console.log = console.info = console.warn = console.error;

const ISSUER = "https://login.example";
const KEYS = {
  RS256: ["rsa", { modulusLength: 2048 }], PS256: ["rsa", { modulusLength: 2048 }],
  ES256: ["ec", { namedCurve: "P-256" }], EdDSA: ["ed25519", {}],
};

const state = { used: ["RS256", "client_secret_basic", "https://nowhere.example/"], inToken: true, keys: 0, provider: undefined };

function made() {
  const [algorithm, method, redirectUri] = state.used;
  const [type, options] = KEYS[algorithm];
  state.keys += 1;
  const key = generateKeyPairSync(type, options).privateKey.export({ format: "jwk" });
  const provider = new Provider(ISSUER, {
    clients: [{
      client_id: "smcp", client_secret: "a secret: of +/= the test", redirect_uris: [redirectUri],
      grant_types: ["authorization_code"], response_types: ["code"], application_type: "native",
      token_endpoint_auth_method: method, id_token_signed_response_alg: algorithm,
    }],
    jwks: { keys: [{ ...key, kid: `key-${state.keys}`, use: "sig", alg: algorithm }] },
    enabledJWA: { idTokenSigningAlgValues: [algorithm] },
    clientAuthMethods: [method],
    claims: { openid: ["sub"], email: ["email", "email_verified"] },
    conformIdTokenClaims: !state.inToken,
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: `${id}@acme.example`, email_verified: !id.startsWith("unverified") }),
    }),
    pkce: { required: () => true },
    cookies: { keys: ["a key of cookies"] },
  });
  provider.proxy = true;
  return provider;
}

const server = createServer((asked, answer) => {
  asked.headers["x-forwarded-proto"] = "https";
  state.provider ??= made();
  state.provider.callback()(asked, answer);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

/** One request of the person's browser to the provider. */
function sent(jar, method, url, form) {
  const { port } = server.address();
  const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
  const body = form === undefined ? "" : new URLSearchParams(form).toString();
  const headers = { host: url.host, cookie, "content-type": "application/x-www-form-urlencoded", "content-length": body.length };
  return new Promise((resolve, reject) => {
    const asked = request({ port, host: "127.0.0.1", method, path: url.pathname + url.search, headers }, async (answer) => {
      for (const line of answer.headers["set-cookie"] ?? []) {
        const [name, value] = line.split(";")[0].split("=");
        if (value === "") jar.delete(name);
        else jar.set(name, value);
      }
      let text = "";
      for await (const part of answer) text += part;
      resolve({ status: answer.statusCode, location: answer.headers.location, text });
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

/** Signs in at the provider's own pages: where the person is sent, once that is somewhere else. */
async function signIn(login, start) {
  const jar = new Map();
  let [method, url, form] = ["GET", new URL(start), undefined];
  for (let steps = 0; steps < 20; steps += 1) {
    if (url.origin !== ISSUER) return url.href;
    const { status, location, text } = await sent(jar, method, url, form);
    if (location !== undefined) {
      [method, url, form] = ["GET", new URL(location, url), undefined];
      continue;
    }
    const prompt = /name="prompt" value="([a-z]+)"/.exec(text)?.[1];
    const action = /action="([^"]+)"/.exec(text)?.[1];
    if (prompt === undefined || action === undefined) throw new Error(`${status} ${url}: ${text}`);
    [method, url, form] = ["POST", new URL(action, url), { prompt, login, password: "any" }];
  }
  throw new Error(`it leads nowhere: ${url}`);
}

const acts = {
  port: () => server.address().port,
  use: (...used) => { Object.assign(state, { used, provider: undefined }); return true; },
  say: (where) => { Object.assign(state, { inToken: where === "token", provider: undefined }); return true; },
  "sign-in": signIn,
};

for await (const line of createInterface({ input: process.stdin })) {
  const [word, ...given] = line.split(" ");
  try {
    process.stdout.write(`${JSON.stringify({ [word]: await acts[word](...given) })}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ failed: String(error?.stack ?? error) })}\n`);
  }
}
process.exit(0);
