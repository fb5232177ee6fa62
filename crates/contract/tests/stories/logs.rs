//! The stories of a log window: its rows, searches over them, copies and marks.

use crate::engine::{PATIENCE, bash, command, spec};
use crate::subjects::Subject;
use serde_json::json;
use solti_api::operations::{
    DeleteBookmark, ExportLog, ExportMerged, GetLogDensity, GetLogInfo, ListBookmarks, MergedDensity,
    MergedPositionAt, MergedPositions, MergedSearchRows, OpenMergedSearch, OpenSearch, Operations as _,
    ReadLine, ReadLog, ReadLogText, ReadMerged, SearchAll, SearchLine, SearchRanges, SearchRank, SearchRows,
    SearchStep, SetBookmark, SetLogEncoding, WatchLog,
};
use solti_api::{ApiError, ExportStream, LogPosition, OpenedSearch};
use solti_model::{
    LineMatch, LogQuery, MergedPosition, OutputEvent, OutputStreamKind, Rank, RowKey, RowNo, RunId,
    SearchProgress, SourceRow, TaskId, TextPosition,
};
use tokio_stream::StreamExt as _;

fn nobody() -> TaskId {
    TaskId::new("nobody").unwrap()
}

pub async fn a_window_reads_rows_and_hears_of_growth(subject: &Subject) {
    let api = subject.desktop();
    let work = tempfile::tempdir().unwrap();
    let gate = work.path().join("gate");
    assert!(std::process::Command::new("mkfifo").arg(&gate).status().unwrap().success());
    let mut kind = bash("seq 1 500; read -r _ < gate; echo last");
    kind["subprocess"]["cwd"] = json!(work.path());
    let id = api.submit_task(spec("s", kind, json!({}))).await.unwrap();
    subject.engine.running(&id).await;
    let mut infos = api.open(WatchLog { run: RunId::new(id.clone(), 0) }).await.unwrap();
    let read = tokio::time::timeout(PATIENCE, async {
        while infos.next().await.expect("grows").rows < 500 {}
        let rows = api
            .ask(ReadLog { run: RunId::new(id.clone(), 1), from: RowNo::new(490), count: 100 })
            .await
            .unwrap();
        assert_eq!((rows.total, rows.rows.len(), rows.rows[9].text.as_str()), (500, 10, "500"));
        std::fs::write(&gate, "go\n").unwrap();
        let mut last = None;
        while let Some(info) = infos.next().await {
            last = Some(info);
        }
        last.expect("the end is told")
    });
    let last = read.await.expect("the log ends");
    assert_eq!((last.rows, last.live, last.exit_code), (501, false, Some(0)));
    assert_eq!(api.ask(GetLogInfo { run: RunId::new(id.clone(), 0) }).await.unwrap(), last);
    let error =
        api.ask(ReadLog { run: RunId::new(id.clone(), 7), from: RowNo::ZERO, count: 1 }).await.unwrap_err();
    assert!(
        matches!(&error, ApiError::InvalidRequest { field, message, .. }
            if field == "attempt" && *message == format!("task {id} has no attempt 7: it has had 1 attempt")),
        "{error:?}"
    );
    assert_eq!(
        api.ask(GetLogInfo { run: RunId::new(nobody(), 0) }).await,
        Err(ApiError::TaskNotFound { id: nobody() })
    );
}

pub async fn a_log_goes_on_behind_any_position(subject: &Subject) {
    let api = subject.desktop();
    let id = api.submit_task(spec("s", bash("seq 1 20; seq 1 20 >&2; exit 1"), json!({}))).await.unwrap();
    subject.engine.finished(&id).await;
    let rest = async |after| -> Vec<(LogPosition, OutputEvent)> {
        let events = api.stream_log_after(&id, after).await.unwrap();
        tokio::time::timeout(PATIENCE, events.collect()).await.expect("the log ends")
    };
    let all = rest(LogPosition::default()).await;
    assert_eq!(all.len(), 42);
    for (n, (position, _)) in all.iter().enumerate() {
        assert_eq!(rest(*position).await, all[n + 1..], "behind {position}");
    }
}

/// Waits until all of the log was searched.
async fn searched(search: &mut OpenedSearch) -> SearchProgress {
    let searched = async {
        loop {
            let progress = search.progress.next().await.expect("goes on until it is dropped");
            if progress.complete {
                return progress;
            }
        }
    };
    tokio::time::timeout(PATIENCE, searched).await.expect("is searched")
}

