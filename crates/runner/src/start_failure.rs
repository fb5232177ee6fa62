//! A start that failed: the stage, the cause, and the one sentence for the user.
//!
//! Most causes are found before the shim is started (`resolve.rs`), where more is known than an errno. What slips
//! through comes back from the shim as stage and errno, and is put into the same words here.

use std::io;
use std::path::{Path, PathBuf};

use solti_model::secret::masked_text;
use solti_model::{FieldError, Stdin, SubprocessMode, TaskKind, TaskSpec};
use solti_shim::start_report::{Stage as ShimStage, StartFailure as ReportedFailure};
use solti_wasi::NotStarted;

use crate::container_failure::{ContainerFailure, ContainerTrouble};

/// How far a start came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The program was looked up and checked.
    Resolve,
    /// The run folder and what is in it at the start were made.
    RunDir,
    /// The shim, its pipes and its socket were made.
    Spawn,
    /// The log files were made.
    Log,
    /// What the program reads was opened.
    Stdin,
    /// The working directory was entered.
    Chdir,
    /// The program was executed.
    Exec,
}

/// A start that failed. Nothing of the task has run. Its `Display` is one plain sentence that names the path, without what is secret in
/// it: it is stored, and sent to hooks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", masked_text(&self.sentence()))]
pub struct StartFailure {
    /// Where it failed.
    pub stage: Stage,
    /// As the system numbers errors; 0 when none was involved.
    pub errno: i32,
    /// The program, the working directory, the file to read or the run folder; empty when it is not known any more.
    pub path: PathBuf,
    /// What the sentence is made of.
    pub cause: StartCause,
}

/// What was wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartCause {
    /// The runner that it was given to does not take it (any more).
    Refused {
        /// Why not.
        problem: String,
    },
    /// The engine has not started its container.
    Container(ContainerFailure),
    /// The WebAssembly module has not been started.
    Wasm(NotStarted),
    /// A bare name that no directory of the PATH holds.
    NotInPath {
        /// Directories of the PATH that were looked through.
        entries: usize,
    },
    /// Nothing is at the path that was given.
    NoSuchProgram,
    /// A directory is at the path.
    IsDirectory,
    /// This user may not execute it.
    NotExecutable,
    /// The first line of the program names this one, which is missing, or none that may be executed.
    BadInterpreter {
        /// As the first line has it.
        interpreter: PathBuf,
    },
    /// Its first line cannot be read, because of what cannot be seen in it.
    BadFirstLine {
        /// To be put behind the program's path, as in "has a byte order mark (BOM) before its #! line".
        problem: &'static str,
    },
    /// The loader that a binary asks for is missing.
    BadLoader,
    /// Neither a binary of this machine nor a script with a `#!` line.
    ExecFormat,
    /// A word or a variable, or all of them together, are more than the kernel takes.
    ArgumentsTooLong,
    /// The script's text breaks a rule of the model.
    BadScript {
        /// The rule that is broken, as the model words it.
        problem: String,
    },
    /// Nothing is at the path of the working directory.
    CwdMissing,
    /// Something else is at the path of the working directory.
    CwdNotDirectory,
    /// This user may not enter the working directory.
    CwdDenied,
    /// The run folder holds a run already.
    RunExists,
    /// A symlink or a file is in its place, or it belongs to another user.
    RunDirForeign,
    /// Solti's own folder is out of reach, or its disk takes nothing: one that is not mounted, say, or full.
    OwnFolderAway,
    /// The shim has ended without a word.
    ShimDied,
    /// The shim has not reported in time.
    ShimSilent,
    /// The folder that its run shares with a cluster could not be used.
    SharedFolder {
        /// What of it, and why.
        problem: String,
    },
    /// Its cluster could not take it at that moment.
    ClusterTrouble {
        /// Why, in a sentence.
        problem: String,
    },
    /// The system refused, for the reason in `errno`.
    System,
}

impl StartFailure {
    pub(crate) fn new(stage: Stage, errno: i32, path: impl Into<PathBuf>, cause: StartCause) -> Self {
        Self { stage, errno, path: path.into(), cause }
    }

    /// The word of a runner, or of who starts it, on a task that cannot be started: its message is the sentence.
    pub fn refused(error: FieldError) -> Self {
        Self::new(Stage::Resolve, 0, "", StartCause::Refused { problem: error.message })
    }

    /// Of a job that its cluster has not taken, and may take later; `problem` is a sentence.
    pub(crate) fn cluster_trouble(problem: String) -> Self {
        Self::new(Stage::Exec, 0, "", StartCause::ClusterTrouble { problem })
    }

