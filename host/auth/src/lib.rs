//! Credential bytes to a principal; no HTTP client, no clock.
