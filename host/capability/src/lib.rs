//! The contract's imports as typed requests and answers, and what passes between engine and shell.
//!
//! Three rooms: [`contract`] is the table of the functions in `wit/server.wit`; [`call`] is what a
//! guest asks of its host and is answered; [`turn`] is what the engine asks of the shell and is
//! answered. All of it is data: nothing here performs, decides or keeps anything.

pub mod call;
pub mod contract;
pub mod turn;
