//! Which machine.

use serde::{Deserialize, Serialize};

/// In JSON the name of its connection, or null for this one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Option<String>", into = "Option<String>")]
pub enum Machine {
    /// The one that this program runs on.
    #[default]
    Here,
    /// The connection's name in the settings; there may be none of that name any more.
    Named(String),
}

impl From<Option<String>> for Machine {
    fn from(name: Option<String>) -> Self {
        name.map_or(Self::Here, Self::Named)
    }
}

impl From<Machine> for Option<String> {
    fn from(machine: Machine) -> Self {
        match machine {
            Machine::Here => None,
            Machine::Named(name) => Some(name),
        }
    }
}