    /// Of a container that an engine has not started, or was not asked to.
    pub(crate) fn container(failure: ContainerFailure) -> Self {
        let stage = match failure.trouble {
            ContainerTrouble::EngineUnusable => Stage::Resolve,
            _ => Stage::Exec,
        };
        Self::new(stage, 0, "", StartCause::Container(failure))
    }

    pub(crate) fn system(stage: Stage, path: impl Into<PathBuf>, error: &io::Error) -> Self {
        let errno = error.raw_os_error().unwrap_or(0);
        Self::new(stage, errno, path, system_cause(stage, errno))
    }

    /// What was lacking for a moment: of the system, of a disk that others serve, or of a cluster. `None` when trying again would only repeat the
    /// failure. A shim that has ended or hung before it started the program was killed, or had no turn on a busy machine: that says
    /// nothing of the task.
    #[must_use]
    pub fn shortage(&self) -> Option<String> {
        let lacking = match (&self.cause, self.errno) {
            (StartCause::OwnFolderAway, libc::ENOSPC) => "the disk is full",
            (StartCause::OwnFolderAway, libc::EDQUOT) => "this user may have no more of the disk (quota)",
            (
                StartCause::SharedFolder { .. }
                | StartCause::ClusterTrouble { .. }
                | StartCause::OwnFolderAway
                | StartCause::ShimDied
                | StartCause::ShimSilent,
                _,
            ) => return Some(self.to_string()),
            (StartCause::System, libc::EMFILE) => "too many open files",
            (StartCause::System, libc::ENFILE) => "too many open files on this machine",
            (StartCause::System, libc::EAGAIN) => "no more processes can be started",
            (StartCause::System, libc::ENOMEM | libc::ENOBUFS) => "not enough memory",
            (StartCause::System, libc::ETOOMANYREFS) => "too many file descriptors in flight",
            _ => return None,
        };
        Some(lacking.to_owned())
    }

    /// From a report of the shim, while the paths are known.
    pub(crate) fn reported(
        failure: ReportedFailure,
        program: &Path,
        cwd: &Path,
        stdin: &Path,
        run_dir: &Path,
    ) -> Self {
        let mut this = Self::recorded(failure);
        this.path = match this.stage {
            Stage::Exec => program.to_owned(),
            Stage::Chdir => cwd.to_owned(),
            Stage::Stdin => stdin.to_owned(),
            Stage::Resolve | Stage::RunDir | Stage::Spawn | Stage::Log => run_dir.to_owned(),
        };
        this
    }

    /// From an exit record, which holds no paths.
    pub(crate) fn recorded(ReportedFailure { stage, errno }: ReportedFailure) -> Self {
        let (stage, cause) = match (stage, errno) {
            (ShimStage::Chdir, libc::ENOENT) => (Stage::Chdir, StartCause::CwdMissing),
            (ShimStage::Chdir, libc::ENOTDIR) => (Stage::Chdir, StartCause::CwdNotDirectory),
            (ShimStage::Chdir, libc::EACCES) => (Stage::Chdir, StartCause::CwdDenied),
            (ShimStage::Chdir, _) => (Stage::Chdir, StartCause::System),
            (ShimStage::Exec, libc::ENOENT) => (Stage::Exec, StartCause::NoSuchProgram),
            (ShimStage::Exec, libc::EACCES) => (Stage::Exec, StartCause::NotExecutable),
            (ShimStage::Exec, libc::ENOEXEC) => (Stage::Exec, StartCause::ExecFormat),
            (ShimStage::Exec, libc::E2BIG) => (Stage::Exec, StartCause::ArgumentsTooLong),
            (ShimStage::Exec, _) => (Stage::Exec, StartCause::System),
            (ShimStage::Interpreter, _) => (Stage::Exec, StartCause::BadLoader),
            (ShimStage::Lock, libc::EWOULDBLOCK | libc::ECANCELED) => (Stage::RunDir, StartCause::RunExists),
            (ShimStage::Lock | ShimStage::RunDir | ShimStage::Launch, _) => {
                (Stage::RunDir, system_cause(Stage::RunDir, errno))
            }
            (ShimStage::Stdin, _) => (Stage::Stdin, StartCause::System),
            (ShimStage::Log, _) => (Stage::Log, system_cause(Stage::Log, errno)),
            (ShimStage::Control | ShimStage::Spawn, _) => (Stage::Spawn, system_cause(Stage::Spawn, errno)),
        };
        Self::new(stage, errno, PathBuf::new(), cause)
    }

