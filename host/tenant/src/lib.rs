//! One request from frame to outcome, as steps, without I/O.
