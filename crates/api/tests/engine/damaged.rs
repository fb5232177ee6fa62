//! A database whose pages are overwritten at random: no panic, nothing made up. The file is kept aside, a copy or the run folders
//! take its place, and whoever opened it is told. How single pieces of this work is tested in `solti-store` and in `restored`.

use crate::common;
use common::{Engine, command, spec};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::json;
use solti_api::ApiHandler;
use solti_api::operations::{GetTaskRow, ListTasks, Operations as _, TaskEvents};
use solti_model::{ListQuery, TaskId, TaskPhase};
use solti_store::Store;
use solti_supervisor::SupervisorConfig;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

const PAGE: u64 = 4096;

/// `make torture` asks for more.
fn rounds() -> u64 {
    std::env::var("SOLTI_TORTURE_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(6)
}

fn overwrite_pages(dir: &Path, chance: &mut StdRng) {
    let file = std::fs::File::options().write(true).open(dir.join("solti.db")).unwrap();
    let pages = file.metadata().unwrap().len() / PAGE;
    for _ in 0..chance.random_range(1..=4) {
        let mut noise = [0; PAGE as usize];
        chance.fill(&mut noise[..]);
        // A whole page, or a few bytes of one.
        let length = if chance.random_bool(0.5) { noise.len() } else { chance.random_range(1..200) };
        let at = chance.random_range(0..pages) * PAGE + chance.random_range(0..PAGE - length as u64 + 1);
        file.write_all_at(&noise[..length], at).unwrap();
    }
}

async fn fill(engine: &Engine) -> Vec<TaskId> {
    let mut ids = Vec::new();
    for n in 0..40 {
        let task = spec(
            &format!("lane-{}", n % 4),
            command("echo", &[&format!("said {n}")]),
            json!({"admission": "queue"}),
        );
        ids.push(engine.api.submit_task(task).await.unwrap());
    }
    for id in &ids {
        assert_eq!(engine.finished(id).await.status.phase, TaskPhase::Succeeded);
    }
    ids
}

/// One life of the app: with its runtime everything of it is gone, and the file is closed.
fn in_a_life<T>(life: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(life)
}

#[test]
fn overwritten_pages_are_noticed_and_the_logs_are_within_reach_again() {
    let mut recovered = 0;
    for round in 0..rounds() {
        let mut chance = StdRng::seed_from_u64(round);
        let dir = tempfile::tempdir().unwrap();
        let ids = in_a_life(async {
            let engine = Engine::open(dir.path()).await;
            let ids = fill(&engine).await;
            if round % 2 == 0 {
                engine.supervisor.store().back_up().await.unwrap();
            }
            engine.supervisor.shut_down().await;
            ids
        });
        overwrite_pages(dir.path(), &mut chance);

        let opened = Store::open_or_recover(dir.path()).unwrap();
        let restored = opened.recovered.is_some();
        if let Some(recovery) = opened.recovered {
            recovered += 1;
            let aside = recovery.set_aside.expect("kept aside");
            assert!(aside.metadata().unwrap().len() > 0, "round {round}");
            assert_eq!(recovery.backup_taken_at.is_some(), round % 2 == 0, "round {round}");
        }
        drop(opened.store);
        in_a_life(look_again(dir.path(), restored, round, &ids));
    }
    println!("{recovered} of {} were damaged in a way that shows", rounds());
    assert!(recovered >= rounds() / 3, "{recovered}");
}

/// What an app on the database, or on what has taken its place, still knows.
async fn look_again(dir: &Path, restored: bool, round: u64, ids: &[TaskId]) {
    let engine = Engine::open_with(SupervisorConfig { restored, ..SupervisorConfig::new(dir) }).await;
    engine.supervisor.store().check().await.unwrap();
    for (n, id) in ids.iter().enumerate() {
        // Bytes inside a row may be noise that no check of pages finds; such a row is an error, not a panic.
        let Ok(Some(_)) = engine.api.get_task_status(id).await else {
            assert!(!restored, "round {round}: {id} is gone");
            continue;
        };
        let task = engine.finished(id).await;
        // Nobody knows any more how it ended, unless a copy of the database does.
        assert!(
            task.status.phase != TaskPhase::Succeeded || !restored || round.is_multiple_of(2),
            "{task:?}"
        );
        assert_eq!(engine.lines(id).await, [format!("said {n}")], "round {round}");
    }
    let new = engine.api.submit_task(spec("new", command("true", &[]), json!({}))).await.unwrap();
    assert_eq!(engine.finished(&new).await.status.phase, TaskPhase::Succeeded);
}

#[test]
fn damage_under_an_open_database_is_an_error_and_no_panic() {
    for round in 0..rounds() / 3 {
        let dir = tempfile::tempdir().unwrap();
        in_a_life(async {
            let engine = Engine::open(dir.path()).await;
            let ids = fill(&engine).await;
            overwrite_pages(dir.path(), &mut StdRng::seed_from_u64(round));
            // Whatever these answer; a panic in the store would end the test.
            for id in &ids {
                engine.api.ask(GetTaskRow { id: id.clone() }).await.ok();
                engine.api.ask(TaskEvents { id: id.clone() }).await.ok();
            }
            engine.api.ask(ListTasks { query: ListQuery::default() }).await.ok();
            engine.api.submit_task(spec("new", command("true", &[]), json!({}))).await.ok();
            engine.supervisor.store().check().await.ok();
            engine.supervisor.shut_down().await;
        });
        let opened = Store::open_or_recover(dir.path()).unwrap();
        in_a_life(opened.store.check()).unwrap();
    }
}
