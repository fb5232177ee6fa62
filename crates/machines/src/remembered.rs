//! Which machine the main window was on last, so that it is on it again when it is made anew, in this app or the next. A small
//! file beside the tokens; without it the window is on this machine.

use crate::machine::Machine;
use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

/// In the data folder.
const FOLDER: &str = "connections";
const FILE: &str = "shown.json";

pub(crate) struct Remembered {
    path: PathBuf,
}

impl Remembered {
    pub(crate) fn in_folder(data_dir: &Path) -> Self {
        Self { path: data_dir.join(FOLDER).join(FILE) }
    }

    /// This machine when nothing else can be read.
    pub(crate) fn machine(&self) -> Machine {
        let text = fs::read_to_string(&self.path).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// # Errors
    /// When it cannot be written; the next window is then on the machine of before.
    pub(crate) fn set(&self, machine: &Machine) -> io::Result<()> {
        if *machine == self.machine() {
            return Ok(());
        }
        let folder = self.path.parent().unwrap_or(Path::new("."));
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        solti_whole_file::write(&self.path, &serde_json::to_vec(machine)?, solti_whole_file::PRIVATE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_is_remembered_and_anything_unreadable_is_this_one() {
        let dir = tempfile::tempdir().expect("temp dir");
        let remembered = Remembered::in_folder(dir.path());
        assert_eq!(remembered.machine(), Machine::Here);
        remembered.set(&Machine::Named("build box".into())).expect("kept");
        assert_eq!(Remembered::in_folder(dir.path()).machine(), Machine::Named("build box".into()));
        remembered.set(&Machine::Here).expect("kept");
        assert_eq!(remembered.machine(), Machine::Here);
        fs::write(dir.path().join("connections/shown.json"), "{half").expect("own file");
        assert_eq!(remembered.machine(), Machine::Here);
    }
}
