//! A Slurm cluster that tasks can be handed to.

use crate::FieldError;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A Slurm cluster whose `sbatch` is on this machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SlurmSettings {
    /// Whether tasks may be handed to it.
    pub enabled: bool,
    /// A folder that this machine and all nodes have under the same path, as a home directory on such a cluster is: logs and records of
    /// its tasks are kept in it. `null` until one is chosen.
    pub folder: Option<String>,
}

impl SlurmSettings {
    pub(super) fn validate(&self) -> Result<(), FieldError> {
        match self.folder.as_deref() {
            None if self.enabled => Err(FieldError::new(
                "slurm.folder",
                "is required: a folder that this machine and all nodes have",
            )),
            Some(folder) if folder.contains(['\0', '\n']) => {
                Err(FieldError::new("slurm.folder", "must not contain a NUL character or a line break"))
            }
            Some(folder) if !folder.starts_with('/') => {
                Err(FieldError::new("slurm.folder", "must be an absolute path"))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Settings;
    use crate::settings::refused;
    use serde_json::json;

    #[test]
    fn a_cluster_needs_a_folder_that_has_the_same_name_everywhere() {
        for patch in [
            json!({"slurm": {"enabled": true}}),
            json!({"slurm": {"folder": "shared"}}),
            json!({"slurm": {"folder": "/a\nb"}}),
        ] {
            assert_eq!(refused(patch).field, "slurm.folder");
        }
        let set = Settings::default().patched(&json!({"slurm": {"enabled": true, "folder": "/shared"}}));
        assert_eq!(set.map(|set| set.slurm.folder), Ok(Some("/shared".into())));
    }
}
