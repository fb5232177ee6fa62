//! A large log that nobody has searched yet has its skip filters, and whatever happens meanwhile they are in nobody's way.

use crate::common;
use common::{Engine, bash, spec, until};
use serde_json::json;
use solti_api::ApiHandler;
use solti_api::operations::{OpenSearch, Operations as _};
use solti_logstore::StoredLog;
use solti_model::{LogQuery, RowNo, RunId, TaskId};
use std::path::{Path, PathBuf};
use tokio_stream::StreamExt as _;

/// Lines of 1 KiB; the first segment ends after 1 MiB, the second after 65.
const PRINT: &str = "line=$(printf '%01023d' 0); yes $line | head -n";

fn stored(engine: &Engine, id: &TaskId, attempt: u32) -> StoredLog {
    StoredLog::of(&engine.supervisor.folders().run(id, attempt), true).unwrap()
}

fn filters(engine: &Engine, id: &TaskId) -> Vec<u32> {
    let log = stored(engine, id, 1);
    log.segments.iter().filter(|segment| segment.has_filter).map(|segment| segment.number).collect()
}

async fn submit(engine: &Engine, script: &str) -> TaskId {
    engine.api.submit_task(spec("a", bash(script), json!({}))).await.unwrap()
}

/// Searches the log to its end.
async fn search(engine: &Engine, id: &TaskId) -> u64 {
    let query = LogQuery { pattern: "no such line".into(), ..LogQuery::default() };
    let mut opened = engine
        .api
        .search(OpenSearch { run: RunId::new(id.clone(), 1), query, near: RowNo::ZERO })
        .await
        .unwrap();
    loop {
        let progress = opened.progress.next().await.unwrap();
        if progress.complete {
            return progress.matches;
        }
    }
}

fn names(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).map_or(vec![], |entries| entries.map(|entry| entry.unwrap().path()).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_ended_has_its_filters_without_a_search() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let short = submit(&engine, "echo hello").await;
    engine.finished(&short).await;
    let long = submit(&engine, &format!("{PRINT} {}", 90 * 1024)).await;
    engine.finished(&long).await;
    until("both large segments have one", || filters(&engine, &long) == [1, 2]).await;
    assert_eq!(filters(&engine, &short), [0u32; 0]);
    assert_eq!(search(&engine, &long).await, 0);
    engine.supervisor.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_goes_on_gets_those_of_its_sealed_segments_when_it_is_quiet() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let print = format!("{PRINT} {}; exec sleep 600", 90 * 1024);
    let id = submit(&engine, &print).await;
    engine.running(&id).await;
    until("the sealed segment has one", || filters(&engine, &id) == [1]).await;
    engine.api.delete_task(&id).await.unwrap();
    assert!(names(engine.supervisor.folders().root()).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_is_deleted_meanwhile_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let id = submit(&engine, &format!("{PRINT} {}", 200 * 1024)).await;
    engine.finished(&id).await;
    // The first filter is there or in the making; the next ones are to come.
    let run = engine.supervisor.folders().run(&id, 1);
    until("one is made", || names(&run).iter().any(|path| path.to_string_lossy().contains("skip"))).await;
    engine.api.delete_task(&id).await.unwrap();
    assert!(names(engine.supervisor.folders().root()).is_empty());
    // What was in the making when it went does not come back.
    let other = submit(&engine, &format!("{PRINT} {}", 30 * 1024)).await;
    engine.finished(&other).await;
    until("the next log has its own", || filters(&engine, &other) == [1]).await;
    assert_eq!(names(engine.supervisor.folders().root()), [engine.supervisor.folders().task(&other)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_app_did_not_come_to_is_made_by_the_next_one_or_by_a_search() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let id = submit(&engine, &format!("{PRINT} {}", 90 * 1024)).await;
    engine.finished(&id).await;
    let small = submit(&engine, &format!("{PRINT} {}", 5 * 1024)).await;
    engine.finished(&small).await;
    until("they are made", || filters(&engine, &id) == [1, 2]).await;
    engine.supervisor.shut_down().await;
    drop(engine);
    // As an app leaves it that was killed in the midst: one is missing, one half written, and one torn.
    let run = dir.path().join("runs").join(id.as_str()).join("1");
    std::fs::rename(run.join("output.1.skip"), run.join("output.1.skip-new")).unwrap();
    let sound = std::fs::read(run.join("output.2.skip")).unwrap();
    std::fs::write(run.join("output.2.skip"), &sound[..100]).unwrap();

    let engine = Engine::open(dir.path()).await;
    until("the missing one is made", || filters(&engine, &id) == [1, 2]).await;
    // A search makes anew what is damaged, and those of a log that none were worth the trouble.
    assert_eq!(search(&engine, &id).await, 0);
    until("the torn one is whole", || std::fs::read(run.join("output.2.skip")).unwrap() == sound).await;
    assert_eq!(filters(&engine, &small), [0u32; 0]);
    search(&engine, &small).await;
    until("the small one has one", || filters(&engine, &small) == [1]).await;
}
