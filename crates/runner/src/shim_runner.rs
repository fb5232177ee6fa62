//! The runner of the app: each run gets a `solti-shim` of its own.
//!
//! This file is the order of steps; each step is in its own file. A started run is followed by one task (`watch.rs`).

use std::collections::{BTreeMap, HashMap};
use std::ffi::{CString, OsString};
use std::io::{self, PipeReader};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use solti_model::{FieldError, ResourceLimits, RunId, Stdin, TaskSpec};
use solti_shim::cgroup::Unenforced;
use solti_shim::launch::{AfterMain, Cleanup, LaunchSpec, Limits};
use solti_shim::start_report::{self, StartFailure as ReportedFailure, StartReport};
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use crate::argv::{self, Invocation};
use crate::connection::Connection;
use crate::fork_server::{ForkServer, ForkServerSlot, Ordered, is_shortage};
use crate::run_dir::{RunDir, STDIN};
use crate::shim_process::ShimProcess;
use crate::watch::{Watched, watch};
use crate::{
    AttachError, Attached, LostReason, RunEnd, RunHandle, RunOutcome, RunRequest, Runner, Shelter, Stage,
    StartCause, StartError, StartFailure, StopMode, attach, force, settle,
};

/// A shim reports within milliseconds; only a hanging file system takes longer.
const REPORT_WITHIN: Duration = Duration::from_secs(15);
/// A fork server forks within a millisecond, its other orders before that. One that takes longer is replaced, which costs the
/// runs that it is asked for a moment and nothing else.
const FORKED_WITHIN: Duration = Duration::from_secs(2);
/// A killed shim lets go of its lock at once, unless it hangs in the kernel.
const GONE_WITHIN: Duration = Duration::from_secs(1);

/// Runs each attempt under a shim, so that it outlives the app.
#[derive(Clone)]
pub struct ShimRunner {
    shim_path: PathBuf,
    server: Arc<ForkServerSlot>,
}

impl ShimRunner {
    /// `shim_path`: the `solti-shim` program, absolute.
    pub fn new(shim_path: impl Into<PathBuf>) -> Self {
        Self { shim_path: shim_path.into(), server: Arc::default() }
    }

    /// The same, with its shims in a shelter.
    pub fn sheltered(shim_path: impl Into<PathBuf>, shelter: Arc<dyn Shelter>) -> Self {
        let server = Arc::new(ForkServerSlot::with_shelter(shelter));
        Self { shim_path: shim_path.into(), server }
    }

    /// The soft limit of open files that programs get, if it is to be another than this process has.
    #[must_use]
    pub fn with_open_files(self, soft: Option<u64>) -> Self {
        let Self { shim_path, server } = self;
        // Nobody else has it yet.
        let server = Arc::into_inner(server).unwrap_or_default();
        Self { shim_path, server: Arc::new(server.with_open_files(soft)) }
    }

    /// Does what the first run would otherwise wait for.
    pub async fn warm_up(&self) {
        if let Err(error) = self.server.server(&self.shim_path).await {
            tracing::warn!("the fork server cannot be started, each run gets a new shim: {error}");
        }
    }
}

#[async_trait]
impl Runner for ShimRunner {
    fn accepts(&self, spec: &TaskSpec) -> Result<(), FieldError> {
        argv::accepts(&spec.kind)
    }

    async fn start(&self, request: RunRequest) -> Result<RunHandle, StartError> {
        self.start_prepared(request, None).await
    }

    async fn attach(&self, run_dir: &Path, run: &RunId) -> Result<Attached, AttachError> {
        attach::attach(run_dir, run).await
    }

    async fn sweep(&self, run: &RunId) -> Result<usize, AttachError> {
        crate::sweep::sweep(run).await
    }

    async fn marks(&self) -> Result<HashMap<RunId, usize>, AttachError> {
        crate::sweep::marks().await
    }

    async fn end_unreachable(
        &self,
        run_dir: &Path,
        run: &RunId,
        mode: StopMode,
    ) -> Result<Attached, AttachError> {
        if force::was_roused(run_dir, run)
            && let Ok(attached) = attach::attach(run_dir, run).await
        {
            return Ok(attached);
        }
        force::end(run_dir, run, mode).await
    }
}

