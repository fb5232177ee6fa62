//! What the program is told beside the module and its arguments, which stand in its command line for all to see.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// How a module is to be run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Order {
    /// Its variables; it sees no others.
    pub env: Vec<(String, String)>,
    /// Its folders; it sees no others.
    pub folders: Vec<Folder>,
    /// Of all its memories together; unlimited when absent.
    pub memory_bytes: Option<u64>,
    /// Where compiled code is kept; nowhere when absent.
    pub cache: Option<String>,
}

/// A folder of this machine, as a module sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Folder {
    /// Where it is.
    pub host: String,
    /// What the module calls it.
    pub guest: String,
    /// Whether the module may only read in it.
    pub read_only: bool,
}

impl Order {
    /// The text of its file.
    ///
    /// # Panics
    /// Never: it is plain data, which always writes.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("plain data always writes")
    }

    /// Reads the file.
    ///
    /// # Errors
    /// When there is none, or it is no order.
    pub fn read(path: &Path) -> io::Result<Self> {
        Ok(serde_json::from_slice(&std::fs::read(path)?)?)
    }
}