pub async fn a_log_is_read_in_its_encoding(subject: &Subject) {
    let api = subject.desktop();
    // "Ошибка" of windows-1251, and a line of UTF-8.
    let script =
        r"printf '\316\370\350\341\352\340 \367\362\345\355\350\377 \364\340\351\353\340\n'; echo fine";
    let id = api.submit_task(spec("s", bash(script), json!({}))).await.unwrap();
    subject.engine.finished(&id).await;
    let run = RunId::new(id.clone(), 1);
    let texts = async || -> Vec<String> {
        let rows = api.ask(ReadLog { run: run.clone(), from: RowNo::ZERO, count: 9 }).await.unwrap().rows;
        rows.into_iter().map(|row| row.text).collect()
    };
    let error = "\u{41e}\u{448}\u{438}\u{431}\u{43a}\u{430}";
    let info = api.ask(GetLogInfo { run: run.clone() }).await.unwrap();
    assert_eq!((info.encoding.as_deref(), info.encoding_chosen), (Some("windows-1251"), false));
    let read = texts().await;
    assert!(read[0].starts_with(error), "{read:?}");
    let query = LogQuery { pattern: error.into(), ignore_ansi: true, ..LogQuery::default() };
    let mut search = api.search(OpenSearch { run: run.clone(), query, near: RowNo::ZERO }).await.unwrap();
    assert_eq!(searched(&mut search).await.matches, 1);
    let ranges =
        api.ask(SearchRanges { search_id: search.id.clone(), from: RowNo::ZERO, count: 9 }).await.unwrap();
    assert_eq!(ranges[0].ranges, [(0, 6)]);
    // What is saved as it was printed is what was printed.
    let (end, start) =
        (TextPosition { row: RowNo::new(1), column: 9 }, TextPosition { row: RowNo::ZERO, column: 0 });
    let copied = ReadLogText { run: run.clone(), start, end, timestamps: false, search_id: None };
    assert_eq!(api.ask(copied).await.unwrap().text, format!("{}\nfine", read[0]));

    let choose =
        |encoding: Option<&str>| SetLogEncoding { run: run.clone(), encoding: encoding.map(str::to_owned) };
    let info = api.ask(choose(Some("koi8-r"))).await.unwrap();
    assert_eq!((info.encoding.as_deref(), info.encoding_chosen), (Some("KOI8-R"), true));
    assert!(!texts().await[0].starts_with(error));
    let info = api.ask(choose(Some("utf-8"))).await.unwrap();
    assert_eq!((info.encoding, info.encoding_chosen), (None, true));
    assert!(texts().await[0].starts_with('\u{fffd}'));
    let info = api.ask(choose(None)).await.unwrap();
    assert_eq!((info.encoding.as_deref(), info.encoding_chosen), (Some("windows-1251"), false));
    assert!(texts().await[0].starts_with(error));
    let unknown = api.ask(choose(Some("utf-9"))).await.unwrap_err();
    assert!(matches!(&unknown, ApiError::InvalidRequest { field, .. } if field == "encoding"), "{unknown:?}");
}

