//! `smcp call` and `smcp replay`: a tool of a module, run on this machine by the code that runs it
//! on a host.
//!
//! `drive` performs what a call asks for; `outcome` says how it ended, and `effect` what was asked on the way;
//! the commands are in `run` and `replay`.

mod compare;
mod drive;
mod effect;
mod outcome;
mod replay;
mod run;

pub(crate) use compare::{Compared, Subject, compare};
pub(crate) use drive::{SLICE, now};
pub(crate) use replay::{Replay, replay};
pub(crate) use run::{Run, header, printable, run, run_through, told};
