//! Which machines there are, by the connections of the settings, for programs that cannot ask the engine: it may be away while they run.

use crate::{read, write};
use serde::{Deserialize, Serialize};
use solti_model::Connection;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// In the data folder, beside the tokens.
const FOLDER: &str = "connections";
const FILE: &str = "known.json";

/// The machines that tasks can be handed to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Known {
    /// As the settings have them.
    pub connections: Vec<Connection>,
}

impl Known {
    fn path(data_dir: &Path) -> PathBuf {
        data_dir.join(FOLDER).join(FILE)
    }

    /// Those of a data folder; `None` where nobody has written them yet.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn of(data_dir: &Path) -> io::Result<Option<Self>> {
        read(&Self::path(data_dir))
    }

    /// The machine of this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Connection> {
        self.connections.iter().find(|connection| connection.name == name)
    }

    /// Has the file of a data folder say this.
    ///
    /// # Errors
    /// What the system says.
    pub fn keep(&self, data_dir: &Path) -> io::Result<()> {
        if Self::of(data_dir).is_ok_and(|kept| kept.as_ref() == Some(self)) {
            return Ok(());
        }
        DirBuilder::new().recursive(true).mode(0o700).create(data_dir.join(FOLDER))?;
        write(&Self::path(data_dir), self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn what_was_never_written_is_told_from_a_machine_that_is_gone() {
        let dir = tempfile::tempdir().expect("temp dir");
        assert_eq!(Known::of(dir.path()).expect("no file is fine"), None);
        let nas = Connection { name: "nas".into(), url: "ssh://nas".into(), fingerprint: None };
        Known { connections: vec![nas.clone()] }.keep(dir.path()).expect("kept");
        let known = Known::of(dir.path()).expect("read").expect("there");
        assert_eq!((known.named("nas"), known.named("lab")), (Some(&nas), None));
        let file = dir.path().join("connections/known.json");
        let mode = std::fs::metadata(&file).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        std::fs::write(&file, "{half").expect("own file");
        assert!(Known::of(dir.path()).is_err());
        Known::default().keep(dir.path()).expect("kept");
        assert_eq!(Known::of(dir.path()).expect("read"), Some(Known::default()));
    }
}
