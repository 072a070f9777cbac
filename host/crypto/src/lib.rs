//! Digests, signatures, MACs, sealing and key derivation: the only crate that touches a cipher.
