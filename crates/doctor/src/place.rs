//! The data folder: whose it is, who may read it, how much room there is, and whether an app holds it.

use solti_model::Finding;
use solti_model::words::bytes;
use solti_store::{FolderAccess, FolderRefused, LOCK_FILE, folder_access, free_bytes};
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

pub(crate) fn data_folder(dir: &Path) -> Finding {
    const WHAT: &str = "Data folder";
    let shown = dir.display();
    let unreadable =
        |error: &io::Error| Finding::problem(WHAT, format!("{shown}: {error}"), "Check its permissions.");
    let found = match std::fs::metadata(dir) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Finding::warning(
                WHAT,
                format!("{shown} is not there"),
                "It is made when the app starts for the first time.",
            );
        }
        Err(error) => return unreadable(&error),
    };
    if !found.is_dir() {
        return Finding::problem(WHAT, format!("{shown} is not a folder"), "Move what is there away.");
    }
    match folder_access(dir) {
        Ok(FolderAccess::Private) => {}
        Ok(FolderAccess::Open(mode)) => {
            return Finding::problem(
                WHAT,
                format!("{shown} is open to others (mode {mode:o})"),
                "The app closes it to them at its next start.",
            );
        }
        Ok(FolderAccess::Refused(why)) => {
            let advice = match why {
                FolderRefused::Foreign => {
                    "The app does not start with it. Give it to the user who runs the app."
                }
                FolderRefused::NotOurs => "The app does not start with it. SOLTI_DATA_DIR names another one.",
            };
            return Finding::problem(WHAT, format!("{shown}: {why}"), advice);
        }
        Err(error) => return unreadable(&error),
    }
    let writable = rustix::fs::access(dir, rustix::fs::Access::WRITE_OK);
    if let Err(error) = writable {
        return Finding::problem(
            WHAT,
            format!("{shown} cannot be written to: {error}"),
            "Nothing new is kept until it can. Check its permissions, and whether its disk is mounted read-only.",
        );
    }
    Finding::ok(WHAT, format!("{shown}, for you alone"))
}

pub(crate) fn free_space(dir: &Path, min_free: u64) -> Finding {
    const WHAT: &str = "Free space";
    // Of a folder that is not made yet, the disk is that of the one above it.
    let there = dir.ancestors().find(|dir| dir.exists()).unwrap_or(Path::new("/"));
    let free = match free_bytes(there) {
        Ok(free) => free,
        Err(error) => return Finding::warning(WHAT, format!("not known: {error}"), "Nothing to be done."),
    };
    let said = format!("{} free on its disk", bytes(free));
    if free == 0 {
        return Finding::problem(WHAT, said, "Nothing new is kept until there is space. Free some.");
    }
    if free < min_free {
        let advice = format!(
            "Logs are shortened until {} are free. Free some space, or lower the limit in the settings.",
            bytes(min_free)
        );
        return Finding::warning(WHAT, said, advice);
    }
    Finding::ok(WHAT, said)
}

/// The process that holds a data folder, if one does. Asked of the kernel's list of locks: taking the lock, if only for a
/// moment, would turn an app away that starts just then.
pub fn holder_of(dir: &Path) -> Option<u32> {
    let file = dir.join(LOCK_FILE).metadata().ok()?;
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    holders(&locks, file.ino()).find(|&pid| has_open(pid, &file))
}

/// Files of two file systems may have the same number, and the device that the kernel's list gives is not always the one that
/// `stat` gives (btrfs): what the process has open tells.
fn has_open(pid: u32, file: &Metadata) -> bool {
    let Ok(open) = std::fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    open.filter_map(|descriptor| descriptor.ok()?.path().metadata().ok())
        .any(|open| (open.dev(), open.ino()) == (file.dev(), file.ino()))
}

pub(crate) fn app(dir: &Path) -> Finding {
    const WHAT: &str = "App";
    match holder_of(dir) {
        Some(pid) => Finding::ok(WHAT, format!("running on this folder, process {pid}")),
        None => Finding::ok(WHAT, "not running on this folder"),
    }
}

/// The processes that hold a file of this number with `flock`, from `/proc/locks` (proc(5)):
/// `1: FLOCK ADVISORY WRITE 4711 08:02:1234 0 EOF`.
fn holders(locks: &str, inode: u64) -> impl Iterator<Item = u32> {
    locks.lines().filter_map(move |line| {
        let mut words = line.split_ascii_whitespace().skip(1);
        let (kind, pid) = (words.next()?, words.nth(2)?);
        let file = words.next()?.rsplit(':').next()?;
        if kind != "FLOCK" || file.parse() != Ok(inode) {
            return None;
        }
        pid.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_holders_of_a_lock_are_found_by_the_number_of_the_file() {
        let locks = "1: POSIX  ADVISORY  READ 9 08:02:77 0 EOF\n2: FLOCK  ADVISORY  WRITE 4711 08:02:77 0 EOF\n\
            3: FLOCK  ADVISORY  WRITE 12 00:2a:77 0 EOF\n";
        assert_eq!(holders(locks, 77).collect::<Vec<_>>(), [4711, 12]);
        assert_eq!(holders(locks, 7).count(), 0);
    }

    #[test]
    fn a_process_holds_a_folder_only_with_that_folders_file_open() {
        let dir = tempfile::tempdir().expect("temp dir");
        let path = dir.path().join(LOCK_FILE);
        std::fs::write(&path, "").expect("written");
        let file = path.metadata().expect("there");
        assert!(!has_open(std::process::id(), &file));
        let open = std::fs::File::open(&path).expect("there");
        assert!(has_open(std::process::id(), &file));
        drop(open);
    }

    #[test]
    fn a_folder_open_to_others_is_a_problem_and_what_the_app_does_with_it_is_told() {
        let parent = tempfile::tempdir().expect("temp dir");
        let found = |name: &str, mode: u32, holds: Option<&str>| {
            let dir = parent.path().join(name);
            std::fs::create_dir(&dir).expect("made");
            if let Some(file) = holds {
                std::fs::write(dir.join(file), "").expect("written");
            }
            std::fs::set_permissions(&dir, Permissions::from_mode(mode)).expect("own folder");
            let finding = data_folder(&dir);
            let shown = dir.display().to_string();
            let said = finding.said.strip_prefix(&shown).expect("the folder comes first").to_owned();
            (said, finding.advice.unwrap_or_default())
        };
        assert_eq!(found("own", 0o700, None), (", for you alone".into(), String::new()));
        let closes = "The app closes it to them at its next start.";
        for (name, holds) in [("ours", Some(LOCK_FILE)), ("empty", None)] {
            assert_eq!(found(name, 0o755, holds), (" is open to others (mode 755)".into(), closes.into()));
        }
        for (name, mode, holds) in
            [("tmp", 0o1777, None), ("used tmp", 0o1777, Some(LOCK_FILE)), ("home", 0o755, Some("notes"))]
        {
            let (said, advice) = found(name, mode, holds);
            let refused = ": other users may look into it, and it is not Solti's own: name a new folder, or an empty one";
            assert_eq!(said, refused, "{name}");
            assert!(advice.starts_with("The app does not start with it."), "{advice}");
        }
    }

    #[test]
    fn little_space_is_told_before_there_is_none() {
        let dir = tempfile::tempdir().expect("temp dir");
        assert_eq!(free_space(dir.path(), 0).state, solti_model::FindingState::Ok);
        assert_eq!(free_space(dir.path(), u64::MAX).state, solti_model::FindingState::Warning);
        assert_eq!(free_space(&dir.path().join("not/made/yet"), 0).state, solti_model::FindingState::Ok);
    }
}
