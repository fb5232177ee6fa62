//! What a person is told of tasks when nobody looks at them: those that failed, or finished after a while. [`notices`] follows
//! the tasks; what is told, and in which words, is in `rules`. [`Desktop`] shows it and hears what somebody does about it; doing
//! that is for whoever asks.

#![warn(missing_docs, unreachable_pub)]

mod desktop;
mod follow;
mod last_error;
mod rules;

pub use desktop::{Choice, Desktop};
pub use follow::notices;
pub use last_error::last_error;
pub use rules::{About, Act, Notice, What};
