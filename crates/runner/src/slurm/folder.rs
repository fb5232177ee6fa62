//! The shared folder: where the shim is put for all nodes, and what a run has left in its own folder. All of it may wait for as long as the
//! file system does, so it is done on threads that may be blocked.

use std::ffi::CStr;
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use solti_model::RunId;
use solti_shim::exit_record::{ExitRecord, run_id_hash};
use solti_shim::layout::{KILL_WORD, STOP};

use super::verdict::Told;
use crate::ask::last_words;
use crate::run_dir::RunDir;
use crate::{AttachError, RunOutcome, StartCause, StartFailure, StopMode};

/// What Slurm says of a job is a few lines.
const MAX_WORDS: u64 = 64 << 10;

/// Where the runs of this engine are: nobody else's are there.
pub(super) fn runs_root(shared: &Path, data_dir: &Path) -> PathBuf {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let instance = run_id_hash(&format!("{} {}", host.trim(), data_dir.display()));
    shared.join("solti").join(format!("{:08x}", instance & u64::from(u32::MAX))).join("runs")
}

/// Puts the shim where all nodes see it, and says where. One that runs is never written to: another version has another name.
pub(super) fn provide_shim(shared: &Path, program: &[u8]) -> io::Result<PathBuf> {
    let folder = shared.join("solti/bin");
    let there = folder.join(format!("solti-shim-{:016x}", run_id_hash(&String::from_utf8_lossy(program))));
    if fs::metadata(&there).is_ok_and(|found| found.len() == program.len() as u64) {
        return Ok(there);
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    solti_whole_file::write(&there, program, solti_whole_file::PRIVATE_PROGRAM)?;
    Ok(there)
}

/// A start that the shared folder has refused: what is wrong there is mended there, and nothing has run yet.
pub(super) fn unusable(failure: StartFailure) -> StartFailure {
    let is_lacking = failure.cause == StartCause::System && failure.shortage().is_none();
    if !is_lacking && failure.cause != StartCause::OwnFolderAway {
        return failure;
    }
    let problem = format!("{}: {}", failure.path.display(), io::Error::from_raw_os_error(failure.errno));
    StartFailure { cause: StartCause::SharedFolder { problem }, ..failure }
}

/// The run folder as nodes see it: that of the task may be a link, which only this machine has.
pub(super) fn as_nodes_see(run_dir: &Path) -> PathBuf {
    let target =
        run_dir.parent().and_then(|task| fs::read_link(task).ok()).filter(|target| target.is_absolute());
    match (target, run_dir.file_name()) {
        (Some(target), Some(attempt)) => target.join(attempt),
        _ => run_dir.to_owned(),
    }
}

/// Why the folder of a run cannot be looked at though it may be there; `None` where looking tells.
pub(super) fn is_away(run_dir: &Path) -> Option<String> {
    let seen = as_nodes_see(run_dir);
    let root = seen.parent()?.parent()?;
    let is_link = run_dir.parent().is_some_and(Path::is_symlink);
    (is_link && !root.is_dir()).then(|| format!("the shared folder {} is not there", root.display()))
}

/// What a look at a run folder has shown.
#[derive(Debug)]
pub(super) struct FolderLook {
    pub told: Told,
    /// Of a run that has begun: its program's process on its node, and its time of start in Unix milliseconds.
    pub began: Option<(u32, u64)>,
    /// Bytes of all segments of its log.
    pub log_bytes: u64,
    /// The last that Slurm, or the job's script, has said.
    pub words: Option<String>,
}

pub(super) fn look(run_dir: &Path, run: &RunId) -> Result<FolderLook, AttachError> {
    let failed = |source| AttachError::RunDir { path: run_dir.to_owned(), source };
    let mut look = FolderLook { told: Told::Nothing, began: None, log_bytes: 0, words: None };
    let Some(dir) = RunDir::open_existing(run_dir)? else {
        return match is_away(run_dir) {
            Some(_) => Err(failed(io::ErrorKind::NotConnected.into())),
            None => Ok(look),
        };
    };
    let record = dir.record(run);
    let record = record.map_err(|source| AttachError::ExitRecord { path: run_dir.to_owned(), source })?;
    if let Some(record) = record {
        look.began = began(&record);
        look.told = match RunOutcome::from_record(&record) {
            Some(outcome) => Told::Ended(Box::new(outcome)),
            None => Told::Began,
        };
    }
    for entry in fs::read_dir(run_dir).map_err(failed)?.flatten() {
        let name = entry.file_name();
        let is_log = name.to_str().is_some_and(|name| name.starts_with("output") && name.ends_with(".log"));
        if is_log && let Ok(found) = entry.metadata() {
            look.log_bytes += found.len();
        }
    }
    let output = dir.read(JOB_OUTPUT_NAME, MAX_WORDS).map_err(failed)?;
    look.words = last_words(&String::from_utf8_lossy(&output)).map(str::to_owned);
    Ok(look)
}

/// As a C string; the same name as [`JOB_OUTPUT`](crate::run_dir::JOB_OUTPUT).
const JOB_OUTPUT_NAME: &CStr = c"slurm.out";

fn began(record: &ExitRecord) -> Option<(u32, u64)> {
    (record.child_pid != 0).then_some((record.child_pid, record.started_at_ms))
}

/// Asks the shim to end the run, whoever else can reach it; and keeps one that is believed to be gone from going on.
pub(super) fn ask_to_end(run_dir: &Path, mode: StopMode) -> io::Result<()> {
    let word = match mode {
        StopMode::Graceful => "",
        StopMode::Kill => KILL_WORD,
    };
    solti_whole_file::write(&run_dir.join(STOP), word.as_bytes(), solti_whole_file::PRIVATE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_link_is_followed_as_nodes_have_to() {
        let (shared, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let target = shared.path().join("solti/x/runs/t");
        fs::create_dir_all(target.join("1")).unwrap();
        std::os::unix::fs::symlink(&target, data.path().join("t")).unwrap();
        let run_dir = data.path().join("t/1");
        assert_eq!(as_nodes_see(&run_dir), target.join("1"));
        assert_eq!(is_away(&run_dir), None);
        fs::remove_dir_all(shared.path().join("solti")).unwrap();
        assert!(is_away(&run_dir).is_some(), "it may be there, on a disk that is not");
        assert_eq!(as_nodes_see(&target.join("1")), target.join("1"));
        assert_eq!(is_away(&target.join("1")), None, "no link: what is not there is gone");
        assert_eq!(JOB_OUTPUT_NAME.to_str(), Ok(crate::run_dir::JOB_OUTPUT));
    }

    #[test]
    fn the_shim_is_put_once_and_another_version_beside_it() {
        let shared = tempfile::tempdir().unwrap();
        let first = provide_shim(shared.path(), b"one").unwrap();
        assert_eq!(provide_shim(shared.path(), b"one").unwrap(), first);
        // Tasks that start together, each on a thread of its own.
        let all: Vec<_> = std::thread::scope(|threads| {
            let starts: Vec<_> =
                (0..16).map(|_| threads.spawn(|| provide_shim(shared.path(), b"two").unwrap())).collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect()
        });
        let second = provide_shim(shared.path(), b"two").unwrap();
        assert!(all.iter().all(|found| *found == second));
        assert_ne!(first, second);
        assert_eq!(fs::read(first).unwrap(), b"one");
        assert_eq!(fs::metadata(second).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
