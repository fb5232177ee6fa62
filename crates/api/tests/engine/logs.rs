//! What a log window asks of the whole engine: searches that go on while a task prints, exports, copies, bookmarks.

use crate::common;
use common::{Engine, PATIENCE, bash, command, spec};
use serde_json::json;
use solti_api::operations::{
    DeleteBookmark, ExportLog, GetLogDensity, ListBookmarks, OpenSearch, Operations as _, ReadLine,
    ReadLogText, ReadMerged, SearchAll, SearchRanges, SearchRank, SearchRows, SearchStep, SetBookmark,
};
use solti_api::{ApiError, ApiHandler, OpenedSearch, save_export};
use solti_model::{
    LogQuery, MergedPosition, Rank, RowKey, RowNo, RunId, SearchProgress, TaskHits, TextPosition,
};
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
    let mut search = engine
        .api
        .search(OpenSearch { run: RunId::new(id.clone(), 1), query: query("error"), near: RowNo::ZERO })
        .await
        .unwrap();
    let first = until(&mut search, |progress| progress.matches == 1 && progress.complete).await;
    assert!(first.live);
    assert_eq!(first.nearest, Some(RowKey::ZERO));
    std::fs::write(&gate, "").unwrap();
    let last = until(&mut search, |progress| !progress.live && progress.complete).await;
    assert_eq!((last.matches, last.searched_bytes), (2, last.total_bytes));

    let hit = engine
        .api
        .ask(SearchStep { search_id: search.id.clone(), row: RowKey::ZERO, forward: true })
        .await
        .unwrap()
        .unwrap();
    assert_eq!((hit.row.row().get(), hit.index, hit.total), (2, 2, 2));
    let rows = engine
        .api
        .ask(SearchRows { search_id: search.id.clone(), from: Rank::ZERO, count: 10 })
        .await
        .unwrap();
    let texts: Vec<_> = rows.rows.iter().map(|row| row.text.as_str()).collect();
    assert_eq!(texts, ["one error", "another error"]);
    let ranges = engine
        .api
        .ask(SearchRanges { search_id: search.id.clone(), from: RowNo::ZERO, count: 10 })
        .await
        .unwrap();
    assert_eq!((ranges[0].row.get(), &ranges[0].ranges[..]), (0, &[(4, 9)][..]));
    let density = engine
        .api
        .ask(GetLogDensity { run: RunId::new(id.clone(), 1), buckets: 3, search_id: Some(search.id.clone()) })
        .await
        .unwrap();
    assert_eq!((density.rows, density.buckets.iter().map(|bucket| bucket.stdout).sum::<u64>()), (3, 3));

    let id = search.id.clone();
    drop(search);
    let closed = engine.api.ask(SearchRank { search_id: id.clone(), row: RowKey::ZERO }).await;
    assert!(matches!(closed, Err(ApiError::InvalidRequest { field, .. }) if field == "searchId"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_tells_that_the_log_cannot_be_read_and_goes_on_when_it_can() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let gate = dir.path().join("gate");
    let script = format!(
        "echo one error; while [ ! -e {0} ]; do sleep 0.05; done; echo another error; sleep 600",
        gate.display()
    );
    let id = engine.api.submit_task(spec("s", bash(&script), json!({}))).await.unwrap();
    engine.running(&id).await;
    let run = RunId::new(id.clone(), 1);
    let mut search =
        engine.api.search(OpenSearch { run, query: query("error"), near: RowNo::ZERO }).await.unwrap();
    until(&mut search, |progress| progress.matches == 1 && progress.complete).await;
    // The program goes on writing to the file that has another name for a while.
    let log = engine.supervisor.folders().run(&id, 1).join("output.log");
    let away = log.with_extension("away");
    std::fs::rename(&log, &away).unwrap();
    std::os::unix::fs::symlink("/nowhere", &log).unwrap();
    std::fs::write(&gate, "").unwrap();
    let told = until(&mut search, |progress| progress.error.is_some()).await;
    assert!(told.error.unwrap().starts_with("log file cannot be opened: "));
    std::fs::rename(&away, &log).unwrap();
    let found = until(&mut search, |progress| progress.error.is_none() && progress.complete).await;
    assert_eq!((found.matches, found.live), (2, true));
    engine.api.delete_task(&id).await.unwrap();
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
    let hits: Vec<TaskHits> =
        engine.api.open(SearchAll { query: query("needle"), ids: None }).await.unwrap().collect().await;
    let runs: Vec<_> = hits.iter().flat_map(|hits| &hits.tasks).collect();
    assert_eq!(runs.iter().map(|run| &run.id).collect::<Vec<_>>(), [&ids[2], &ids[0]]);
    assert_eq!((runs[1].matches, runs[1].first_text.as_str()), (1, "a needle"));
    let last = hits.last().unwrap();
    assert!(last.complete);
    assert_eq!((last.searched_tasks, last.total_tasks), (3, 3));
    let some =
        engine.api.open(SearchAll { query: query("needle"), ids: Some(vec![ids[0].clone()]) }).await.unwrap();
    assert_eq!(some.collect::<Vec<_>>().await.iter().flat_map(|hits| &hits.tasks).count(), 1);
    let refused =
        engine.api.open(SearchAll { query: LogQuery { regex: true, ..query("(") }, ids: None }).await.err();
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
    let export = engine
        .api
        .download(ExportLog { run: RunId::new(id.clone(), 1), timestamps: false, search_id: None })
        .await
        .unwrap();
    let saved = save_export(export, &path).await.unwrap();
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(saved.bytes, bytes.len() as u64);
    assert_eq!(bytes, b"r\xc3\xa4d \x1b[31mred\x1b[0m\n10%\r100%\n\xff\0end");

    let at = |row, column| TextPosition { row, column };
    let text = engine
        .api
        .ask(ReadLogText {
            run: RunId::new(id.clone(), 1),
            start: at(RowNo::ZERO, 1),
            end: at(RowNo::new(1), 4),
            timestamps: false,
            search_id: None,
        })
        .await
        .unwrap();
    assert_eq!(text.text, "\u{e4}d red\n100%");
    let timed = engine
        .api
        .ask(ReadLogText {
            run: RunId::new(id.clone(), 1),
            start: at(RowNo::ZERO, 0),
            end: at(RowNo::ZERO, 3),
            timestamps: true,
            search_id: None,
        })
        .await
        .unwrap();
    let (time, text) = timed.text.split_once(' ').unwrap();
    assert_eq!(
        (time.len(), text),
        ("2026-01-02T03:04:05.678+01:00".len(), "r\u{e4}d"),
        "local, with its offset"
    );

    let line = engine
        .api
        .ask(ReadLine {
            run: RunId::new(id.clone(), 1),
            row: RowNo::ZERO,
            from_byte: 0,
            count: 4,
            search_id: None,
        })
        .await
        .unwrap();
    assert_eq!((line.text.as_str(), line.next_byte), ("r\u{e4}d", 4));

    let sources = vec![RunId::new(id.clone(), 1), RunId::new(id.clone(), 1)];
    let merged =
        engine.api.ask(ReadMerged { sources, from: MergedPosition::ZERO, count: 100 }).await.unwrap();
    assert_eq!(merged.total as usize, merged.rows.len());
    assert!(merged.rows.is_sorted_by_key(|row| row.row.ts));

    let mark = engine
        .api
        .ask(SetBookmark { run: RunId::new(id.clone(), 1), row: RowNo::new(1), note: "here".into() })
        .await
        .unwrap();
    assert_eq!(engine.api.ask(ListBookmarks { id: id.clone() }).await.unwrap(), [mark]);
    engine.api.ask(DeleteBookmark { run: RunId::new(id.clone(), 1), row: RowNo::new(1) }).await.unwrap();
    assert!(engine.api.ask(ListBookmarks { id: id.clone() }).await.unwrap().is_empty());
    engine.api.delete_task(&id).await.unwrap();
    let gone = engine
        .api
        .ask(SetBookmark { run: RunId::new(id.clone(), 1), row: RowNo::new(1), note: String::new() })
        .await;
    assert!(matches!(gone, Err(ApiError::TaskNotFound { .. })));
}
