//! What this program was given to read, on its way to a task.
//!
//! On this machine it goes through a named pipe in the data folder, as it comes, however much it is, and nothing of it is kept.
//! To another machine, and to a task that may be tried again, goes a text, which is kept with the task.

use crate::error::CliError;
use crate::terminal::say;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use rand::Rng as _;
use rustix::fs::{CWD, FileType, Mode, mkfifoat};
use solti_model::{MAX_STDIN_BYTES, Stdin};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, IsTerminal as _, Read, Write};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::oneshot;

/// The null device, on Linux for ever.
const NULL: (u32, u32) = (1, 3);
const STANDARD_INPUT: &str = "standard input";
/// Who waits for so long for the end of what is read should know it.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a task is to read.
pub enum Input {
    /// It, or where it is.
    Stored(Stdin),
    Piped(Pipe),
}

impl Input {
    pub fn stdin(&self) -> Stdin {
        match self {
            Self::Stored(stdin) => stdin.clone(),
            Self::Piped(pipe) => Stdin::File(pipe.path.clone()),
        }
    }

    /// Begins to hand over what comes. Done only where that cannot be read to its end.
    pub fn hand_over(&mut self) -> BoxFuture<'static, Unread> {
        match self {
            Self::Piped(pipe) => pipe.hand_over(),
            Self::Stored(_) => std::future::pending().boxed(),
        }
    }
}

/// What is left of standard input cannot be read.
pub struct Unread {
    source: io::Error,
    /// As long as it is open, the task takes what it has for a part.
    _task: File,
}

impl From<Unread> for CliError {
    fn from(Unread { source, .. }: Unread) -> Self {
        Self::Input { what: STANDARD_INPUT.into(), source }
    }
}

/// Whether there is something to read, or may be: the null device and a terminal have nothing for a task.
pub fn is_given() -> bool {
    let Ok(found) = rustix::fs::fstat(io::stdin()) else { return false };
    let device = (rustix::fs::major(found.st_rdev), rustix::fs::minor(found.st_rdev));
    match FileType::from_raw_mode(found.st_mode) {
        FileType::CharacterDevice => device != NULL && !io::stdin().is_terminal(),
        _ => true,
    }
}

/// Through a named pipe in `dir`, for a server of this machine. A directory is refused where it is read.
pub fn piped(dir: &Path) -> io::Result<Input> {
    let found = rustix::fs::fstat(io::stdin())?;
    if FileType::from_raw_mode(found.st_mode) == FileType::Directory {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Pipe::make(dir).map(Input::Piped)
}

/// The whole of it, as a text.
///
/// # Errors
/// [`CliError::Handover`] when it is more, or something else, than a task can keep; it says what can be done `instead`.
pub async fn read(instead: &'static str) -> Result<Input, CliError> {
    let reading = tokio::task::spawn_blocking(|| {
        let mut bytes = Vec::new();
        io::stdin().lock().take(MAX_STDIN_BYTES as u64 + 1).read_to_end(&mut bytes).map(|_| bytes)
    });
    tokio::pin!(reading);
    let read = tokio::select! {
        read = &mut reading => read,
        () = tokio::time::sleep(PATIENCE) => {
            say!("solti: reading standard input to its end, before the task is submitted; -n leaves it out");
            reading.await
        }
    };
    let bytes = read.unwrap_or_else(|error| Err(io::Error::other(error)));
    let bytes = bytes.map_err(|source| CliError::Input { what: STANDARD_INPUT.into(), source })?;
    if bytes.len() > MAX_STDIN_BYTES {
        return Err(CliError::Handover { why: "it is longer than 1 MiB", instead });
    }
    let text =
        String::from_utf8(bytes).map_err(|_| CliError::Handover { why: "it is not UTF-8 text", instead })?;
    Ok(Input::Stored(if text.is_empty() { Stdin::None } else { Stdin::Text(text) }))
}

/// A named pipe that this program writes to. It goes when the task has opened it, or with this value.
pub struct Pipe {
    path: String,
    /// Open until the task has its end: a pipe without a writer is one that has ended.
    writer: Option<File>,
}

impl Pipe {
    fn make(dir: &Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        sweep(dir);
        let name = format!("{}-{:08x}", std::process::id(), rand::rng().random::<u32>());
        let path = dir.join(name);
        let text = path.to_str().ok_or(io::ErrorKind::InvalidFilename)?.to_owned();
        mkfifoat(CWD, &path, Mode::RUSR | Mode::WUSR)?;
        // For both, which waits for nobody; so the writer finds a reader.
        let both = OpenOptions::new().read(true).write(true).open(&path);
        let writer = both.and_then(|_both| OpenOptions::new().write(true).open(&path));
        match writer {
            Ok(writer) => Ok(Self { path: text, writer: Some(writer) }),
            Err(error) => {
                std::fs::remove_file(&path).ok();
                Err(error)
            }
        }
    }

    fn hand_over(&mut self) -> BoxFuture<'static, Unread> {
        let (failed, reported) = oneshot::channel();
        let (waiting, path) = (self.writer.take(), PathBuf::from(&self.path));
        // A thread of its own, which ends with this program if nothing else ends it.
        std::thread::spawn(move || {
            // Returns when the task has opened the other end.
            let Ok(mut task) = OpenOptions::new().write(true).open(&path) else { return };
            drop(waiting);
            std::fs::remove_file(&path).ok();
            match copy(&mut io::stdin().lock(), &mut task) {
                // A task that does not read on is no error, and says itself what it lacks.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
                Err(source) => drop(failed.send(Unread { source, _task: task })),
                Ok(()) => {}
            }
        });
        async {
            match reported.await {
                Ok(unread) => unread,
                Err(_) => std::future::pending().await,
            }
        }
        .boxed()
    }
}

/// Hands over what has come at once. `io::copy` leaves that to the kernel, which keeps the pipe from its reader for as long as it waits
/// for more of a socket.
fn copy(from: &mut impl Read, to: &mut impl Write) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => to.write_all(&buffer[..count])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        std::fs::remove_file(&self.path).ok();
    }
}

/// Removes the pipes of programs that were killed. Their names begin with a number that is no process's any more.
fn sweep(dir: &Path) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid =
            name.to_str().and_then(|name| name.split_once('-')).and_then(|(pid, _)| pid.parse::<u32>().ok());
        if pid.is_some_and(|pid| !Path::new("/proc").join(pid.to_string()).exists()) {
            std::fs::remove_file(entry.path()).ok();
        }
    }
}
