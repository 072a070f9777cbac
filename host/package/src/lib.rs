//! Signature, manifest, admission: from untrusted bytes to an admitted module, never executing it.
