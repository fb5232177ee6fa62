//! What a WebAssembly module costs beside a process that does the same: `cargo bench -p solti-runner`. Wants `solti-wasi`, which
//! `SOLTI_TEST_WASI` names, and clang with wasi-libc.

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "../../../benches/shared/measure.rs"]
mod measure;

use common::{Runs, command, runner, wait};
use measure::{Parts, median, report};
use solti_model::{TaskKind, WasmTask};
use solti_runner::{RunEnd, Runner, WasmRunner};
use solti_testing::{wasi, wasm_of_c};
use std::time::{Duration, Instant};

const HELLO: &str = r#"
    #include <stdio.h>
    int main(void) { puts("hello"); return 0; }"#;
const ROUNDS: usize = 200;
/// More than a process.
const AIM: Duration = Duration::from_millis(10);

fn main() {
    if Parts::asked().is_some_and(|parts| parts.wanted("hello")) {
        tokio::runtime::Runtime::new().expect("threads").block_on(hello());
    }
}

/// The first run compiles; the others take what that has left.
async fn hello() {
    let runs = Runs::new();
    let module = runs.dir.path().join("hello.wasm");
    if !wasm_of_c(HELLO, &module) {
        return;
    }
    let wasm = WasmRunner::new(wasi(), runner(), runs.dir.path());
    let module = TaskKind::Wasm(WasmTask::of(module.to_str().expect("a plain path")));
    let timed = async |runner: &dyn Runner, task: String, kind: &TaskKind| {
        let request = runs.request(&task, kind.clone());
        let began = Instant::now();
        let mut handle = runner.start(request).await.expect("it starts");
        assert_eq!(wait(&mut handle).await.end, RunEnd::Exited { code: 0 });
        began.elapsed()
    };
    let first = timed(&wasm, "first".into(), &module).await;
    let process = command(&["/bin/echo", "hello"]);
    let (bare, mut processes, mut modules) = (runner(), vec![], vec![]);
    // In turns, so that both meet the same machine.
    for i in 0..ROUNDS {
        processes.push(timed(&bare, format!("process{i}"), &process).await);
        modules.push(timed(&wasm, format!("module{i}"), &module).await);
    }
    let (process, module) = (median(processes), median(modules));
    let more = module.saturating_sub(process);
    report(
        "hello as a module that was compiled",
        &format!("{module:.1?}, a process {process:.1?}, the first run {first:.1?}"),
        "at most 10 ms more than a process",
        more <= AIM,
    );
}
