//! What the runner of other machines and the program that follows one run there, `solti relay`, say to each other in files of the run
//! folder: an order before the start ([`Order`]), what is wished of the run while it is under way ([`Wish`]), and how it stands and has
//! ended ([`Progress`]). Beside them, in the data folder, which machines there are ([`Known`]).
//!
//! A task is submitted to the other machine so that it does not start, looked up there by its origin, and only then started: a submit
//! whose answer is lost is never followed by a second run.

#![warn(missing_docs, unreachable_pub)]

mod file;
mod known;
mod words;

pub use file::{read, write};
pub use known::Known;
pub use solti_model::ORIGIN_LABEL;
pub use words::{End, Order, Progress, Wish};

/// The order, in the run folder.
pub const ORDER_FILE: &str = "relay-order";
/// What is wished, beside the order. Absent while nothing is.
pub const WISH_FILE: &str = "relay-wish";
/// A named pipe of the client, into which a byte is written after each wish: so it needs not look for one again and again.
pub const BELL_FILE: &str = "relay-bell";
/// How the run stands. Absent until there is something to say.
pub const PROGRESS_FILE: &str = "relay-progress";
