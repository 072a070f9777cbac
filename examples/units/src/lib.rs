//! An example server.
