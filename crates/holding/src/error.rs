//! Why this program is neither the holder of a data folder nor its client.

use solti_engine::{EngineError, Holder};

/// Why there is no engine to be had in a data folder, neither an own one nor another program's.
#[derive(Debug, thiserror::Error)]
pub enum HoldingError {
    /// The folder is free, and no engine can be opened in it.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The folder is held, and for half a minute nobody answered at its socket.
    #[error("{holder} holds the tasks, and its socket does not answer: {why}")]
    Silent {
        /// Which program holds it.
        holder: Holder,
        /// How the last try to reach it failed, in a sentence.
        why: String,
    },
    /// The holder answers, and knows nothing of the routes that a window needs.
    #[error(
        "{holder} holds the tasks and is of an earlier version, which no window can connect to: end it, and start it anew"
    )]
    Earlier {
        /// Which program holds it.
        holder: Holder,
    },
}
