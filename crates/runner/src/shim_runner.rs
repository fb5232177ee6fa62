//! The runner of the app: each run gets a `solti-shim` of its own.
//!
//! This file is the order of steps; each step is in its own file. A started run is followed by one task (`watch.rs`).

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use solti_model::TaskKind;
use solti_shim::launch::{DEFAULT_DRAIN_MS, LaunchSpec};
use solti_shim::start_report::{self, StartReport};
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;
use tokio::sync::oneshot;

use crate::argv::{self, Invocation};
use crate::run_dir::RunDir;
use crate::shim_process::ShimProcess;
use crate::watch::{Watched, watch};
use crate::{
    AttachError, Attached, RunHandle, RunRequest, Runner, Stage, StartCause, StartFailure, UnsupportedKind,
};

/// A shim reports within milliseconds; only a hanging file system takes longer.
const REPORT_WITHIN: Duration = Duration::from_secs(15);

/// Runs each attempt under a shim, so that it outlives the app.
#[derive(Debug, Clone)]
pub struct ShimRunner {
    /// The `solti-shim` program, absolute.
    pub shim_path: PathBuf,
}

#[async_trait]
impl Runner for ShimRunner {
    fn accepts(&self, kind: &TaskKind) -> Result<(), UnsupportedKind> {
        argv::accepts(kind).map(drop)
    }

    async fn start(&self, request: RunRequest) -> Result<RunHandle, StartFailure> {
        let (tell, told) = oneshot::channel();
        let start = Start { shim_path: self.shim_path.clone(), request };
        // A task of its own: a caller that gives up must not leave a shim that nobody follows.
        tokio::spawn(async move {
            match start.run().await {
                Ok(watched) => {
                    let (handle, watch) = watch(watched);
                    let _ = tell.send(Ok(handle));
                    watch.follow(None).await;
                }
                Err(failure) => drop(tell.send(Err(failure))),
            }
        });
        told.await.unwrap_or_else(|_| {
            // The runtime is shutting down, or the task has panicked; the run folder tells which at the next start.
            Err(StartFailure::new(Stage::Spawn, libc::ECANCELED, &self.shim_path, StartCause::System))
        })
    }

    async fn attach(&self, run_dir: &Path, run_id: &str) -> Result<Attached, AttachError> {
        crate::attach::attach(run_dir, run_id).await
    }

    async fn sweep(&self, run_id: &str) -> Result<usize, AttachError> {
        crate::sweep::sweep(run_id).await
    }
}

struct Start {
    shim_path: PathBuf,
    request: RunRequest,
}

impl Start {
    async fn run(self) -> Result<Watched, StartFailure> {
        let Self { shim_path, request } = self;
        let run_dir = std::path::absolute(&request.run_dir)
            .map_err(|error| StartFailure::system(Stage::RunDir, &request.run_dir, &error))?;
        let invocation = argv::invocation(&request.kind, request.base_env, &run_dir)?;
        let dir = RunDir::create(&run_dir)?;

        let Invocation { argv, env, cwd, script } = invocation;
        let program = argv.first().map(PathBuf::from).unwrap_or_default();
        let spec = LaunchSpec {
            run_id: request.run_id.clone(),
            argv,
            env: in_order(env),
            cwd: Some(cwd.clone()),
            timeout_ms: request.timeout.map(as_ms),
            grace_ms: as_ms(request.grace),
            drain_ms: DEFAULT_DRAIN_MS,
        };
        let written = match &script {
            Some(text) => dir.write(c"script", text.as_bytes()),
            None => Ok(()),
        };
        written
            .and_then(|()| dir.write(c"launch", &spec.encode()))
            .map_err(|error| StartFailure::system(Stage::RunDir, &run_dir, &error))?;

        let (mut shim, pipe) = ShimProcess::spawn(&shim_path, &run_dir)
            .map_err(|error| StartFailure::system(Stage::Spawn, &shim_path, &error))?;
        let failure = match tokio::time::timeout(REPORT_WITHIN, read_report(pipe)).await {
            Ok(Ok(StartReport::Started { child_pid, started_at_ms, .. })) => {
                return Ok(Watched { dir, run_id: request.run_id, shim, child_pid, started_at_ms });
            }
            Ok(Ok(StartReport::Failed(failure))) => StartFailure::reported(failure, &program, &cwd, &run_dir),
            Ok(Err(error)) => {
                let errno = error.raw_os_error().unwrap_or(0);
                StartFailure::new(Stage::Spawn, errno, &shim_path, StartCause::ShimDied)
            }
            Err(_) => StartFailure::new(Stage::Spawn, libc::ETIMEDOUT, &shim_path, StartCause::ShimSilent),
        };
        if matches!(failure.cause, StartCause::ShimDied | StartCause::ShimSilent) {
            shim.kill();
            // It may have forked in the very last moment.
            if let Err(error) = crate::sweep::sweep(&request.run_id).await {
                tracing::warn!(run = request.run_id, %error, "after a failed start");
            }
        }
        if let Err(error) = shim.reap().await {
            tracing::warn!(run = request.run_id, %error, "the shim could not be reaped");
        }
        Err(failure)
    }
}

async fn read_report(pipe: io::PipeReader) -> io::Result<StartReport> {
    let mut pipe = pipe::Receiver::from_owned_fd(pipe.into())?;
    let mut bytes = [0; start_report::LEN];
    pipe.read_exact(&mut bytes).await?;
    StartReport::decode(&bytes).map_err(io::Error::other)
}

fn in_order(env: BTreeMap<OsString, OsString>) -> Vec<(OsString, OsString)> {
    env.into_iter().collect()
}

fn as_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
