//! How fast runs start and end, beside bare `tokio::process`. Wants a release build and a machine at rest:
//! `cargo test --release -p solti-runner --test speed -- --ignored --nocapture`

mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{Runs, command, runner, wait};
use solti_model::{TaskKind, WasmTask};
use solti_runner::{RunEnd, Runner, WasmRunner};
use solti_testing::{wasi, wasm_of_c};
use tokio::sync::Semaphore;

const RUNS: usize = 2_000;
const AT_ONCE: usize = 64;

async fn per_second<F: Future<Output = ()> + Send + 'static>(one: impl Fn(usize) -> F) -> f64 {
    let began = Instant::now();
    let limit = Arc::new(Semaphore::new(AT_ONCE));
    let mut all = tokio::task::JoinSet::new();
    for i in 0..RUNS {
        let permit = limit.clone().acquire_owned().await.unwrap();
        let run = one(i);
        all.spawn(async move {
            run.await;
            drop(permit);
        });
    }
    all.join_all().await;
    RUNS as f64 / began.elapsed().as_secs_f64()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn runs_are_at_most_two_and_a_half_times_as_dear_as_bare_processes() {
    let bare = per_second(|_| async {
        tokio::process::Command::new("/bin/true").process_group(0).status().await.unwrap();
    })
    .await;
    let runs = Arc::new(Runs::new());
    let with_shim = per_second(|i| {
        let runs = runs.clone();
        async move {
            wait(&mut runs.start(&i.to_string(), command(&["/bin/true"])).await.unwrap()).await;
        }
    })
    .await;
    println!("bare {bare:.0}/s, with a shim {with_shim:.0}/s, ratio {:.2}", with_shim / bare);
    assert!(with_shim >= 0.4 * bare);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn half_of_the_starts_take_less_than_15_ms() {
    let runs = Runs::new();
    let mut times = Vec::new();
    let mut totals = Vec::new();
    for i in 0..200 {
        let began = Instant::now();
        let mut handle = runs.start(&i.to_string(), command(&["/bin/true"])).await.unwrap();
        times.push(began.elapsed());
        wait(&mut handle).await;
        totals.push(began.elapsed());
    }
    times.sort();
    totals.sort();
    println!("start p50 {:?} p95 {:?}; to the end p50 {:?}", times[100], times[190], totals[100]);
    assert!(times[100] < Duration::from_millis(15));
}

/// The first run compiles; the others take what that has left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn a_module_that_was_compiled_takes_at_most_10_ms_more_than_a_process() {
    const HELLO: &str = r#"
        #include <stdio.h>
        int main(void) { puts("hello"); return 0; }"#;
    let runs = Runs::new();
    let module = runs.dir.path().join("hello.wasm");
    if !wasm_of_c(HELLO, &module) {
        return;
    }
    let wasm = WasmRunner::new(wasi(), runner(), runs.dir.path());
    let module = TaskKind::Wasm(WasmTask::of(module.to_str().unwrap()));
    let timed = async |runner: &dyn Runner, task: String, kind: &TaskKind| {
        let request = runs.request(&task, kind.clone());
        let began = Instant::now();
        let mut handle = runner.start(request).await.unwrap();
        assert_eq!(wait(&mut handle).await.end, RunEnd::Exited { code: 0 });
        began.elapsed()
    };
    let first = timed(&wasm, "first".into(), &module).await;
    let process = command(&["/bin/echo", "hello"]);
    let (bare, mut processes, mut modules) = (runner(), vec![], vec![]);
    // In turns, so that both meet the same machine.
    for i in 0..200 {
        processes.push(timed(&bare, format!("process{i}"), &process).await);
        modules.push(timed(&wasm, format!("module{i}"), &module).await);
    }
    let (process, module) = (median(processes), median(modules));
    println!(
        "hello: a process {process:.1?}, a module {module:.1?} ({:.1?} more); its first run {first:.1?}",
        module.saturating_sub(process)
    );
    assert!(module <= process + Duration::from_millis(10));
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
