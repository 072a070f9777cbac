// Prints what wrangler makes of an environment of wrangler.toml, as JSON: whether it is there, the
// Worker's name, its buckets, the bindings of its KV namespaces, the secrets it must have. Reads nothing else, and asks nobody.

import { experimental_readRawConfig, unstable_readConfig } from "wrangler";

const [env] = process.argv.slice(2);
const config = "wrangler.toml";
const names = Object.keys(experimental_readRawConfig({ config }).rawConfig.env ?? {});
const known = names.includes(env);
const { name, r2_buckets, kv_namespaces, secrets } = known ? unstable_readConfig({ config, env }) : {};
process.stdout.write(JSON.stringify({
  names,
  worker: name ?? "",
  buckets: (r2_buckets ?? []).map((bucket) => bucket.bucket_name),
  namespaces: (kv_namespaces ?? []).map((namespace) => namespace.binding),
  required: secrets?.required ?? [],
}));
