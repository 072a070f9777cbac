//! The contract's imports as typed requests and answers, and what passes between engine and shell.
//!
//! Four rooms: [`contract`] is the table of the functions in `wit/server.wit`; [`call`] is what a
//! guest asks of its host and is answered; [`turn`] is what the engine asks of the shell and is
//! answered; [`items`] is how it stores what is not kept in memory. All of it is data: nothing here performs, decides or keeps anything.

pub mod call;
pub mod contract;
pub mod items;
pub mod turn;
