//! What a container costs as a task, beside the same container by hand: `cargo bench -p solti-api --bench containers [-- podman | docker]`.
//!
//! Submit to the stored end, one after the other; rounds alternate. Engines are those of the tests (`scripts/containers.sh`); one that cannot
//! be had is passed over with a word.

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "../../../benches/shared/measure.rs"]
mod measure;

use common::{Engine, spec};
use measure::{Parts, median, report};
use serde_json::{Value, json};
use solti_api::ApiHandler as _;
use solti_model::TaskPhase;
use solti_runner::{ContainerRunner, EngineKind, Runners, ShimRunner};
use solti_supervisor::SupervisorConfig;
use solti_testing::{TEST_IMAGE, TestEngine, shim};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::process::Command;

const ROUNDS: usize = 5;
/// Containers of a round.
const RUNS: usize = 10;
/// So many times as long as by hand, at most.
const AIM: f64 = 1.15;

fn main() {
    let Some(parts) = Parts::asked() else { return };
    let engines = [(TestEngine::Podman, EngineKind::Podman), (TestEngine::Docker, EngineKind::Docker)];
    for (engine, kind) in engines.into_iter().filter(|(engine, _)| parts.wanted(engine.program())) {
        let Some(path) = engine.path() else { continue };
        let mut env: BTreeMap<OsString, OsString> = std::env::vars_os().collect();
        env.insert("PATH".into(), path.into());
        tokio::runtime::Runtime::new().unwrap().block_on(measure_one(engine.program(), kind, env));
    }
}

async fn measure_one(name: &str, kind: EngineKind, env: BTreeMap<OsString, OsString>) {
    let dir = tempfile::tempdir().unwrap();
    let local = ShimRunner::new(shim());
    let by_engine = ContainerRunner::new(kind, local.clone(), env.clone(), dir.path());
    let runners = Runners::new(Arc::new(local)).with(name, &[], Arc::new(by_engine));
    let config = SupervisorConfig { base_env: env.clone(), ..SupervisorConfig::new(dir.path()) };
    let engine = Engine::open_with_runners(config, runners).await;

    let (mut ours, mut by_hand) = (vec![], vec![]);
    // The first round, in which all is looked at for the first time, does not count.
    for round in 0..=ROUNDS {
        let began = Instant::now();
        for _ in 0..RUNS {
            let mut rival = Command::new(name);
            rival.args(["run", "--rm", "--init", "--network=none", TEST_IMAGE, "true"]);
            rival.env_clear().envs(&env).stdin(Stdio::null());
            assert!(rival.status().await.unwrap().success());
        }
        let hand = began.elapsed();

        let began = Instant::now();
        for n in 0..RUNS {
            let id =
                engine.api.submit_task(spec(&format!("{round}-{n}"), container(), json!({}))).await.unwrap();
            assert_eq!(engine.finished(&id).await.status.phase, TaskPhase::Succeeded);
        }
        if round > 0 {
            by_hand.push(hand);
            ours.push(began.elapsed());
        }
    }
    let each = |all| median::<Duration>(all) / RUNS as u32;
    let (ours, by_hand) = (each(ours), each(by_hand));
    let ratio = ours.as_secs_f64() / by_hand.as_secs_f64();
    report(
        &format!("a container by {name}"),
        &format!("{ours:.1?}, by hand {by_hand:.1?}, ratio {ratio:.2}"),
        &format!("at most {AIM} times"),
        ratio <= AIM,
    );
}

fn container() -> Value {
    json!({"container": {"image": TEST_IMAGE, "args": ["true"], "network": "none"}})
}
