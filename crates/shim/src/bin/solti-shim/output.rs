//! From the child's pipes into the log. The log's format and what is due when are `solti-logstore`'s; flushing the
//! disk is `durability`'s, and who hears of new output `clients`' business.
//!
//! Back pressure is the pipe's: a child waits while the disk is slow. A log that cannot be written never stops a
//! child; its output is read all the same and the loss is recorded.

use std::fs;
use std::io::{self, PipeReader, PipeWriter, Read};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use solti_logstore::{AlignedBuffer, LogWriter, Stream};

use crate::durability::Durability;
use crate::pace::Pace;
use crate::sys;

/// One read; at most what a pipe holds.
const BUFFER: usize = 128 << 10;
/// Small enough for a user with many runs to stay below the kernel's soft limit of 64 MiB for all pipes.
const PIPE: usize = 256 << 10;
/// A read of this much tells a program that can use a pipe of that size; most runs print less, and are spared the making.
const MUCH: usize = 16 << 10;
/// Reads of one stream before the other and the rest of the loop have their turn.
const ROUNDS: usize = 4;
/// After a log that could not be written.
const RETRY: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub struct Output {
    pipes: [Option<PipeReader>; 2],
    paces: [Pace; 2],
    enlarged: [bool; 2],
    log: LogWriter,
    /// Made for the first byte: many runs print nothing.
    buffer: AlignedBuffer,
    incomplete: bool,
    flush_at: Option<Instant>,
    durability: Durability,
}

/// What became of the log.
#[derive(Debug, Clone, Copy)]
pub struct Sealed {
    pub bytes: u64,
    pub incomplete: bool,
}

impl Output {
    /// The pipes of a run; the write ends are for the child alone.
    pub fn new(log: LogWriter) -> io::Result<(Self, PipeWriter, PipeWriter)> {
        let (stdout, stdout_end) = pipe()?;
        let (stderr, stderr_end) = pipe()?;
        let output = Self {
            pipes: [Some(stdout), Some(stderr)],
            paces: Default::default(),
            enlarged: [false; 2],
            log,
            buffer: AlignedBuffer::default(),
            incomplete: false,
            flush_at: None,
            durability: Durability::default(),
        };
        Ok((output, stdout_end, stderr_end))
    }

    /// The descriptor to poll for a stream, -1 after its end and while it rests.
    pub fn poll_fd(&self, stream: Stream, now: Instant) -> RawFd {
        if self.paces[stream as usize].pauses_until(now).is_some() {
            return -1;
        }
        self.pipes[stream as usize].as_ref().map_or(-1, AsRawFd::as_raw_fd)
    }

    /// Whether every process of the run has closed both streams.
    pub fn at_end(&self) -> bool {
        self.pipes.iter().all(Option::is_none)
    }

    /// What a descriptor of a process that holds a stream open leads to, as `/proc` has it: `pipe:[4711]`.
    pub fn open_pipes(&self) -> Vec<PathBuf> {
        let open = self.pipes.iter().flatten();
        open.filter_map(|pipe| fs::read_link(format!("/proc/self/fd/{}", pipe.as_raw_fd())).ok()).collect()
    }

    /// When [`tend`](Self::tend) has something to do.
    pub fn due(&self, now: Instant) -> Option<Instant> {
        let pauses = self.paces.iter().map(|pace| pace.pauses_until(now));
        [self.flush_at, self.durability.due()].into_iter().chain(pauses).flatten().min()
    }

    /// Bytes of the log that a reader can see.
    pub fn published(&self) -> u64 {
        self.log.published_bytes()
    }

    /// Takes what a stream holds now, but not for ever.
    pub fn read(&mut self, stream: Stream, now_ms: u64) {
        let bytes = self.read_rounds(stream, now_ms, ROUNDS);
        if bytes >= MUCH
            && !std::mem::replace(&mut self.enlarged[stream as usize], true)
            && let Some(pipe) = &self.pipes[stream as usize]
        {
            sys::enlarge_pipe(pipe.as_fd(), PIPE as libc::c_int);
        }
        self.paces[stream as usize].read(bytes, Instant::now());
    }

    /// Nobody can write to the stream any more, and nothing is in its pipe.
    pub fn close(&mut self, stream: Stream) {
        self.pipes[stream as usize] = None;
    }

    /// Takes what the pipes hold when nobody is waited for any longer.
    pub fn read_rest(&mut self, now_ms: u64) {
        for stream in Stream::ALL {
            // A process that never stops writing must not keep us: at most what was in the pipe.
            self.read_rounds(stream, now_ms, 2 * PIPE / BUFFER);
        }
    }

    /// Returns how many bytes there were.
    fn read_rounds(&mut self, stream: Stream, now_ms: u64, rounds: usize) -> usize {
        if self.buffer.is_empty() {
            self.buffer.place(0, BUFFER);
        }
        let slot = &mut self.pipes[stream as usize];
        let mut bytes = 0;
        for _ in 0..rounds {
            let Some(pipe) = slot else { break };
            match pipe.read(&mut self.buffer[..BUFFER]) {
                Ok(0) => *slot = None,
                Ok(len) => {
                    self.incomplete |= self.log.append(stream, &self.buffer[..len], now_ms).is_err();
                    bytes += len;
                    if len < BUFFER {
                        break;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // A pipe cannot fail in another way; treated as its end, so that the loop cannot spin on it.
                Err(_) => {
                    self.incomplete = true;
                    *slot = None;
                }
            }
        }
        bytes
    }

    /// Publishes what is due, and sees to it that it becomes durable.
    pub fn tend(&mut self, now: Instant, now_ms: u64) {
        self.flush_at = match self.log.flush_due(now_ms) {
            Ok(wait) => wait.map(|ms| now + Duration::from_millis(ms.max(1))),
            Err(_) => {
                self.incomplete = true;
                Some(now + RETRY)
            }
        };
        self.durability.tend(&mut self.log, now);
    }

    /// Seals the log and makes it durable. A run that printed nothing has no files and costs no sync.
    pub fn finish(self, now_ms: u64) -> Sealed {
        let published = self.log.published_bytes();
        let incomplete = self.incomplete | !self.durability.finish();
        match self.log.finish(now_ms) {
            Ok(totals) => Sealed { bytes: totals.bytes, incomplete: incomplete || totals.dropped > 0 },
            Err(_) => Sealed { bytes: published, incomplete: true },
        }
    }
}

fn pipe() -> io::Result<(PipeReader, PipeWriter)> {
    let (reader, writer) = io::pipe()?;
    sys::set_nonblocking(reader.as_fd())?;
    Ok((reader, writer))
}