pub async fn a_log_is_searched_and_filtered(subject: &Subject) {
    let api = subject.desktop();
    let id = api.submit_task(spec("s", command("seq", &["1", "1000"]), json!({}))).await.unwrap();
    subject.engine.finished(&id).await;
    let query = LogQuery { pattern: "7$".into(), regex: true, ..LogQuery::default() };
    let mut search = api
        .search(OpenSearch { run: RunId::new(id.clone(), 0), query: query.clone(), near: RowNo::ZERO })
        .await
        .unwrap();
    assert_eq!(searched(&mut search).await.matches, 100);
    let hit = api
        .ask(SearchStep { search_id: search.id.clone(), row: RowKey::new(10), forward: true })
        .await
        .unwrap()
        .unwrap();
    assert_eq!((hit.row.row().get(), hit.index, hit.total), (16, 2, 100));
    assert_eq!(
        api.ask(SearchStep { search_id: search.id.clone(), row: RowKey::new(16), forward: false })
            .await
            .unwrap()
            .unwrap()
            .row,
        RowKey::new(6)
    );
    assert_eq!(
        api.ask(SearchRank { search_id: search.id.clone(), row: RowKey::new(500) }).await.unwrap(),
        Rank::new(50)
    );
    let rows =
        api.ask(SearchRows { search_id: search.id.clone(), from: Rank::new(98), count: 10 }).await.unwrap();
    let texts: Vec<_> = rows.rows.iter().map(|row| row.text.as_str()).collect();
    assert_eq!((texts, rows.total), (vec!["987", "997"], 100));
    let ranges = api
        .ask(SearchRanges { search_id: search.id.clone(), from: RowNo::new(90), count: 10 })
        .await
        .unwrap();
    assert_eq!(
        ranges.iter().map(|row| (row.row.get(), row.ranges.clone())).collect::<Vec<_>>(),
        [(96, vec![(1, 2)])]
    );
    let line = |from_byte, forward| SearchLine {
        search_id: search.id.clone(),
        row: RowNo::new(96),
        from_byte,
        forward,
    };
    let found = LineMatch { from_byte: 1, to_byte: 2 };
    assert_eq!(api.ask(line(0, true)).await.unwrap(), Some(found));
    assert_eq!(api.ask(line(2, true)).await.unwrap(), None);
    assert_eq!(api.ask(line(2, false)).await.unwrap(), Some(found));
    let density = api
        .ask(GetLogDensity { run: RunId::new(id.clone(), 1), buckets: 4, search_id: Some(search.id.clone()) })
        .await
        .unwrap();
    let matches: Vec<u64> = density.buckets.iter().map(|bucket| bucket.matches).collect();
    assert_eq!((density.rows, matches), (1_000, vec![25; 4]));

    let hits = tokio::time::timeout(
        PATIENCE,
        api.open(SearchAll { query, ids: None }).await.unwrap().collect::<Vec<_>>(),
    );
    let hits = hits.await.expect("all are searched");
    assert!(hits.last().is_some_and(|last| last.complete));
    let found: Vec<_> = hits.iter().flat_map(|hits| &hits.tasks).map(|run| (&run.id, run.matches)).collect();
    assert_eq!(found, [(&id, 100)]);

    let bad = LogQuery { pattern: "(".into(), regex: true, ..LogQuery::default() };
    let error = api
        .search(OpenSearch { run: RunId::new(id.clone(), 0), query: bad, near: RowNo::ZERO })
        .await
        .err()
        .unwrap();
    assert!(
        matches!(&error, ApiError::InvalidRequest { field, .. } if field == "query.pattern"),
        "{error:?}"
    );
    let error = api.ask(SearchRank { search_id: "nobody".into(), row: RowKey::ZERO }).await.unwrap_err();
    assert!(matches!(&error, ApiError::InvalidRequest { .. }), "{error:?}");
}

/// All of an export, and its rows as they are counted.
async fn saved(export: ExportStream) -> (String, u64) {
    let (mut bytes, mut rows) = (vec![], 0);
    for chunk in export.collect::<Vec<_>>().await {
        let chunk = chunk.unwrap();
        bytes.extend_from_slice(&chunk.bytes);
        rows += chunk.rows;
    }
    (String::from_utf8(bytes).unwrap(), rows)
}

pub async fn parts_of_logs_are_copied_saved_and_merged(subject: &Subject) {
    let api = subject.desktop();
    let id = api.submit_task(spec("s", command("seq", &["1", "100"]), json!({}))).await.unwrap();
    subject.engine.finished(&id).await;
    let (start, end) =
        (TextPosition { row: RowNo::new(9), column: 1 }, TextPosition { row: RowNo::new(11), column: 1 });
    let copied = api
        .ask(ReadLogText { run: RunId::new(id.clone(), 1), start, end, timestamps: false, search_id: None })
        .await
        .unwrap();
    assert_eq!((copied.text.as_str(), copied.truncated), ("0\n11\n1", false));
    let line = api
        .ask(ReadLine {
            run: RunId::new(id.clone(), 1),
            row: RowNo::new(99),
            from_byte: 1,
            count: 10,
            search_id: None,
        })
        .await
        .unwrap();
    assert_eq!((line.text.as_str(), line.from_byte, line.full_len), ("00", 1, 3));

    let (text, rows) = saved(
        api.download(ExportLog { run: RunId::new(id.clone(), 1), timestamps: false, search_id: None })
            .await
            .unwrap(),
    )
    .await;
    let expected: String = (1..=100).map(|n| format!("{n}\n")).collect();
    assert_eq!((text, rows), (expected, 100));

    let source = RunId::new(id.clone(), 1);
    let merged = api
        .ask(ReadMerged { sources: vec![source.clone(), source], from: MergedPosition::new(198), count: 10 })
        .await
        .unwrap();
    assert_eq!((merged.total, merged.rows.len(), merged.rows[1].row.text.as_str()), (200, 2, "100"));
}

