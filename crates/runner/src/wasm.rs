//! The runner of WebAssembly: each module is a run of the shim whose program is `solti-wasi`.
//!
//! So log, timeout, stop, usage and recovery are those of every run. What is added here: the order that the program is given beside the
//! module and its arguments, and what it reports of an end that its exit code does not tell.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{CString, OsString};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use solti_model::{
    AfterMain, FieldError, ResourceLimits, RunId, TaskKind, TaskSpec, WasmDir, WasmEngine, WasmTask,
};
use solti_shim::layout::RUN_ID_VAR;
use solti_wasi::{ENGINE_BYTES, Folder, NOT_STARTED_CODE, ORDER_FILE, Order, REPORT_FILE, Report};

use crate::argv::{Invocation, check_lengths, of_another_runner};
use crate::ask::{ask, is_program, last_words};
use crate::explain::Explain;
use crate::run_dir::RunDir;
use crate::shim_runner::{Prepared, ShimRunner};
use crate::{
    About, AttachError, Attached, RunEnd, RunHandle, RunOutcome, RunRequest, Runner, Stage, StartCause,
    StartError, StartFailure, StopMode,
};

/// Where compiled code is kept, in the data folder.
const CACHE: &str = "wasm-cache";
/// A report is a few sentences.
const MAX_REPORT: u64 = 1 << 20;

/// Runs WebAssembly modules and components. Cheap to clone.
#[derive(Clone)]
pub struct WasmRunner {
    shim: ShimRunner,
    program: PathBuf,
    cache: PathBuf,
}

impl WasmRunner {
    /// `program`: where `solti-wasi` is; it need not be there.
    pub fn new(program: impl Into<PathBuf>, shim: ShimRunner, data_dir: &Path) -> Self {
        let path = std::path::absolute(data_dir).unwrap_or_else(|_| data_dir.to_owned());
        Self { shim, program: program.into(), cache: path.join(CACHE) }
    }

    /// `run_dir` is absolute.
    fn prepare(
        &self,
        task: &WasmTask,
        request: &RunRequest,
        run_dir: &Path,
    ) -> Result<Prepared, StartFailure> {
        let WasmTask { module, args, env, dirs } = task;
        let words: [OsString; 3] =
            [self.program.clone().into(), run_dir.join(ORDER_FILE).into(), module.into()];
        let argv: Vec<OsString> = words.into_iter().chain(args.iter().map(OsString::from)).collect();
        // Nothing of the app's own is there for the taking. One thread beside the module's is enough, on whatever machine.
        let own_env = BTreeMap::from([("TOKIO_WORKER_THREADS".into(), "1".into())]);
        check_lengths(&argv, &own_env)?;

        let mut variables: BTreeMap<String, String> =
            env.iter().map(|var| (var.key.clone(), var.value.clone())).collect();
        variables.insert(RUN_ID_VAR.to_owned(), request.run.to_string());
        let folder = |WasmDir { host, guest, read_only }: &WasmDir| Folder {
            host: host.clone(),
            guest: guest.clone(),
            read_only: *read_only,
        };
        let order = Order {
            env: variables.into_iter().collect(),
            folders: dirs.iter().map(folder).collect(),
            memory_bytes: request.limits.memory_bytes,
            // A data folder whose path is no text has none: what is not kept is compiled each time.
            cache: self.cache.to_str().map(str::to_owned),
        };
        let invocation = Invocation {
            argv,
            env: own_env,
            cwd: "/".into(),
            files: vec![(ORDER_FILE, order.to_text())],
            after_main: AfterMain::Wait,
        };
        let limits = ResourceLimits {
            // The module is held to it by the program, and the program by its control group.
            memory_bytes: request.limits.memory_bytes.map(|bytes| bytes.saturating_add(ENGINE_BYTES)),
            // A module starts none, and the program's own threads are not what is meant.
            processes: None,
            ..request.limits
        };
        Ok(Prepared { invocation, cleanup: None, limits })
    }
}

