// Prints what wrangler makes of an environment of wrangler.toml, as JSON: whether it is there, the
// Worker's name, its buckets, the bindings of all kinds, the secrets it must have, its limit of CPU, and where it is
// reached. Reads nothing else, and asks nobody.

import { experimental_readRawConfig, unstable_readConfig } from "wrangler";

const [env] = process.argv.slice(2);
const config = "wrangler.toml";
const names = Object.keys(experimental_readRawConfig({ config }).rawConfig.env ?? {});
const known = names.includes(env);
const {
  name, r2_buckets, kv_namespaces, secrets, durable_objects, version_metadata, vars, limits, workers_dev, routes,
  preview_urls, placement, observability, compatibility_date, compatibility_flags,
} = known ? unstable_readConfig({ config, env }) : {};
process.stdout.write(JSON.stringify({
  names,
  worker: name ?? "",
  buckets: (r2_buckets ?? []).map((bucket) => bucket.bucket_name),
  namespaces: (kv_namespaces ?? []).map((namespace) => namespace.binding),
  required: secrets?.required ?? [],
  bindings: [
    ...(durable_objects?.bindings ?? []).map((object) => `${object.name} ${object.class_name}`),
    ...(r2_buckets ?? []).map((bucket) => bucket.binding),
    ...(kv_namespaces ?? []).map((namespace) => namespace.binding),
    ...(version_metadata === undefined ? [] : [version_metadata.binding]),
    ...Object.keys(vars ?? {}),
  ],
  domains: (routes ?? []).filter((route) => route.custom_domain).map((route) => route.pattern),
  // What is the same in all environments, for whoever compares them.
  alike: { cpu_ms: limits?.cpu_ms, preview_urls, placement, observability, compatibility_date, compatibility_flags },
  workersDev: workers_dev ?? true,
}));