/// What is executed for a task that is no process of its own.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub invocation: Invocation,
    pub cleanup: Option<Cleanup>,
    /// Those that are left to the shim.
    pub limits: ResourceLimits,
}

impl ShimRunner {
    /// Starts a run by its kind, or by what another runner has made of that.
    pub(crate) async fn start_prepared(
        &self,
        request: RunRequest,
        prepared: Option<Prepared>,
    ) -> Result<RunHandle, StartError> {
        let run = request.run.clone();
        let (tell, reported) = oneshot::channel();
        let start = Start { runner: self.clone(), request, prepared };
        // A task of its own: a caller that gives up must not leave a shim that nobody follows.
        tokio::spawn(async move {
            match start.run().await {
                Ok((watched, connection)) => {
                    let (handle, watch) = watch(watched);
                    tell.send(Ok(handle)).ok();
                    watch.follow(connection).await;
                }
                Err(failure) => drop(tell.send(Err(failure))),
            }
        });
        // The runtime is shutting down, or the task has panicked; the run folder tells which.
        reported.await.unwrap_or_else(|_| Err(AttachError::Interrupted { run }.into()))
    }
}

struct Start {
    runner: ShimRunner,
    request: RunRequest,
    prepared: Option<Prepared>,
}

/// A shim on its way to the program.
struct Begun {
    shim: ShimProcess,
    /// Until it is read.
    status: Option<PipeReader>,
    /// The fork server, and the connection that came with its shim; `None` when the shim was executed.
    forked: Option<(Arc<ForkServer>, UnixStream)>,
}

impl Start {
    async fn run(self) -> Result<(Watched, Option<Connection>), StartError> {
        let Self { runner, mut request, prepared } = self;
        let run_dir = std::path::absolute(&request.run_dir)
            .map_err(|error| StartFailure::system(Stage::RunDir, &request.run_dir, &error))?;
        let (invocation, cleanup, run_limits) = match prepared {
            Some(Prepared { invocation, cleanup, limits }) => (invocation, cleanup, limits),
            None => {
                let invocation =
                    argv::invocation(&request.kind, std::mem::take(&mut request.base_env), &run_dir)?;
                (invocation, None, request.limits)
            }
        };
        let dir = RunDir::create(&run_dir)?;
        dir.leaves_room().map_err(|error| StartFailure::system(Stage::RunDir, &run_dir, &error))?;

        let program = invocation.argv.first().map(PathBuf::from).unwrap_or_default();
        let (cwd, mut files) = (invocation.cwd.clone(), invocation.files.clone());
        let spec = launch_spec(&request, invocation, &run_limits, cleanup, &run_dir);
        let stdin = spec.stdin.clone().unwrap_or_default();
        let spec = spec.encode();
        if let Stdin::Text(text) = request.stdin {
            files.push((STDIN, text));
        }
        for (name, text) in files {
            let name = CString::new(name).map_err(io::Error::from);
            name.and_then(|name| dir.write(&name, text.as_bytes()))
                .map_err(|error| StartFailure::system(Stage::RunDir, &run_dir, &error))?;
        }

        let shim_path = &runner.shim_path;
        let mut begun = match runner.server.order(shim_path, &run_dir, &spec).await {
            Ok(Ordered { server, status, control }) => {
                Begun { shim: ShimProcess::Reaped, status: Some(status), forked: Some((server, control)) }
            }
            Err(error) if is_shortage(&error) => {
                return Err(StartFailure::system(Stage::Spawn, shim_path, &error).into());
            }
            Err(_) => execute(&runner, &dir, &spec)?,
        };
        let mut reported = report(&mut begun).await;
        if let (Reported::Never, Some((server, _))) = (&reported, &begun.forked) {
            runner.server.discard(server);
            begun = execute(&runner, &dir, &spec)?;
            reported = report(&mut begun).await;
        }
        let Begun { mut shim, forked, .. } = begun;
        let failure = match reported {
            Reported::Started { child_pid, started_at_ms, unenforced } => {
                let place = dir
                    .place()
                    .map_err(|source| AttachError::RunDir { path: dir.path().to_owned(), source })?;
                let id = request.run;
                let watched = Watched {
                    place,
                    id,
                    shim,
                    child_pid,
                    started_at_ms,
                    unenforced,
                    suspends: true,
                    suspended: false,
                };
                let control = forked.and_then(|(_, control)| tokio::net::UnixStream::from_std(control).ok());
                return Ok((watched, control.map(Connection::over)));
            }
            Reported::Failed(failure) => StartFailure::reported(failure, &program, &cwd, &stdin, &run_dir),
            Reported::Never | Reported::Died => {
                StartFailure::new(Stage::Spawn, 0, shim_path, StartCause::ShimDied)
            }
            Reported::Silent => {
                StartFailure::new(Stage::Spawn, libc::ETIMEDOUT, shim_path, StartCause::ShimSilent)
            }
        };
        let unproven = matches!(failure.cause, StartCause::ShimDied | StartCause::ShimSilent);
        if unproven {
            shim.kill(forked.map(|(server, _)| server.pid()));
            // It may have forked in the very last moment.
            let ended = crate::sweep::sweep(&request.run).await?;
            let nothing_has_run = ended == 0 && never_began(&dir, &request.run).await?;
            if !nothing_has_run {
                return Err(AttachError::Interrupted { run: request.run }.into());
            }
        }
        if let Err(error) = shim.reap().await {
            tracing::warn!(run = %request.run, %error, "the shim could not be reaped");
        }
        Err(failure.into())
    }
}