    /// The same with the path that an exit record does not hold, as the task names it.
    #[must_use]
    pub fn of_task(mut self, spec: &TaskSpec) -> Self {
        let TaskKind::Subprocess(task) = &spec.kind else { return self };
        if self.path.as_os_str().is_empty() {
            let path = match (self.stage, &task.mode, &spec.stdin) {
                (Stage::Exec, SubprocessMode::Command(mode), _) => Some(mode.command.as_str()),
                (Stage::Exec, SubprocessMode::Script(script), _) => Some(script.runtime.program()),
                (Stage::Chdir, ..) => task.cwd.as_deref(),
                (Stage::Stdin, _, Stdin::File(path)) => Some(path.as_str()),
                _ => None,
            };
            self.path = path.map(PathBuf::from).unwrap_or_default();
        }
        self
    }

    fn sentence(&self) -> String {
        // After a restart of the app the path is not known any more.
        let or = |word: &str| {
            if self.path.as_os_str().is_empty() { word.to_owned() } else { self.path.display().to_string() }
        };
        let path = or("the program");
        match &self.cause {
            StartCause::Refused { problem } | StartCause::ClusterTrouble { problem } => problem.clone(),
            StartCause::Container(failure) => failure.to_string(),
            StartCause::Wasm(failure) => failure.to_string(),
            StartCause::NotInPath { entries: 0 } => format!("program not found: {path} (PATH is empty)"),
            StartCause::NotInPath { entries: 1 } => format!("program not found: {path} (PATH has 1 entry)"),
            StartCause::NotInPath { entries } => {
                format!("program not found: {path} (PATH has {entries} entries)")
            }
            StartCause::NoSuchProgram => format!("program not found: {path} does not exist"),
            StartCause::IsDirectory => format!("program is a directory: {path}"),
            StartCause::NotExecutable => format!("not executable (no run bit): {path}"),
            StartCause::BadInterpreter { interpreter } => {
                let why = match self.errno {
                    libc::EISDIR => "is a directory",
                    libc::EACCES => "may not be executed",
                    _ => "does not exist",
                };
                format!("bad interpreter: {path} asks for {}, which {why}", interpreter.display())
            }
            StartCause::BadFirstLine { problem } => format!("bad interpreter: {path} {problem}"),
            StartCause::BadLoader => {
                format!(
                    "bad interpreter: the program that {path} needs to be loaded is missing or not executable"
                )
            }
            StartCause::ExecFormat => {
                format!("exec format error: {path} is not a program for this machine and has no #! line")
            }
            StartCause::ArgumentsTooLong => format!("argument list too long for {path}"),
            StartCause::BadScript { problem } => format!("the script cannot be run: {problem}"),
            StartCause::CwdMissing => {
                format!("working directory does not exist: {}", or("the task's directory"))
            }
            StartCause::CwdNotDirectory => {
                format!("working directory is not a directory: {}", or("the task's directory"))
            }
            StartCause::CwdDenied => {
                format!("no permission to enter the working directory: {}", or("the task's directory"))
            }
            StartCause::RunExists => format!("the run folder already holds a run: {}", or("of this task")),
            StartCause::RunDirForeign => {
                format!("the run folder is not a folder of this user: {}", or("of this task"))
            }
            StartCause::SharedFolder { problem } => format!("the shared folder cannot be used: {problem}"),
            StartCause::ShimDied => {
                format!("the supervising process ended before it started the program ({path})")
            }
            StartCause::ShimSilent => {
                format!("the supervising process did not start the program in time ({path})")
            }
            StartCause::System | StartCause::OwnFolderAway => {
                let what = match self.stage {
                    Stage::Resolve => "the program could not be looked up",
                    Stage::RunDir => "the run folder could not be prepared",
                    Stage::Spawn => "no process could be started",
                    Stage::Log => "the log files could not be made",
                    Stage::Stdin => "the standard input could not be opened",
                    Stage::Chdir => "the working directory could not be entered",
                    Stage::Exec => "the program could not be executed",
                };
                format!("{what}: {}{}", self.path_and_colon(), io::Error::from_raw_os_error(self.errno))
            }
        }
    }

    fn path_and_colon(&self) -> String {
        if self.path.as_os_str().is_empty() { String::new() } else { format!("{}: ", self.path.display()) }
    }
}

/// Where a shim and its files are made, what a disk says of itself is not the task's fault.
fn system_cause(stage: Stage, errno: i32) -> StartCause {
    match stage {
        Stage::RunDir | Stage::Spawn | Stage::Log if is_of_the_disk(errno) => StartCause::OwnFolderAway,
        _ => StartCause::System,
    }
}

