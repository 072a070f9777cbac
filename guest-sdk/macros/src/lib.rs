//! The macros of the SMCP guest SDK.
