//! Makes the growing log durable about once a second, beside the loop and not in it.
//!
//! A flush of the disk takes from 4 to 100 ms; in the loop it would hold up the doorbell and, once the pipe is full,
//! the child. So each flush has a short-lived thread of its own, the only other thread of this program, started long
//! after the fork. The last flush, before the exit record, is the log writer's (`finish`).

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use solti_logstore::LogWriter;

const EVERY: Duration = Duration::from_secs(1);
/// It calls `fdatasync` a few times and nothing else.
const STACK: usize = 64 << 10;

#[derive(Debug, Default)]
pub struct Durability {
    flushing: Option<JoinHandle<io::Result<()>>>,
    /// Bytes of the log that were written when the last flush began.
    covered: u64,
    due: Option<Instant>,
    failed: bool,
}

/// The data first: the index must not know of bytes that are not there. Any descriptor of a file can flush it.
fn flush_all(files: &[File]) -> io::Result<()> {
    files.iter().try_for_each(File::sync_data)
}

impl Durability {
    /// When [`tend`](Self::tend) has something to do.
    pub fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Starts a flush when one is due, and plans one when the log has grown.
    pub fn tend(&mut self, log: &mut LogWriter, now: Instant) {
        let written = log.published_bytes();
        match self.due {
            None if written > self.covered => self.due = Some(now + EVERY),
            Some(at) if at <= now && self.flushing.as_ref().is_some_and(|flush| !flush.is_finished()) => {
                // A slow disk: one flush at a time.
                self.due = Some(now + EVERY);
            }
            Some(at) if at <= now => {
                self.join();
                self.due = None;
                self.covered = written;
                self.flush(log);
            }
            _ => {}
        }
    }

    /// Waits for a flush under way; `false` when any has failed, as the kernel reports a lost page only once.
    pub fn finish(mut self) -> bool {
        self.join();
        !self.failed
    }

    fn flush(&mut self, log: &mut LogWriter) {
        let files = match log.files_to_sync() {
            Ok(files) => Arc::new(files),
            Err(_) => {
                self.failed = true;
                return;
            }
        };
        let theirs = Arc::clone(&files);
        match Builder::new().stack_size(STACK).spawn(move || flush_all(&theirs)) {
            Ok(flush) => self.flushing = Some(flush),
            // No thread to be had (a limit on processes): then it costs the loop a moment.
            Err(_) => self.failed |= flush_all(&files).is_err(),
        }
    }

    fn join(&mut self) {
        if let Some(flush) = self.flushing.take() {
            self.failed |= !matches!(flush.join(), Ok(Ok(())));
        }
    }
}
