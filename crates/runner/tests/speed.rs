//! How fast runs start and end, beside bare `tokio::process`. Wants a release build and a machine at rest:
//! `cargo test --release -p solti-runner --test speed -- --ignored --nocapture`

mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{Runs, command, wait};
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
