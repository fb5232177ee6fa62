//! The machines whose tasks a window can show: this one, and those that the `connections` of the settings name. [`Machines`]
//! knows which machine each window is on, holds the clients that reach the others, and says how each of them is. A window is
//! a name here: nothing of it is known beside that.
//!
//! How a client reaches its machine and goes on after a break is `solti-http`'s; which connection is a legal one `solti-model`'s.

#![warn(missing_docs, unreachable_pub)]

mod client;
mod connections;
mod listed;
mod machine;
mod machines;
mod remembered;
mod tokens;
mod watched;

pub use client::client_of;
pub use connections::ConnectionTest;
pub use listed::{ListedMachine, MachineList};
pub use machine::Machine;
pub use machines::Machines;
pub use watched::Reach;