/// Whether it is certain that a shim which has not said so did not start its program, and never will.
async fn never_began(dir: &RunDir, run: &RunId) -> Result<bool, AttachError> {
    let found = settle::until_free(dir, run, GONE_WITHIN).await?;
    Ok(matches!(
        found,
        Some(
            Attached::Lost(LostReason::NeverStarted)
                | Attached::Finished(RunOutcome { end: RunEnd::StartFailed(_), .. })
        )
    ))
}

/// A shim without a fork server: slower, and its spec is a file.
fn execute(runner: &ShimRunner, dir: &RunDir, spec: &[u8]) -> Result<Begun, StartFailure> {
    let ShimRunner { shim_path, server } = runner;
    dir.write(c"launch", spec).map_err(|error| StartFailure::system(Stage::RunDir, dir.path(), &error))?;
    let (shim, status) = ShimProcess::spawn(shim_path, dir.path(), server.open_files)
        .map_err(|error| StartFailure::system(Stage::Spawn, shim_path, &error))?;
    Ok(Begun { shim, status: Some(status), forked: None })
}

/// What a shim has said of its start.
enum Reported {
    Started {
        child_pid: u32,
        started_at_ms: u64,
        unenforced: Unenforced,
    },
    Failed(ReportedFailure),
    /// There was no shim: the fork server is gone.
    Never,
    Died,
    Silent,
}

async fn report(begun: &mut Begun) -> Reported {
    let Begun { shim, status, forked } = begun;
    let mut heard = forked.is_none();
    let pipe = status.take().and_then(|status| pipe::Receiver::from_owned_fd(status.into()).ok());
    // It is closed when this returns, and a shim that has not begun by then will not.
    let Some(mut pipe) = pipe else { return Reported::Silent };
    let mut server = forked.as_ref().map(|(server, _)| server);
    let give_up = Instant::now() + REPORT_WITHIN;
    let hangs_at = Instant::now() + FORKED_WITHIN;
    loop {
        let until = if heard || server.is_none() { give_up } else { hangs_at };
        match timeout_at(until, next_report(&mut pipe)).await {
            Ok(Ok(StartReport::Forked { shim_pid })) => {
                heard = true;
                *shim = ShimProcess::Other { pid: shim_pid };
            }
            Ok(Ok(StartReport::Started { child_pid, started_at_ms, shim_pid, unenforced })) => {
                if forked.is_some() {
                    *shim = ShimProcess::Other { pid: shim_pid };
                }
                return Reported::Started { child_pid, started_at_ms, unenforced };
            }
            Ok(Ok(StartReport::Failed(failure))) => return Reported::Failed(failure),
            // Closed, and not just unreadable for us.
            Ok(Err(error)) if !heard && error.kind() == io::ErrorKind::UnexpectedEof => {
                return Reported::Never;
            }
            Ok(Err(_)) => return Reported::Died,
            // Its end closes the pipe for an order that it has not carried out, which is the proof that there is no shim. One
            // that it has just made goes on, and reports; on a busy machine it may not have had its turn yet, and until it has,
            // it holds the pipes of all orders that nobody has read.
            Err(_) if !heard && let Some(server) = server.take() => {
                tracing::warn!(pid = server.pid(), "the fork server hangs and is replaced");
                server.kill();
            }
            Err(_) => return Reported::Silent,
        }
    }
}

