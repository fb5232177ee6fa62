//! What asks a program that stands for a task to end: signals, and that nobody reads what it prints.

use crate::error::CliError;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

/// Why it is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndRequest {
    /// By a person, who may be asked back.
    Interrupt,
    Terminate,
    /// By a person who does not want to be asked, with Ctrl-\.
    Quit,
    /// The terminal is gone.
    HangUp,
}

/// Listens from when it is made.
pub struct Signals {
    terminate: Signal,
    // `None` where who started us wants it ignored: nohup(1) does, and a shell without job control of what it has in the background.
    interrupt: Option<Signal>,
    quit: Option<Signal>,
    hang_up: Option<Signal>,
}

impl Signals {
    pub fn listen() -> Result<Self, CliError> {
        let on = |kind, name| signal(kind).map_err(|error| CliError::Signal(name, error));
        let ignored = ignored();
        let unless_ignored = |kind: SignalKind, name| match is_in(ignored, kind) {
            true => Ok(None),
            false => on(kind, name).map(Some),
        };
        Ok(Self {
            terminate: on(SignalKind::terminate(), "SIGTERM")?,
            interrupt: unless_ignored(SignalKind::interrupt(), "Ctrl-C")?,
            quit: unless_ignored(SignalKind::quit(), "SIGQUIT")?,
            hang_up: unless_ignored(SignalKind::hangup(), "SIGHUP")?,
        })
    }

    /// The next one. Can be dropped and called again.
    pub async fn next(&mut self) -> EndRequest {
        let Self { interrupt, terminate, quit, hang_up } = self;
        tokio::select! {
            () = received(interrupt) => EndRequest::Interrupt,
            _ = terminate.recv() => EndRequest::Terminate,
            () = received(quit) => EndRequest::Quit,
            () = received(hang_up) => EndRequest::HangUp,
        }
    }
}

async fn received(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

/// The signals that this process ignores, a bit each, as the kernel has them.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

fn is_in(mask: u64, kind: SignalKind) -> bool {
    mask >> (kind.as_raw_value() - 1) & 1 == 1
}

/// Done when nobody can read standard output any more. Of a file that is never.
pub async fn reader_gone() {
    let (gone, reported) = oneshot::channel();
    // A thread that waits for nothing else, and ends with this program if nothing else ends it: who watched it in the runtime would
    // have to change how the descriptor writes, which others have too.
    std::thread::spawn(move || {
        let output = io::stdout();
        loop {
            let mut watched = [PollFd::new(&output, PollFlags::empty())];
            match poll(&mut watched, None) {
                Ok(_) if watched[0].revents().intersects(PollFlags::ERR | PollFlags::HUP) => break,
                Err(Errno::INTR) => {}
                Ok(_) | Err(_) => return,
            }
        }
        gone.send(()).ok();
    });
    if reported.await.is_err() {
        std::future::pending().await
    }
}

/// How another program has ended: `exit 1`, `signal 9`.
pub fn status_words(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => status.to_string(),
    }
}

pub fn is_reader_gone(error: &io::Error) -> bool {
    // The last of a terminal that is gone.
    error.kind() == io::ErrorKind::BrokenPipe || error.raw_os_error() == Some(Errno::IO.raw_os_error())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_program_is_told_as_that_of_a_task() {
        assert_eq!(status_words(ExitStatus::from_raw(1 << 8)), "exit 1");
        assert_eq!(status_words(ExitStatus::from_raw(9)), "signal 9");
    }
}
