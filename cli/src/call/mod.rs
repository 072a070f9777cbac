//! `smcp call` and `smcp replay`: a tool of a module, run on this machine by the code that runs it
//! on a host.
//!
//! `drive` performs what a call asks for, live or from a tape; `outcome` says how it ended; the
//! commands are in `run` and `replay`.

mod drive;
mod outcome;
mod replay;
mod run;

pub(crate) use drive::{SLICE, now};
pub(crate) use replay::{Replay, replay};
pub(crate) use run::{Run, header, run, run_through, told};