/// What a `solti-wasi` says of itself, apart from any runner.
///
/// # Errors
/// Why it cannot be used, in a sentence.
pub async fn wasm_engine(program: &Path) -> Result<WasmEngine, String> {
    if !is_program(program) {
        return Err(absent(program));
    }
    let shown = program.display().to_string();
    let said = ask(program, &BTreeMap::new(), &["--version"]).await;
    let said = said.map_err(|error| format!("{shown} cannot be asked: {error}"))?;
    match said.out.trim().strip_prefix("solti-wasi ") {
        Some(version) if said.well => Ok(WasmEngine { version: version.to_owned(), program: shown }),
        _ => Err(format!("{shown} does not say what it is: {}", last_words(&said.err).unwrap_or_default())),
    }
}

fn absent(program: &Path) -> String {
    let shown = program.display();
    format!(
        "{shown} is missing: it runs WebAssembly and is installed beside the app (SOLTI_WASI names another)"
    )
}

fn wasm(kind: &TaskKind) -> Result<&WasmTask, FieldError> {
    match kind {
        TaskKind::Wasm(task) => Ok(task),
        TaskKind::Subprocess(_) | TaskKind::Container(_) => Err(of_another_runner(kind)),
    }
}

/// What the program has left to be read; `None` where its exit code says all.
fn report(run_dir: &Path) -> Result<Option<Report>, AttachError> {
    let Some(dir) = RunDir::open_existing(run_dir)? else { return Ok(None) };
    let read = CString::new(REPORT_FILE).map_err(Into::into).and_then(|name| dir.read(&name, MAX_REPORT));
    let bytes = read.map_err(|source| AttachError::RunDir { path: run_dir.to_owned(), source })?;
    Ok(Report::parse(&bytes))
}

#[async_trait]
impl Explain for WasmRunner {
    async fn explain(&self, run_dir: &Path, run: &RunId, mut outcome: RunOutcome) -> RunOutcome {
        let RunEnd::Exited { code } = outcome.end else { return outcome };
        if code == 0 {
            return outcome;
        }
        let folder = run_dir.to_owned();
        match tokio::task::spawn_blocking(move || report(&folder)).await {
            Ok(Ok(Some(Report::NotStarted(failure)))) if code == i32::from(NOT_STARTED_CODE) => {
                let cause = StartCause::Wasm(failure);
                outcome.end = RunEnd::StartFailed(StartFailure::new(Stage::Exec, 0, "", cause));
            }
            Ok(Ok(Some(report))) => outcome.end = RunEnd::ExitedBecause { code, why: report.why(code) },
            Ok(Ok(None)) => {}
            Ok(Err(error)) => tracing::warn!(%run, %error, "why the module ended so cannot be read"),
            // The runtime is shutting down.
            Err(_) => {}
        }
        outcome
    }
}

#[async_trait]
impl Runner for WasmRunner {
    fn accepts(&self, spec: &TaskSpec) -> Result<(), FieldError> {
        wasm(&spec.kind)?;
        match is_program(&self.program) {
            true => Ok(()),
            false => Err(FieldError::new("kind.wasm", absent(&self.program))),
        }
    }

