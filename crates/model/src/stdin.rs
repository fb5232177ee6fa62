//! What a program reads at its standard input.

use crate::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The longest text, in bytes.
pub const MAX_STDIN_BYTES: usize = 1024 * 1024;

/// `"none"`, `{"text":"…"}`, `{"file":"/…"}` or `"open"`. Each attempt reads it from its beginning.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Stdin {
    /// Nothing: its end is there at once.
    #[default]
    None,
    /// At most 1 MiB of text, kept with the task.
    Text(String),
    /// The absolute path of a file that is there, and can be read, when the program is started.
    File(String),
    /// What a client sends while the program runs. Not to be had in this version.
    Open,
}

impl Stdin {
    /// Whether there is none.
    pub fn is_none(&self) -> bool {
        *self == Self::None
    }

    pub(crate) fn validate(&self) -> Result<(), FieldError> {
        let refuse = |field: &str, message: &str| Err(FieldError::new(field, message));
        match self {
            Self::None => Ok(()),
            Self::Text(text) if text.len() > MAX_STDIN_BYTES => {
                refuse("stdin.text", "must be at most 1 MiB; a file may be larger")
            }
            Self::Text(_) => Ok(()),
            Self::File(path) if !path.starts_with('/') => refuse("stdin.file", "must be an absolute path"),
            Self::File(path) if path.contains('\0') => {
                refuse("stdin.file", "must not contain a NUL character")
            }
            Self::File(_) => Ok(()),
            Self::Open => {
                refuse("stdin", "what is sent while a program runs is not taken yet; give a text or a file")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_read_is_one_of_four() {
        for (stdin, written, refused) in [
            (Stdin::None, json!("none"), None),
            (Stdin::Text("a\0b".into()), json!({"text": "a\0b"}), None),
            (Stdin::File("/etc/hosts".into()), json!({"file": "/etc/hosts"}), None),
            (Stdin::Open, json!("open"), Some("stdin")),
            (Stdin::File("hosts".into()), json!({"file": "hosts"}), Some("stdin.file")),
            (Stdin::Text("x".repeat(MAX_STDIN_BYTES)), json!({"text": "x".repeat(MAX_STDIN_BYTES)}), None),
        ] {
            assert_eq!(serde_json::to_value(&stdin).expect("writes"), written);
            assert_eq!(serde_json::from_value::<Stdin>(written).expect("reads"), stdin);
            assert_eq!(stdin.validate().err().map(|error| error.field).as_deref(), refused);
        }
        let long = Stdin::Text("x".repeat(MAX_STDIN_BYTES + 1));
        assert_eq!(long.validate().expect_err("too long").field, "stdin.text");
    }
}
