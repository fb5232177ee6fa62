//! What a log window asks of the whole engine: searches that go on while a task prints, exports, copies, bookmarks.

mod common;

use common::{Engine, PATIENCE, bash, command, spec};
use serde_json::json;
use solti_api::{ApiError, ApiHandler, Bookmarks, LogExcerpts, LogSearch, OpenedSearch, save_export};
use solti_model::{LogQuery, LogSource, SearchProgress, TaskHits, TextPosition};
use tokio_stream::StreamExt as _;

fn query(pattern: &str) -> LogQuery {
    LogQuery { pattern: pattern.into(), ..LogQuery::default() }
}

async fn until(search: &mut OpenedSearch, fits: impl Fn(&SearchProgress) -> bool) -> SearchProgress {
    let wait = async {
        loop {
            let progress = search.progress.next().await.expect("a search does not end by itself");
            if fits(&progress) {
                return progress;
            }
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("the search gets there")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_goes_on_while_the_task_prints_and_ends_with_its_reader() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let gate = dir.path().join("gate");
    let script = format!(
        "echo one error; echo fine; while [ ! -e {0} ]; do sleep 0.05; done; echo another error",
        gate.display()
    );
    let id = engine.api.submit_task(spec("s", bash(&script), json!({}))).await.unwrap();
    engine.running(&id).await;
    let mut search = engine.api.open_search(&id, 1, query("error"), 0).await.unwrap();
    let first = until(&mut search, |progress| progress.matches == 1 && progress.complete).await;
    assert!(first.live);
    assert_eq!(first.nearest, Some(0));
    std::fs::write(&gate, "").unwrap();
    let last = until(&mut search, |progress| !progress.live && progress.complete).await;
    assert_eq!((last.matches, last.searched_bytes), (2, last.total_bytes));

    let hit = engine.api.search_step(&search.id, 0, true).await.unwrap().unwrap();
    assert_eq!((hit.row, hit.index, hit.total), (2, 2, 2));
    let rows = engine.api.search_rows(&search.id, 0, 10).await.unwrap();
    let texts: Vec<_> = rows.rows.iter().map(|row| row.text.as_str()).collect();
    assert_eq!(texts, ["one error", "another error"]);
    let ranges = engine.api.search_ranges(&search.id, 0, 10).await.unwrap();
    assert_eq!((ranges[0].row, &ranges[0].ranges[..]), (0, &[(4, 9)][..]));
    let density = engine.api.log_density(&id, 1, 3, Some(&search.id)).await.unwrap();
    assert_eq!((density.rows, density.buckets.iter().map(|bucket| bucket.stdout).sum::<u64>()), (3, 3));

    let id = search.id.clone();
    drop(search);
    let closed = engine.api.search_rank(&id, 0).await;
    assert!(matches!(closed, Err(ApiError::InvalidRequest { field, .. }) if field == "searchId"));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_logs_are_searched_newest_first() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let mut ids = Vec::new();
    for text in ["a needle", "hay", "needle needle"] {
        let task = spec(&format!("l{}", ids.len()), command("echo", &[text]), json!({}));
        ids.push(engine.api.submit_task(task).await.unwrap());
    }
    for id in &ids {
        engine.finished(id).await;
    }
    let hits: Vec<TaskHits> = engine.api.search_all(query("needle"), None).await.unwrap().collect().await;
    let runs: Vec<_> = hits.iter().flat_map(|hits| &hits.tasks).collect();
    assert_eq!(runs.iter().map(|run| &run.id).collect::<Vec<_>>(), [&ids[2], &ids[0]]);
    assert_eq!((runs[1].matches, runs[1].first_text.as_str()), (1, "a needle"));
    let last = hits.last().unwrap();
    assert!(last.complete);
    assert_eq!((last.searched_tasks, last.total_tasks), (3, 3));
    let some = engine.api.search_all(query("needle"), Some(vec![ids[0].clone()])).await.unwrap();
    assert_eq!(some.collect::<Vec<_>>().await.iter().flat_map(|hits| &hits.tasks).count(), 1);
    let refused = engine.api.search_all(LogQuery { regex: true, ..query("(") }, None).await.err();
    assert!(matches!(refused, Some(ApiError::InvalidRequest { field, .. }) if field == "query.pattern"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_saved_copied_and_marked() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let script = r"printf 'r\303\244d \033[31mred\033[0m\n10%%\r100%%\n\377\000end'";
    let id = engine.api.submit_task(spec("s", bash(script), json!({}))).await.unwrap();
    engine.finished(&id).await;

    let path = dir.path().join("saved.log");
    let export = engine.api.export_log(&id, 1, false, None).await.unwrap();
    let saved = save_export(export, &path).await.unwrap();
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(saved.bytes, bytes.len() as u64);
    assert_eq!(bytes, b"r\xc3\xa4d \x1b[31mred\x1b[0m\n10%\r100%\n\xff\0end");

    let at = |row, column| TextPosition { row, column };
    let text = engine.api.read_log_text(&id, 1, at(0, 1), at(1, 4), false, None).await.unwrap();
    assert_eq!(text.text, "\u{e4}d red\n100%");
    let timed = engine.api.read_log_text(&id, 1, at(0, 0), at(0, 3), true, None).await.unwrap();
    assert!(timed.text.ends_with("Z r\u{e4}d"), "{}", timed.text);

    let line = engine.api.read_line(&id, 1, 0, 0, 4).await.unwrap();
    assert_eq!((line.text.as_str(), line.next_byte), ("r\u{e4}d", 4));

    let sources = vec![LogSource { id: id.clone(), attempt: 1 }, LogSource { id: id.clone(), attempt: 1 }];
    let merged = engine.api.read_merged(sources, 0, 100).await.unwrap();
    assert_eq!(merged.total as usize, merged.rows.len());
    assert!(merged.rows.is_sorted_by_key(|row| row.row.ts));

    let mark = engine.api.set_bookmark(&id, 1, 1, "here".into()).await.unwrap();
    assert_eq!(engine.api.list_bookmarks(&id).await.unwrap(), [mark]);
    engine.api.delete_bookmark(&id, 1, 1).await.unwrap();
    assert!(engine.api.list_bookmarks(&id).await.unwrap().is_empty());
    engine.api.delete_task(&id).await.unwrap();
    let gone = engine.api.set_bookmark(&id, 1, 1, String::new()).await;
    assert!(matches!(gone, Err(ApiError::TaskNotFound { .. })));
}
