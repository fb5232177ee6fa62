//! What a person is told of tasks when nobody looks at them: those that failed, or finished after a while. [`notices`] follows
//! the tasks; what is told, and in which words, is in `rules`. How it is shown is for whoever asks.

#![warn(missing_docs, unreachable_pub)]

mod follow;
mod rules;

pub use follow::notices;
pub use rules::Notice;
