//! What a run in a cluster is told through its folder, which is all that it shares with whoever started it: to end, by a file that is put there,
//! or by its record being taken away. So it ends also where the cluster itself cannot be asked to end it, or believes that it is gone.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use solti_shim::layout::{self, KILL_WORD};

/// Other machines see a file a few seconds after it was made, so that looking more often tells nothing sooner.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// How the run is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// As by TERM.
    Stop,
    /// At once.
    Kill,
}

#[derive(Debug)]
pub struct Fence {
    look_at: Instant,
}

impl Fence {
    pub fn new(now: Instant) -> Self {
        Self { look_at: now }
    }

    pub fn due(&self) -> Instant {
        self.look_at
    }

    /// Looks when it is time to. A folder that cannot be looked at says nothing.
    pub fn look(&mut self, dir: &File, now: Instant) -> Option<Word> {
        if now < self.look_at {
            return None;
        }
        self.look_at = now + BETWEEN_LOOKS;
        let mut text = String::new();
        let asked = layout::open_at(dir.as_fd(), c"stop", libc::O_RDONLY);
        match asked.and_then(|file| file.take(64).read_to_string(&mut text)) {
            Ok(_) if text.trim() == KILL_WORD => Some(Word::Kill),
            Ok(_) => Some(Word::Stop),
            Err(error) if is_gone(&error) => {
                // The run was given up, and its attempt is over for whoever started it.
                let record = layout::open_at(dir.as_fd(), c"exit", libc::O_RDONLY);
                record.is_err_and(|error| is_gone(&error)).then_some(Word::Kill)
            }
            Err(_) => None,
        }
    }
}

/// It was removed, or all of the folder on the machine that has the disk.
fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(libc::ESTALE)
}
