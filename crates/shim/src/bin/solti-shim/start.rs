//! The way from an empty process to a running child, one fallible step after the other, each with its stage.
//!
//! From the exit record on, a failure is recorded too, so that a supervisor that was away finds it. The loop that
//! follows is in `run`.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use solti_logstore::{LogError, LogWriter};
use solti_shim::exit_record::{EndFlags, RunEnd};
use solti_shim::launch::LaunchSpec;
use solti_shim::layout;
use solti_shim::start_report::{Stage, StartFailure};

use crate::child::Leader;
use crate::clients::Clients;
use crate::clock::Clock;
use crate::output::Output;
use crate::record::RecordFile;
use crate::run::{Run, Started};
use crate::sys;

/// No launch file of a task that `execve` accepts comes near this.
const MAX_LAUNCH: u64 = 64 << 20;
const LOCK_TRIES: u32 = 20;
const BETWEEN_TRIES: Duration = Duration::from_millis(5);

/// Names the stage of a failed step.
pub fn at(stage: Stage) -> impl Fn(io::Error) -> StartFailure {
    move |error| StartFailure { stage, errno: error.raw_os_error().unwrap_or(libc::EIO) }
}

/// `status`: the pipe that the app waits at, if it started us.
pub fn start(run_dir: &Path, status: Option<BorrowedFd<'_>>) -> Result<Run, StartFailure> {
    sys::close_inherited();
    sys::new_session();
    let signals = null_stdio()
        .and_then(|()| sys::become_subreaper())
        .and_then(|()| sys::signal_descriptor())
        .map_err(at(Stage::Spawn))?;

    let dir = layout::open_run_dir(run_dir).map_err(at(Stage::RunDir))?;
    let lock = lock(&dir).map_err(at(Stage::Lock))?;
    // The app has died before the run began, so the next one starts it anew, maybe at this very moment and in this very
    // folder: nothing of it may be touched. From here on the lock tells the next one that the run is ours.
    if status.is_some_and(|pipe| !sys::has_reader(pipe)) {
        return Err(StartFailure { stage: Stage::Lock, errno: libc::ECANCELED });
    }
    let clock = Clock::start();
    let mut record = RecordFile::begin(lock, clock.now_ms()).map_err(at(Stage::RunDir))?;

    let began = Instant::now();
    match launch(&dir, &mut record) {
        Ok(Launched { spec, leader, output, clients }) => {
            Ok(Run::new(Started { dir, signals, clock, began, record, spec, leader, output, clients }))
        }
        Err(failure) => {
            // The caller hears of the failure in any case; a record that cannot be written adds nothing to that.
            let duration = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
            let _ =
                record.finish(RunEnd::StartFailed(failure), clock.now_ms(), duration, EndFlags::default());
            let _ = sys::remove_at(dir.as_fd(), c"control.sock");
            Err(failure)
        }
    }
}

/// Another shim keeps the lock for long, but an app that asks whether we live has it for a moment.
fn lock(dir: &File) -> io::Result<File> {
    for _ in 0..LOCK_TRIES {
        if let Some(lock) = layout::try_lock(dir.as_fd())? {
            return Ok(lock);
        }
        // flock has no wait with a time limit.
        std::thread::sleep(BETWEEN_TRIES);
    }
    Err(io::Error::from_raw_os_error(libc::EWOULDBLOCK))
}

struct Launched {
    spec: LaunchSpec,
    leader: Leader,
    output: Output,
    clients: Clients,
}

fn launch(dir: &File, record: &mut RecordFile) -> Result<Launched, StartFailure> {
    let spec = read_launch(dir)?;
    let log = LogWriter::create(&layout::path_in(dir.as_fd(), ""))
        .map_err(|error| at(Stage::Log)(source(error)))?;
    let clients = Clients::listen(dir.as_fd()).map_err(at(Stage::Control))?;
    let (output, stdout, stderr) = Output::new(log).map_err(at(Stage::Spawn))?;
    let leader = Leader::spawn(&spec, stdout, stderr)?;
    // Already said Started; the pid is an extra for whoever finds the run without its shim.
    let _ = record.child_started(leader.pid());
    Ok(Launched { spec, leader, output, clients })
}

/// Reads the launch file and removes it, because it holds the task's environment.
fn read_launch(dir: &File) -> Result<LaunchSpec, StartFailure> {
    let mut bytes = Vec::new();
    layout::open_at(dir.as_fd(), c"launch", libc::O_RDONLY)
        .and_then(|file| file.take(MAX_LAUNCH).read_to_end(&mut bytes))
        .and_then(|_| sys::remove_at(dir.as_fd(), c"launch"))
        .map_err(at(Stage::Launch))?;
    LaunchSpec::decode(&bytes).map_err(|_| StartFailure { stage: Stage::Launch, errno: libc::EINVAL })
}

/// Nothing of the app's terminal or pipes stays with the run.
fn null_stdio() -> io::Result<()> {
    let null = File::options().read(true).write(true).open("/dev/null")?;
    (0..3).try_for_each(|fd| sys::duplicate_onto(null.as_fd(), fd))
}

fn source(error: LogError) -> io::Error {
    match error {
        LogError::Open { source, .. }
        | LogError::Read { source, .. }
        | LogError::Write { source, .. }
        | LogError::Sync { source, .. } => source,
    }
}
