// Whether a key made a signature: asked of the platform's own algorithms, which the engine has none of.

/** By the names of JSON Web Algorithms: how the key is read, and how the signature is checked. */
const ALGORITHMS = {
  RS256: [{ name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, { name: "RSASSA-PKCS1-v1_5" }],
  PS256: [{ name: "RSA-PSS", hash: "SHA-256" }, { name: "RSA-PSS", saltLength: 32 }],
  ES256: [{ name: "ECDSA", namedCurve: "P-256" }, { name: "ECDSA", hash: "SHA-256" }],
  EdDSA: [{ name: "Ed25519" }, { name: "Ed25519" }],
};

/** Whether `signature` of `message` is that of the public key, a JSON Web Key as text. What is no key, or no signature
    of that kind, is not. */
export async function verify(algorithm, key, message, signature) {
  const [read, check] = ALGORITHMS[algorithm] ?? [];
  if (read === undefined) return false;
  try {
    const made = await crypto.subtle.importKey("jwk", JSON.parse(key), read, false, ["verify"]);
    return await crypto.subtle.verify(check, made, signature, message);
  } catch {
    return false;
  }
}
