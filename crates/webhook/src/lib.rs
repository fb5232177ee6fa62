//! One signed POST to an address that a person has set. It follows no redirect, reads no long answer, and tries once: when it is tried
//! again, and what it says, is for whoever asks.

#![warn(missing_docs, unreachable_pub)]

mod post;
mod signature;

pub use post::{Answer, PATIENCE, Post, PostError, post};
pub use signature::sign;