pub async fn several_logs_are_searched_as_one(subject: &Subject) {
    let api = subject.desktop();
    let mut sources = vec![];
    for (first, last) in [("1", "100"), ("101", "200")] {
        let id = api.submit_task(spec("s", command("seq", &[first, last]), json!({}))).await.unwrap();
        subject.engine.finished(&id).await;
        sources.push(RunId::new(id, 1));
    }
    let query = LogQuery { pattern: "7$".into(), regex: true, ..LogQuery::default() };
    let mut search = api
        .search(OpenMergedSearch {
            sources: sources.clone(),
            query: query.clone(),
            near: MergedPosition::new(100),
        })
        .await
        .unwrap();
    let progress = searched(&mut search).await;
    assert_eq!((progress.matches, progress.nearest), (20, Some(RowKey::new(106))));
    let hit = api
        .ask(SearchStep { search_id: search.id.clone(), row: RowKey::new(96), forward: true })
        .await
        .unwrap()
        .unwrap();
    assert_eq!((hit.row.position().get(), hit.index, hit.total), (106, 11, 20));
    assert_eq!(
        api.ask(SearchStep { search_id: search.id.clone(), row: RowKey::new(106), forward: false })
            .await
            .unwrap()
            .unwrap()
            .row,
        RowKey::new(96)
    );
    assert_eq!(
        api.ask(SearchStep { search_id: search.id.clone(), row: RowKey::new(196), forward: true })
            .await
            .unwrap()
            .unwrap()
            .row,
        RowKey::new(6)
    );
    assert_eq!(
        api.ask(SearchRank { search_id: search.id.clone(), row: RowKey::new(100) }).await.unwrap(),
        Rank::new(10)
    );
    let page = api
        .ask(MergedSearchRows { search_id: search.id.clone(), from: Rank::new(9), count: 2 })
        .await
        .unwrap();
    let found: Vec<_> =
        page.rows.iter().map(|row| (row.position.get(), row.source, row.row.text.as_str())).collect();
    assert_eq!((page.total, found), (20, vec![(96, 0, "97"), (106, 1, "107")]));
    // Each of the logs is searched by itself, too.
    let ranges = api
        .ask(SearchRanges { search_id: format!("{}-1", search.id), from: RowNo::ZERO, count: 10 })
        .await
        .unwrap();
    let ranges: Vec<_> = ranges.iter().map(|row| (row.row.get(), row.ranges.clone())).collect();
    assert_eq!(ranges, [(6, vec![(2, 3)])]);
    let density = api
        .ask(MergedDensity { sources: sources.clone(), buckets: 4, search_id: Some(search.id.clone()) })
        .await
        .unwrap();
    let slices: Vec<_> = density.buckets.iter().map(|slice| (slice.stdout, slice.matches)).collect();
    assert_eq!((density.rows, slices), (200, vec![(50, 5); 4]));

    // What is found is saved as a file, and so is one stream of all of them.
    let (text, rows) = saved(
        api.download(ExportMerged {
            sources: sources.clone(),
            timestamps: false,
            search_id: Some(search.id.clone()),
        })
        .await
        .unwrap(),
    )
    .await;
    assert_eq!(
        (text.lines().next(), text.lines().last(), rows),
        (Some("seq 1 100: 7"), Some("seq 101 200: 197"), 20)
    );
    let (text, rows) = saved(
        api.download(ExportMerged { sources: sources.clone(), timestamps: true, search_id: None })
            .await
            .unwrap(),
    )
    .await;
    let first = text.lines().next().unwrap_or_default();
    // The local time, with its offset.
    let (time, line) = first.split_once(' ').unwrap_or_default();
    assert!(rows == 200 && line == "seq 1 100: 1", "{rows} {first}");
    assert!(time.len() == 29 && matches!(time.as_bytes()[23], b'+' | b'-'), "{first}");
    let stderr = LogQuery { stream: Some(OutputStreamKind::Stderr), ..LogQuery::default() };
    let mut stderr = api
        .search(OpenMergedSearch { sources: sources.clone(), query: stderr, near: MergedPosition::ZERO })
        .await
        .unwrap();
    assert_eq!(searched(&mut stderr).await.matches, 0);

    let places = [(1, 0), (0, 99), (1, 99)].map(|(source, row)| SourceRow { source, row: RowNo::new(row) });
    assert_eq!(
        api.ask(MergedPositions { sources: sources.clone(), rows: places.to_vec() }).await.unwrap(),
        [100, 99, 199].map(MergedPosition::new)
    );

    // A time leads to the first row that was written then or later.
    let page = api
        .ask(ReadMerged { sources: sources.clone(), from: MergedPosition::new(100), count: 1 })
        .await
        .unwrap();
    let at = page.rows[0].row.ts;
    let position = api.ask(MergedPositionAt { sources: sources.clone(), at }).await.unwrap();
    let there = api.ask(ReadMerged { sources: sources.clone(), from: position, count: 1 }).await.unwrap();
    assert!(position <= MergedPosition::new(100) && there.rows[0].row.ts >= at, "{position}");
    let alone = vec![sources[1].clone()];
    assert_eq!(
        api.ask(MergedPositionAt { sources: alone.clone(), at: 0 }).await.unwrap(),
        MergedPosition::ZERO
    );
    assert_eq!(
        api.ask(MergedPositionAt { sources: alone, at: u64::MAX >> 12 }).await.unwrap(),
        MergedPosition::new(99)
    );

    for (wrong, field) in [
        (
            api.ask(MergedPositions {
                sources: sources.clone(),
                rows: vec![SourceRow { source: 2, row: RowNo::ZERO }],
            })
            .await
            .err(),
            "rows",
        ),
        (
            api.download(ExportMerged {
                sources: vec![sources[0].clone()],
                timestamps: false,
                search_id: Some(search.id.clone()),
            })
            .await
            .err(),
            "searchId",
        ),
        (
            api.ask(SearchRows { search_id: search.id.clone(), from: Rank::ZERO, count: 1 }).await.err(),
            "searchId",
        ),
        (
            api.ask(MergedSearchRows { search_id: format!("{}-0", search.id), from: Rank::ZERO, count: 1 })
                .await
                .err(),
            "searchId",
        ),
        (
            api.ask(MergedDensity {
                sources: vec![sources[0].clone()],
                buckets: 4,
                search_id: Some(search.id.clone()),
            })
            .await
            .err(),
            "searchId",
        ),
        (
            api.search(OpenMergedSearch {
                sources: vec![sources[0].clone(); 17],
                query,
                near: MergedPosition::ZERO,
            })
            .await
            .err(),
            "sources",
        ),
    ] {
        assert!(
            matches!(&wrong, Some(ApiError::InvalidRequest { field: of, .. }) if of == field),
            "{wrong:?}"
        );
    }
    let part = format!("{}-0", search.id);
    drop(search);
    let closed = async {
        while api.ask(SearchRank { search_id: part.clone(), row: RowKey::ZERO }).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, closed).await.expect("ends with its reader");
}

pub async fn rows_are_marked(subject: &Subject) {
    let api = subject.desktop();
    let id = api.submit_task(spec("s", command("seq", &["1", "10"]), json!({}))).await.unwrap();
    subject.engine.finished(&id).await;
    let mark = api
        .ask(SetBookmark { run: RunId::new(id.clone(), 1), row: RowNo::new(3), note: "here: ü".into() })
        .await
        .unwrap();
    assert_eq!((mark.attempt, mark.row.get(), mark.note.as_str()), (1, 3, "here: ü"));
    assert_eq!(api.ask(ListBookmarks { id: id.clone() }).await.unwrap(), [mark]);
    for _ in 0..2 {
        api.ask(DeleteBookmark { run: RunId::new(id.clone(), 1), row: RowNo::new(3) }).await.unwrap();
    }
    assert_eq!(api.ask(ListBookmarks { id: id.clone() }).await.unwrap(), []);
    assert_eq!(
        api.ask(SetBookmark { run: RunId::new(nobody(), 1), row: RowNo::ZERO, note: String::new() }).await,
        Err(ApiError::TaskNotFound { id: nobody() })
    );
}
