//! What is found when the app, or somebody at a terminal, looks at everything that the app stands on.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What the doctor has found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Diagnosis {
    /// Of the app.
    pub version: String,
    /// In the order in which a person would look.
    pub findings: Vec<Finding>,
}

impl Diagnosis {
    /// The worst of what was found.
    #[must_use]
    pub fn state(&self) -> FindingState {
        self.findings.iter().map(|finding| finding.state).max().unwrap_or(FindingState::Ok)
    }
}

/// One thing that the doctor has looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What was looked at: "Data folder". Each but once.
    pub what: String,
    /// How bad it is.
    pub state: FindingState,
    /// How it is, in a phrase.
    pub said: String,
    /// What to do about it, in a sentence or two.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub advice: Option<String>,
}

impl Finding {
    /// Nothing to do.
    #[must_use]
    pub fn ok(what: &str, said: impl Into<String>) -> Self {
        Self { what: what.into(), state: FindingState::Ok, said: said.into(), advice: None }
    }

    /// Tasks run, but something should be done.
    #[must_use]
    pub fn warning(what: &str, said: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            state: FindingState::Warning,
            said: said.into(),
            advice: Some(advice.into()),
        }
    }

    /// Something has to be done.
    #[must_use]
    pub fn problem(what: &str, said: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { state: FindingState::Problem, ..Self::warning(what, said, advice) }
    }
}

/// From good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum FindingState {
    /// Nothing to do.
    Ok,
    /// Tasks run, but something is missing or will run out.
    Warning,
    /// Tasks cannot run, or what is stored cannot be relied on.
    Problem,
}
