//! Who holds a data folder: this program, with an engine and doors of its own ([`Held`]), or another one, whose client this one then is
//! over the Unix socket ([`Attached`]). When the other one ends, whoever is attached takes its place; calls and streams go on over the
//! same socket, and runs go on by themselves, as at every change of the holder.
//!
//! What the engine is made of is `solti-engine`'s, how doors open `solti-doors`'.

#![warn(missing_docs, unreachable_pub)]

mod attached;
mod error;
mod held;
mod seat;

pub use attached::Attached;
pub use error::HoldingError;
pub use held::Held;
pub use seat::{Seat, sit_down};