async fn next_report(pipe: &mut pipe::Receiver) -> io::Result<StartReport> {
    let mut bytes = [0; start_report::LEN];
    pipe.read_exact(&mut bytes).await?;
    StartReport::decode(&bytes).map_err(io::Error::other)
}

/// What the shim is told. `run_dir` is absolute, where it runs.
pub(crate) fn launch_spec(
    request: &RunRequest,
    invocation: Invocation,
    run_limits: &ResourceLimits,
    cleanup: Option<Cleanup>,
    run_dir: &Path,
) -> LaunchSpec {
    let Invocation { argv, env, cwd, files: _, after_main } = invocation;
    LaunchSpec {
        run_id: request.run.to_string(),
        argv,
        env: in_order(env),
        cwd: Some(cwd),
        timeout_ms: request.timeout.map(as_ms),
        grace_ms: as_ms(request.grace),
        after_main: match after_main {
            solti_model::AfterMain::Wait => AfterMain::Wait,
            solti_model::AfterMain::End => AfterMain::End,
        },
        limits: limits(run_limits),
        stdin: match &request.stdin {
            // The second is refused before.
            Stdin::None | Stdin::Open => None,
            Stdin::Text(_) => Some(run_dir.join(STDIN)),
            Stdin::File(path) => Some(path.into()),
        },
        cleanup,
        cluster: false,
        segments: request.segments,
    }
}

fn limits(limits: &ResourceLimits) -> Limits {
    let ResourceLimits { memory_bytes, cpu_percent, open_files, processes, output_bytes } = *limits;
    Limits { memory_bytes, cpu_percent, open_files, processes, output_bytes }
}

fn in_order(env: BTreeMap<OsString, OsString>) -> Vec<(OsString, OsString)> {
    env.into_iter().collect()
}

fn as_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[tokio::test(start_paused = true)]
    async fn a_shim_of_a_fork_server_that_hung_has_its_whole_time_to_report() {
        for (after, is_there) in
            [(Duration::ZERO, true), (FORKED_WITHIN * 3, true), (FORKED_WITHIN * 3, false)]
        {
            // It ends at once, and nobody else gets its pid before it is reaped.
            let server = ForkServerSlot::default().server(Path::new("/bin/false")).await.expect("started");
            let (status, mut shim) = io::pipe().expect("a pipe");
            let (control, _) = UnixStream::pair().expect("a socket");
            let mut begun =
                Begun { shim: ShimProcess::Reaped, status: Some(status), forked: Some((server, control)) };
            let late = async {
                tokio::time::sleep(after).await;
                let failure = ReportedFailure { stage: start_report::Stage::Chdir, errno: libc::ENOENT };
                for report in [StartReport::Forked { shim_pid: 1 }, StartReport::Failed(failure)] {
                    if is_there {
                        shim.write_all(&report.encode()).expect("somebody reads");
                    }
                }
                drop(shim);
            };
            let (reported, ()) = tokio::join!(report(&mut begun), late);
            let is_told = matches!(reported, Reported::Failed(_));
            assert!(is_told || matches!(reported, Reported::Never), "{after:?}: given up");
            assert_eq!(is_told, is_there, "{after:?}");
        }
    }
}
