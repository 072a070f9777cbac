//! The contract's imports as typed requests and answers, and what passes between engine and shell.
//!
//! Five rooms: [`contract`] is the table of the functions in `wit/server.wit`; [`call`] is what a
//! guest asks of its host and is answered; [`turn`] is what the engine asks of the shell and is
//! answered; [`items`] is how it stores what is not kept in memory; [`http`] is which requests of guests to other
//! hosts are granted. Nothing here performs or keeps anything.

pub mod call;
pub mod contract;
pub mod http;
pub mod items;
pub mod turn;