/// Whether a disk is full, fails, takes no writes, or is away: all of it may pass.
pub(crate) fn is_of_the_disk(errno: i32) -> bool {
    [
        libc::ENOSPC,
        libc::EDQUOT,
        libc::EROFS,
        libc::EIO,
        libc::ESTALE,
        libc::ENODEV,
        libc::ENXIO,
        libc::ETIMEDOUT,
        libc::ENOTCONN,
        libc::EHOSTDOWN,
        libc::EHOSTUNREACH,
    ]
    .contains(&errno)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_tells_no_secret_of_a_path() {
        let failed = |path: &str, cause| StartFailure::new(Stage::Resolve, 0, path, cause).to_string();
        for (sentence, told) in [
            (
                failed("postgres://u:hush@h/db", StartCause::NotInPath { entries: 2 }),
                "program not found: postgres://u:••••••@h/db (PATH has 2 entries)",
            ),
            (
                failed("/srv/token=hush", StartCause::CwdMissing),
                "working directory does not exist: /srv/token=••••••",
            ),
            (failed("/srv/keys", StartCause::CwdMissing), "working directory does not exist: /srv/keys"),
        ] {
            assert_eq!(sentence, told);
        }
    }

    #[test]
    fn a_recorded_failure_names_what_the_task_names() {
        let spec = |cwd: Option<&str>, mode: serde_json::Value| -> TaskSpec {
            let mut task = serde_json::json!({"mode": mode});
            if let Some(cwd) = cwd {
                task["cwd"] = cwd.into();
            }
            let spec =
                serde_json::json!({"slot": "s", "kind": {"subprocess": task}, "stdin": {"file": "/srv/in"}});
            serde_json::from_value(spec).expect("a task")
        };
        let command = || serde_json::json!({"command": {"command": "nosuchprog"}});
        let script = || serde_json::json!({"script": {"runtime": "bash", "body": "ZXhpdA=="}});
        for (stage, errno, spec, told) in [
            (
                ShimStage::Exec,
                libc::ENOENT,
                spec(None, command()),
                "program not found: nosuchprog does not exist",
            ),
            (ShimStage::Exec, libc::EACCES, spec(None, script()), "not executable (no run bit): bash"),
            (
                ShimStage::Chdir,
                libc::ENOENT,
                spec(Some("/root/none"), command()),
                "working directory does not exist: /root/none",
            ),
            (
                ShimStage::Chdir,
                libc::ENOENT,
                spec(None, command()),
                "working directory does not exist: the task's directory",
            ),
            (
                ShimStage::Stdin,
                libc::ENOENT,
                spec(None, command()),
                "the standard input could not be opened: /srv/in: No such file or directory (os error 2)",
            ),
        ] {
            let failure = StartFailure::recorded(ReportedFailure { stage, errno }).of_task(&spec);
            assert_eq!(failure.to_string(), told);
        }
    }

    #[test]
    fn only_what_the_system_or_its_disk_lacks_for_a_moment_is_tried_again() {
        let shortage = |stage, errno| StartFailure::recorded(ReportedFailure { stage, errno }).shortage();
        for stage in
            [ShimStage::RunDir, ShimStage::Launch, ShimStage::Log, ShimStage::Control, ShimStage::Spawn]
        {
            for errno in [libc::EMFILE, libc::ENFILE, libc::EAGAIN, libc::ENOMEM, libc::EIO] {
                assert!(shortage(stage, errno).is_some(), "{stage:?} {errno}");
            }
            assert_eq!(shortage(stage, libc::ENOSPC).as_deref(), Some("the disk is full"), "{stage:?}");
            assert_eq!(shortage(stage, libc::EINVAL), None);
        }
        // Of files that are the task's own.
        assert_eq!(shortage(ShimStage::Stdin, libc::EIO), None);
        assert_eq!(shortage(ShimStage::Exec, libc::EIO), None);
        assert!(shortage(ShimStage::Exec, libc::EAGAIN).is_some());
        // Another shim has the run: its number is that of a full process table.
        assert_eq!(shortage(ShimStage::Lock, libc::EWOULDBLOCK), None);
        for errno in [libc::ENOSPC, libc::EMFILE, libc::EROFS] {
            assert!(shortage(ShimStage::Lock, errno).is_some(), "its lock could not be made: {errno}");
        }
        assert_eq!(shortage(ShimStage::Exec, libc::ENOENT), None);
        // The shim was killed, or had no turn.
        for (errno, cause) in [(0, StartCause::ShimDied), (libc::ETIMEDOUT, StartCause::ShimSilent)] {
            let failure = StartFailure::new(Stage::Spawn, errno, "/s", cause);
            assert_eq!(failure.shortage(), Some(failure.to_string()));
        }
    }
}
