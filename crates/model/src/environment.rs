//! What tasks inherit, and where each variable comes from. A value whose name looks secret never leaves the engine in it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Words in the names of variables whose values are treated as secret. A guess by name, on the safe side.
const SECRET: [&str; 6] = ["KEY", "TOKEN", "SECRET", "PASS", "CREDENTIAL", "PRIVATE"];

/// Whether the value of a variable of this name is masked wherever it would be shown, exported or noted.
#[must_use]
pub fn looks_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    SECRET.iter().any(|word| name.contains(word))
}

/// The variables that a task inherits when it is started now; its own are added to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct InheritedEnvironment {
    pub capture: ShellCapture,
    /// By name.
    pub variables: Vec<InheritedVariable>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct InheritedVariable {
    pub name: String,
    /// `None` for a secret one. Bytes that are not UTF-8 are replaced by U+FFFD.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub value: Option<String>,
    pub origin: VariableOrigin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum VariableOrigin {
    /// The app was started with it.
    App,
    /// The login shell set it, or set it otherwise.
    LoginShell,
}

/// What came of asking the login shell for its environment when the app started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ShellCapture {
    Captured {
        shell: String,
        #[ts(type = "number")]
        took_ms: u64,
    },
    /// The setting says not to ask.
    Off,
    /// The app was started from a terminal and has its environment already.
    FromTerminal,
    /// Tasks get the app's own environment. `reason` is a sentence.
    Failed { shell: String, reason: String },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_secret() {
        for name in ["API_KEY", "github_token", "DB_PASSWORD", "AWS_SECRET_ACCESS_KEY", "MY_CREDENTIALS"] {
            assert!(looks_secret(name), "{name}");
        }
        for name in ["PATH", "HOME", "LANG", "EDITOR"] {
            assert!(!looks_secret(name), "{name}");
        }
    }
}
