//! The way from an empty process to a running child, one fallible step after the other, each with its stage.
//!
//! From the exit record on, a failure is recorded too, so that a supervisor that was away finds it. The loop that
//! follows is in `run`.

use std::fs::File;
use std::io::{self, PipeWriter};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use solti_logstore::{LogError, LogWriter};
use solti_shim::cgroup::{GroupBase, RunGroup};
use solti_shim::exit_record::{EndFlags, RunEnd};
use solti_shim::launch::LaunchSpec;
use solti_shim::layout;
use solti_shim::start_report::{Stage, StartFailure};

use crate::child::Leader;
use crate::clients::Clients;
use crate::clock::Clock;
use crate::exec::{Pipes, look_up};
use crate::output::Output;
use crate::record::RecordFile;
use crate::run::{Run, Started};
use crate::sys::{self, SignalSet};

/// No launch file of a task that `execve` accepts comes near this.
const MAX_LAUNCH: u64 = 64 << 20;
const LOCK_TRIES: u32 = 20;
const BETWEEN_TRIES: Duration = Duration::from_millis(5);

/// Names the stage of a failed step.
pub fn at(stage: Stage) -> impl Fn(io::Error) -> StartFailure {
    move |error| StartFailure { stage, errno: error.raw_os_error().unwrap_or(libc::EIO) }
}

/// All that a shim is given.
#[derive(Debug)]
pub struct Order {
    pub run_dir: PathBuf,
    /// Where we were started, and where a program runs whose spec names no other place.
    pub home: OwnedFd,
    /// The pipe that the app waits at, if it started us.
    pub status: Option<PipeWriter>,
    /// The launch spec; without it there is a file of the run folder.
    pub spec: Option<GivenSpec>,
    /// The first client.
    pub client: Option<UnixStream>,
    /// Which boot of the machine this is; see [`solti_shim::exit_record::boot_id_hash`].
    pub boot: u64,
    /// Where the run's control group is made, if it can have one.
    pub groups: Option<GroupBase>,
    /// What the program must not inherit.
    pub ignored: SignalSet,
}

/// A launch spec that came with the order.
#[derive(Debug)]
pub enum GivenSpec {
    Bytes(Vec<u8>),
    File(File),
}

pub fn start(order: Order, status: Option<&PipeWriter>) -> Result<Run, StartFailure> {
    let signals =
        sys::become_subreaper().and_then(|()| sys::signal_descriptor()).map_err(at(Stage::Spawn))?;

    let dir = layout::open_run_dir(&order.run_dir).map_err(at(Stage::RunDir))?;
    // The names in it are short from here on, and immune to a swap of the folder.
    sys::enter(dir.as_fd()).map_err(at(Stage::RunDir))?;
    let lock = lock(&dir).map_err(at(Stage::Lock))?;
    // The app has died before the run began, so the next one starts it anew, maybe at this very moment and in this very
    // folder: nothing of it may be touched. From here on the lock tells the next one that the run is ours.
    if status.is_some_and(|pipe| !sys::has_reader(pipe.as_fd())) {
        return Err(StartFailure { stage: Stage::Lock, errno: libc::ECANCELED });
    }
    let clock = Clock::start();
    let mut record = RecordFile::begin(lock, clock.now_ms(), order.boot).map_err(at(Stage::RunDir))?;
    fail_point!("record-begun");

    let began = Instant::now();
    match launch(&dir, order, &mut record) {
        Ok(Launched { spec, leader, output, clients }) => {
            Ok(Run::new(Started { dir, signals, clock, began, record, spec, leader, output, clients }))
        }
        Err(failure) => {
            // The caller hears of the failure in any case; a record that cannot be written adds nothing to that.
            let duration = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
            record
                .finish(RunEnd::StartFailed(failure), clock.now_ms(), duration, EndFlags::default(), None)
                .and_then(|()| record.sync())
                .ok();
            sys::remove_at(dir.as_fd(), c"control.sock").ok();
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

fn launch(dir: &File, order: Order, record: &mut RecordFile) -> Result<Launched, StartFailure> {
    let mut spec = read_spec(dir, order.spec)?;
    if spec.cluster {
        spec.argv[0] = look_up(&spec);
    }
    record.is_of(&spec.run_id);
    fail_point!("launch-taken");
    let log = LogWriter::with_sizes(Path::new("."), spec.segments);
    let log = log.map_err(|error| at(Stage::Log)(source(error)))?;
    let clients = match order.client {
        Some(client) => Clients::with_first(client),
        None if spec.cluster => Ok(Clients::nobody()),
        None => Clients::listen(),
    };
    let clients = clients.map_err(at(Stage::Control))?;
    let (output, stdout, stderr) = Output::new(log).map_err(at(Stage::Spawn))?;
    let stdin = spec.stdin.as_deref().map(sys::open_to_read).transpose().map_err(at(Stage::Stdin))?;
    let group = order.groups.and_then(|groups| RunGroup::create(&groups, &spec.run_id).ok());
    let leader =
        Leader::spawn(&spec, order.home.as_fd(), group, order.ignored, Pipes { stdin, stdout, stderr })?;
    fail_point!("child-started");
    // Already said Started; the pid is an extra for whoever finds the run without its shim.
    record.child_started(leader.pid()).ok();
    Ok(Launched { spec, leader, output, clients })
}

/// Reads the launch spec that came with the order, or else the launch file, and removes that, because it holds the task's
/// environment.
fn read_spec(dir: &File, given: Option<GivenSpec>) -> Result<LaunchSpec, StartFailure> {
    let bytes = match given {
        Some(GivenSpec::Bytes(bytes)) => Ok(bytes),
        Some(GivenSpec::File(file)) => read_whole(&file),
        None => layout::open_at(dir.as_fd(), c"launch", libc::O_RDONLY).and_then(|file| {
            let bytes = read_whole(&file)?;
            sys::remove_at(dir.as_fd(), c"launch")?;
            Ok(bytes)
        }),
    };
    LaunchSpec::decode(&bytes.map_err(at(Stage::Launch))?)
        .map_err(|_| StartFailure { stage: Stage::Launch, errno: libc::EINVAL })
}

/// From its start, wherever the one who wrote it has left the descriptor.
fn read_whole(file: &File) -> io::Result<Vec<u8>> {
    let len = file.metadata()?.len().min(MAX_LAUNCH);
    let mut bytes = vec![0; usize::try_from(len).unwrap_or(0)];
    file.read_exact_at(&mut bytes, 0)?;
    Ok(bytes)
}

fn source(error: LogError) -> io::Error {
    match error {
        LogError::Open { source, .. }
        | LogError::Read { source, .. }
        | LogError::Write { source, .. }
        | LogError::Sync { source, .. } => source,
    }
}
