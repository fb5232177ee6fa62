//! Folders of runs that print nothing are used again, and nobody can tell: every task keeps its own log and its own end.

use crate::common;
use common::{Engine, bash, command, spec, until};
use serde_json::json;
use solti_api::{ApiHandler, SupervisorApiAdapter};
use solti_model::{TaskId, TaskPhase};
use std::path::Path;

fn folders(data: &Path, of: &str) -> Vec<String> {
    let entries = std::fs::read_dir(data.join(of)).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

async fn submit(api: &SupervisorApiAdapter, slot: usize, kind: serde_json::Value) -> TaskId {
    api.submit_task(spec(&format!("lane-{slot}"), kind, json!({}))).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_and_printing_tasks_in_turn_keep_their_logs_and_ends_apart() {
    let dir = tempfile::tempdir().unwrap();
    let (mut printed, mut silent) = (vec![], vec![]);
    for restart in 0..2 {
        let engine = Engine::open(dir.path()).await;
        for wave in 0..6 {
            let mut ids = vec![];
            for n in 0..8 {
                let kind = match n % 4 {
                    0 => bash(&format!("echo {restart} {wave} {n}")),
                    1 => command("/bin/false", &[]),
                    _ => command("/bin/true", &[]),
                };
                ids.push(submit(&engine.api, n, kind).await);
            }
            for (n, id) in ids.into_iter().enumerate() {
                let phase = engine.finished(&id).await.status.phase;
                assert_eq!(phase, if n % 4 == 1 { TaskPhase::Failed } else { TaskPhase::Succeeded });
                match n % 4 {
                    0 => printed.push((id, vec![format!("{restart} {wave} {n}")])),
                    _ => silent.push(id),
                }
            }
        }
        for (id, lines) in &printed {
            assert_eq!(&engine.lines(id).await, lines);
        }
        for id in &silent {
            assert_eq!(engine.lines(id).await, Vec::<String>::new());
            assert_eq!(engine.api.list_task_runs(id).await.unwrap().len(), 1);
        }
        until("a folder is kept", || !folders(dir.path(), "spare").is_empty()).await;
        engine.supervisor.shut_down().await;
        let mut with_log: Vec<_> = printed.iter().map(|(id, _)| id.as_str().to_owned()).collect();
        with_log.sort();
        assert_eq!(folders(dir.path(), "runs"), with_log);
    }
}
