//! The Worker and the Durable Object: edge, bindings, performing effects.
