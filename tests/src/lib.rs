//! End-to-end tests, against real workerd.
