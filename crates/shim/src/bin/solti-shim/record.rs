//! The exit record of this run on its way to the disk. Its meaning and its bytes are the library's.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;

use solti_shim::exit_record::{EndFlags, ExitRecord, LEN, RunEnd, RunState, Usage, is_blank, run_id_hash};

use crate::sys;

/// Holds the run's lock, too: see [`solti_shim::layout::try_lock`].
#[derive(Debug)]
pub struct RecordFile {
    file: File,
    record: ExitRecord,
}

impl RecordFile {
    /// Reserves the block of the locked file, unless it is there from another run, and says Started. Not synced: that a run was meant to start is in the
    /// supervisor's database. Refuses a folder that already holds a run (`EEXIST`).
    pub fn begin(file: File, started_at_ms: u64, boot_id_hash: u64) -> io::Result<Self> {
        // Whoever only asks for the lock leaves the file empty; one that is used again is zero.
        let mut there = [0; LEN + 1];
        let len = file.read_at(&mut there, 0)?;
        if len > LEN || !is_blank(&there[..len]) {
            return Err(io::Error::from_raw_os_error(libc::EEXIST));
        }
        if len < LEN {
            sys::allocate(file.as_fd(), LEN)?;
        }
        let record = ExitRecord {
            state: RunState::Started,
            child_pid: 0,
            shim_pid: std::process::id(),
            started_at_ms,
            boot_id_hash,
            run_id_hash: 0,
        };
        let this = Self { file, record };
        this.write()?;
        Ok(this)
    }

    pub fn record(&self) -> &ExitRecord {
        &self.record
    }

    /// Which run this is, known when its spec is. Takes effect with the next word.
    pub fn is_of(&mut self, run_id: &str) {
        self.record.run_id_hash = run_id_hash(run_id);
    }

    pub fn child_started(&mut self, child_pid: u32) -> io::Result<()> {
        self.record.child_pid = child_pid;
        self.write()
    }

    /// The last word on this run, for everybody to read; durable after [`sync`](Self::sync).
    pub fn finish(
        &mut self,
        end: RunEnd,
        finished_at_ms: u64,
        duration_us: u64,
        flags: EndFlags,
        usage: Option<Usage>,
    ) -> io::Result<()> {
        self.record.state = RunState::Final { end, finished_at_ms, duration_us, flags, usage };
        self.write()
    }

    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn write(&self) -> io::Result<()> {
        self.file.write_all_at(&self.record.encode(), 0)
    }
}
