//! What a release can do, and what is suspicious about it: a [`Report`] from its bytes, without running it.
//!
//! Admission decides whether a module may run, by rules that have no exceptions. Here it is about what such a module
//! might still do to people: what it can touch and provably cannot, and whether what it says to models and to their
//! users is what it seems. The parts are looked at one after another, in steps, so that others run in between:
//!
//! ```text
//! Analysis::new       the facts; the work that there is to do
//!   .step             names, texts, data, as much as is wanted; `false` when nothing is left
//!   .finish           the report
//! FindingPolicy       which findings keep a release from being published: data, see `policy.json`
//! ```
//!
//! A finding is no proof, and no finding is none either: what a tool does with what it is given shows nowhere in its
//! bytes. It knows no tenants and no storage, has no clock and performs nothing; no byte makes it panic. What running a
//! tool would show is for others to find, and to [add](Analysis::add).

mod abilities;
mod alike;
mod analysis;
mod annotations;
mod arguments;
mod code;
mod drift;
mod finding;
mod invisible;
mod markup;
mod names;
mod phrases;
mod policy;
mod report;
mod secrets;
mod texts;

pub use abilities::Ability;
pub use analysis::{Analysis, Context, Live, Neighbour, Subject};
pub use arguments::made_up;
pub use code::{Code, Level};
pub use finding::Finding;
pub use policy::{FindingPolicy, PolicyError};
pub use report::{Facts, Report, SdkFact};
