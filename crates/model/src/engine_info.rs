//! What a program that holds a data folder says of itself to this user's other programs.

use crate::InheritedEnvironment;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use ts_rs::TS;

/// Who holds a data folder, and how it found it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EngineInfo {
    /// Of the program.
    pub version: String,
    /// Its process.
    pub pid: u32,
    /// What its tasks inherit.
    pub environment: InheritedEnvironment,
    /// The database was damaged when it started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovered: Option<Recovered>,
}

/// A database was damaged, or replaced by hand, and another one is in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Recovered {
    /// The damaged file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub set_aside: Option<PathBuf>,
    /// When the copy was taken that is in use now, in Unix milliseconds; without one the database began empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub backup_taken_at: Option<u64>,
    /// Nothing was damaged: the database that was found is of an earlier time than the one that was here before.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub is_older: bool,
}
