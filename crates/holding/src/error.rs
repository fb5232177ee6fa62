//! Why this program is neither the holder of a data folder nor its client.

use solti_engine::{EngineError, Holder};

#[derive(Debug, thiserror::Error)]
pub enum HoldingError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("{holder} holds the tasks, and its socket does not answer: {why}")]
    Silent { holder: Holder, why: String },
    #[error(
        "{holder} holds the tasks and is of an earlier version, which no window can connect to: end it, and start it anew"
    )]
    Earlier { holder: Holder },
}
