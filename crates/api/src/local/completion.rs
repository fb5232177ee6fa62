//! What a person has begun to write, gone on with: the names of programs, where tasks look for them, and directories.

use std::collections::BTreeSet;
use std::fs::{self, DirEntry};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

/// What one answer holds.
const MOST: usize = 50;
/// Of one folder, what is looked at: there are mail folders of a million files.
const MOST_IN_FOLDER: usize = 20_000;

/// The programs of a search path. A folder is read when it is asked for, and again once something came to it or went.
pub(crate) struct Programs(Mutex<Vec<Folder>>);

struct Folder {
    path: PathBuf,
    /// When it was changed before it was read; nothing before the first time, and of one that is not there.
    changed: Option<SystemTime>,
    names: Vec<String>,
}

impl Programs {
    pub(crate) fn of(search_path: &[PathBuf]) -> Self {
        let folder = |path: &PathBuf| Folder { path: path.clone(), changed: None, names: vec![] };
        Self(Mutex::new(search_path.iter().map(folder).collect()))
    }

    /// In order, each once.
    pub(crate) fn beginning_with(&self, prefix: &str) -> Vec<String> {
        // Whatever a panic left behind is read again when it has changed.
        let mut folders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = BTreeSet::new();
        for folder in folders.iter_mut() {
            folder.refresh();
            found.extend(folder.names.iter().filter(|name| name.starts_with(prefix)).cloned());
        }
        found.into_iter().take(MOST).collect()
    }
}

impl Folder {
    fn refresh(&mut self) {
        let changed = fs::metadata(&self.path).and_then(|found| found.modified()).ok();
        if changed.is_some() && changed == self.changed {
            return;
        }
        self.names = entries(&self.path).filter(is_program).filter_map(name).collect();
        self.changed = changed;
    }
}

fn entries(folder: &Path) -> impl Iterator<Item = DirEntry> {
    fs::read_dir(folder).into_iter().flatten().flatten().take(MOST_IN_FOLDER)
}

/// Names that are no text cannot be written into a field either.
fn name(entry: DirEntry) -> Option<String> {
    entry.file_name().into_string().ok()
}

fn is_program(entry: &DirEntry) -> bool {
    fs::metadata(entry.path()).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// The directories whose paths begin so.
pub(crate) fn directories(prefix: &str) -> Vec<String> {
    let Some((parent, begun)) = prefix.rsplit_once('/').filter(|_| prefix.starts_with('/')) else {
        return vec![];
    };
    let goes_on =
        |name: &String| name.starts_with(begun) && (begun.starts_with('.') || !name.starts_with('.'));
    let is_directory = |entry: &DirEntry| fs::metadata(entry.path()).is_ok_and(|found| found.is_dir());
    // By the name first, which costs nothing: a folder may hold many files.
    let found: BTreeSet<String> = entries(Path::new(&format!("{parent}/")))
        .filter(|entry| entry.file_name().to_str().is_some_and(|name| goes_on(&name.to_owned())))
        .filter(is_directory)
        .filter_map(name)
        .collect();
    found.into_iter().take(MOST).map(|name| format!("{parent}/{name}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{File, Permissions, create_dir, set_permissions};
    use std::os::unix::fs::symlink;

    fn program(folder: &Path, name: &str) {
        let path = folder.join(name);
        File::create(&path).unwrap();
        set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    }

    #[test]
    fn programs_are_found_in_every_folder_also_those_that_come_later() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let gone = one.path().join("not there");
        program(one.path(), "maker");
        program(other.path(), "make");
        program(other.path(), "maker");
        program(other.path(), "sed");
        File::create(other.path().join("make.conf")).unwrap();
        create_dir(other.path().join("makefiles")).unwrap();
        symlink("make", other.path().join("makelink")).unwrap();
        let programs = Programs::of(&[one.path().into(), gone.clone(), other.path().into()]);
        assert_eq!(programs.beginning_with("make"), ["make", "makelink", "maker"]);
        assert!(programs.beginning_with("Make").is_empty());
        create_dir(&gone).unwrap();
        program(&gone, "makepkg");
        assert_eq!(programs.beginning_with("makep"), ["makepkg"]);
    }

    #[test]
    fn an_answer_has_an_end() {
        let folder = tempfile::tempdir().unwrap();
        for n in 0..60 {
            program(folder.path(), &format!("p{n:02}"));
            create_dir(folder.path().join(format!("d{n:02}"))).unwrap();
        }
        let programs = Programs::of(&[folder.path().into()]).beginning_with("");
        assert_eq!((programs.len(), programs.last().unwrap().as_str()), (MOST, "p49"));
        assert_eq!(directories(&format!("{}/d", folder.path().display())).len(), MOST);
    }

    #[test]
    fn directories_are_found_by_their_beginning_and_hidden_ones_by_their_dot() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().to_str().unwrap();
        for name in ["src", "spec", ".git"] {
            create_dir(folder.path().join(name)).unwrap();
        }
        File::create(folder.path().join("setup.py")).unwrap();
        symlink("src", folder.path().join("s")).unwrap();
        let at = |names: &[&str]| names.iter().map(|name| format!("{base}/{name}")).collect::<Vec<_>>();
        assert_eq!(directories(&format!("{base}/s")), at(&["s", "spec", "src"]));
        assert_eq!(directories(&format!("{base}/")), at(&["s", "spec", "src"]));
        assert_eq!(directories(&format!("{base}/.")), at(&[".git"]));
        for nothing in ["", "src", base, &format!("{base}/no/"), &format!("{base}/setup.py/")] {
            assert!(!directories(nothing).iter().any(|found| found.starts_with(&at(&[""])[0])), "{nothing}");
        }
        assert!(directories("/us").contains(&"/usr".to_owned()));
    }
}