    fn kinds(&self) -> &'static [&'static str] {
        &["wasm"]
    }

    async fn about(&self) -> About {
        match wasm_engine(&self.program).await {
            Ok(engine) => About { wasm: Some(engine), ..About::default() },
            Err(unavailable) => About { unavailable: Some(unavailable), ..About::default() },
        }
    }

    async fn start(&self, request: RunRequest) -> Result<RunHandle, StartError> {
        let task = wasm(&request.kind).map_err(StartFailure::refused)?;
        let run_dir = std::path::absolute(&request.run_dir)
            .map_err(|error| StartFailure::system(Stage::RunDir, &request.run_dir, &error))?;
        let (prepared, run) = (self.prepare(task, &request, &run_dir)?, request.run.clone());
        let mut handle = self.shim.start_prepared(request, Some(prepared)).await?;
        // The program keeps to it, whatever the system can do.
        handle.unenforced.memory = false;
        Ok(self.explained(handle, run_dir, run))
    }

    async fn attach(&self, run_dir: &Path, run: &RunId) -> Result<Attached, AttachError> {
        let attached = self.shim.attach(run_dir, run).await?;
        Ok(self.explained_attached(run_dir, run, attached).await)
    }

    async fn sweep(&self, run: &RunId) -> Result<usize, AttachError> {
        self.shim.sweep(run).await
    }

    async fn marks(&self) -> Result<HashMap<RunId, usize>, AttachError> {
        self.shim.marks().await
    }

    async fn end_unreachable(
        &self,
        run_dir: &Path,
        run: &RunId,
        mode: StopMode,
    ) -> Result<Attached, AttachError> {
        let attached = self.shim.end_unreachable(run_dir, run, mode).await?;
        Ok(self.explained_attached(run_dir, run, attached).await)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use solti_model::Stdin;
    use std::time::Duration;

    fn prepared(task: serde_json::Value, limits: ResourceLimits) -> (Vec<String>, Order, Prepared) {
        let task: WasmTask = serde_json::from_value(task).expect("a module");
        let request = RunRequest {
            run_dir: "/data/runs/01j/2".into(),
            run: "01j/2".parse().expect("a run"),
            kind: TaskKind::Wasm(task.clone()),
            timeout: None,
            limits,
            base_env: BTreeMap::from([("HOME".into(), "/home/me".into())]),
            grace: Duration::ZERO,
            stdin: Stdin::None,
            cluster: None,
            labels: BTreeMap::new(),
            selector: None,
            may_go_elsewhere: false,
            segments: solti_logstore::SegmentSizes::default(),
        };
        let runner =
            WasmRunner::new("/usr/bin/solti-wasi", ShimRunner::new("/usr/bin/solti-shim"), "/data".as_ref());
        let prepared = runner.prepare(&task, &request, &request.run_dir).expect("prepared");
        let invocation = &prepared.invocation;
        let words = invocation.argv.iter().map(|word| word.to_str().expect("text").to_owned()).collect();
        let [(ORDER_FILE, text)] = &invocation.files[..] else { panic!("{:?}", invocation.files) };
        (words, serde_json::from_str(text).expect("an order"), prepared)
    }

    #[test]
    fn what_is_secret_is_in_the_order_and_what_is_the_apps_is_nowhere() {
        let (words, order, prepared) = prepared(
            json!({"module": "/m.wasm", "args": ["x"], "env": [
                {"key": "TOKEN", "value": "first"}, {"key": "TOKEN", "value": "s3cret"},
                {"key": "SOLTI_RUN_ID", "value": "another"}]}),
            ResourceLimits::default(),
        );
        assert_eq!(words, ["/usr/bin/solti-wasi", "/data/runs/01j/2/wasm-order", "/m.wasm", "x"]);
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(order.env, [pair("SOLTI_RUN_ID", "01j/2"), pair("TOKEN", "s3cret")]);
        let own: Vec<_> = prepared.invocation.env.keys().collect();
        assert_eq!(own, ["TOKIO_WORKER_THREADS"]);
        assert!(order.folders.is_empty());
        assert_eq!(order.cache.as_deref(), Some("/data/wasm-cache"));
    }

    #[test]
    fn the_memory_limit_is_the_modules_and_its_engine_has_some_more() {
        let limits = ResourceLimits {
            memory_bytes: Some(1 << 20),
            cpu_percent: Some(50),
            processes: Some(1),
            open_files: Some(64),
            output_bytes: Some(9),
        };
        let (_, order, prepared) = prepared(json!({"module": "/m.wasm"}), limits);
        assert_eq!(order.memory_bytes, Some(1 << 20));
        let expected =
            ResourceLimits { memory_bytes: Some((1 << 20) + ENGINE_BYTES), processes: None, ..limits };
        assert_eq!(prepared.limits, expected);
    }
}
