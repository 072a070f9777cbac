//! The contract's imports as typed requests and answers, and the effects the shell performs.
