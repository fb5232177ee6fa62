//! Rows that redraw themselves: what a window shows, finds, copies and saves of them is what a terminal shows.

mod common;

use common::{Engine, PATIENCE, bash, spec};
use serde_json::json;
use solti_api::operations::{
    ExportLog, GetLogInfo, LastLines, OpenSearch, Operations as _, ReadLine, ReadLog, ReadLogText,
    ReadMerged, SearchAll, SearchLine, SearchRanges, SearchRows, SetLogEncoding,
};
use solti_api::{ApiError, ApiHandler};
use solti_model::{
    LogQuery, LogRow, MergedPosition, Rank, RowNo, RowSpan, RunId, Severity, TaskId, TextPosition,
};
use tokio_stream::StreamExt as _;

async fn printed(engine: &Engine, script: &str) -> TaskId {
    let id = engine.api.submit_task(spec("s", bash(script), json!({"admission": "queue"}))).await.unwrap();
    engine.finished(&id).await;
    id
}

fn run(id: &TaskId) -> RunId {
    RunId::new(id.clone(), 1)
}

async fn rows(engine: &Engine, id: &TaskId) -> Vec<LogRow> {
    engine.api.ask(ReadLog { run: run(id), from: RowNo::ZERO, count: 1_000 }).await.unwrap().rows
}

async fn copied(engine: &Engine, id: &TaskId, row: u64) -> String {
    let at = |column| TextPosition { row: RowNo::new(row), column };
    let (start, end) = (at(0), at(1 << 40));
    let text = ReadLogText { run: run(id), start, end, timestamps: false, search_id: None };
    engine.api.ask(text).await.unwrap().text
}

async fn saved(engine: &Engine, id: &TaskId) -> String {
    let mut export =
        engine.api.download(ExportLog { run: run(id), timestamps: true, search_id: None }).await.unwrap();
    let mut bytes = Vec::new();
    while let Some(chunk) = export.next().await {
        bytes.extend_from_slice(&chunk.unwrap().bytes);
    }
    let text = String::from_utf8(bytes).unwrap();
    text.lines().map(|line| format!("{}\n", line.split_once(' ').unwrap().1)).collect()
}

/// Rows that match, as they are shown.
async fn found(engine: &Engine, id: &TaskId, pattern: &str) -> Vec<String> {
    let query = LogQuery { pattern: pattern.into(), regex: true, ignore_ansi: true, ..LogQuery::default() };
    let mut search = engine.api.search(OpenSearch { run: run(id), query, near: RowNo::ZERO }).await.unwrap();
    let ended = async { while !search.progress.next().await.unwrap().complete {} };
    tokio::time::timeout(PATIENCE, ended).await.unwrap();
    let rows = engine
        .api
        .ask(SearchRows { search_id: search.id.clone(), from: Rank::ZERO, count: 100 })
        .await
        .unwrap()
        .rows;
    rows.into_iter().map(|row| row.text).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_meter_shows_its_last_state_wherever_it_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    // Of the second one more is printed than a window is ever given.
    let meter = |count: u32| format!("for i in $(seq {count}); do printf '\\r%d' $i; done; echo");
    let id = printed(&engine, &format!("{}; {}", meter(2_000), meter(40_000))).await;
    for (row, last) in [(0, "2000"), (1, "40000")] {
        let shown = &rows(&engine, &id).await[row as usize];
        assert_eq!((shown.text.as_str(), &shown.spans[..], shown.more), (last, &[][..], 0));
        let line = engine
            .api
            .ask(ReadLine {
                run: run(&id),
                row: RowNo::new(row),
                from_byte: 0,
                count: 1_000,
                search_id: None,
            })
            .await
            .unwrap();
        assert_eq!((line.text.as_str(), line.full_len), (last, last.len() as u64));
        assert_eq!(copied(&engine, &id, row).await, last);
    }
    assert_eq!(saved(&engine, &id).await, "2000\n40000\n");
    assert_eq!(found(&engine, &id, "^2000$").await, ["2000"]);
    assert_eq!(found(&engine, &id, "1999").await, [] as [&str; 0], "it is gone");
    let merged = ReadMerged { sources: vec![run(&id)], from: MergedPosition::ZERO, count: 10 };
    let merged = engine.api.ask(merged).await.unwrap().rows;
    assert_eq!(merged.iter().map(|row| row.row.text.as_str()).collect::<Vec<_>>(), ["2000", "40000"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn find_sees_what_is_seen_and_marks_it_where_it_stands() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let id = printed(
        &engine,
        r"printf 'fetching 90%%\rSaved: f\033[K\n'; printf 'all done\r\n'; printf 'downloading\r处理中     \n'
          printf '\033[31mred \033[1mbold\033[0m plain\n'; printf 'still \033[32mgreen\n'; printf 'here\033[0m too\n'",
    )
    .await;
    assert_eq!(found(&engine, &id, "^Saved").await, ["Saved: f"]);
    assert_eq!(found(&engine, &id, "fetching|downloading").await, [] as [&str; 0]);
    assert_eq!(found(&engine, &id, "done$").await, ["all done"]);
    assert_eq!(found(&engine, &id, "^处理中$").await, ["处理中"]);

    let all = rows(&engine, &id).await;
    let red = RowSpan { len: 4, fg: Some(1), ..RowSpan::default() };
    let bold = RowSpan { bold: true, ..red.clone() };
    let plain = |len| RowSpan { len, ..RowSpan::default() };
    assert_eq!((all[3].text.as_str(), &all[3].spans[..]), ("red bold plain", &[red, bold, plain(6)][..]));
    let green = RowSpan { len: 4, fg: Some(2), ..RowSpan::default() };
    assert_eq!((all[5].text.as_str(), &all[5].spans[..]), ("here too", &[green, plain(4)][..]));

    let query = LogQuery { pattern: "bold p".into(), ignore_ansi: true, ..LogQuery::default() };
    let search = engine.api.search(OpenSearch { run: run(&id), query, near: RowNo::ZERO }).await.unwrap();
    let ranges = engine
        .api
        .ask(SearchRanges { search_id: search.id.clone(), from: RowNo::ZERO, count: 10 })
        .await
        .unwrap();
    assert_eq!(
        ranges.iter().map(|row| (row.row.get(), &row.ranges[..])).collect::<Vec<_>>(),
        [(3, &[(4, 10)][..])]
    );

    let hits = LogQuery { pattern: "Saved".into(), ignore_ansi: true, ..LogQuery::default() };
    let hits: Vec<_> = engine.api.open(SearchAll { query: hits, ids: None }).await.unwrap().collect().await;
    let texts: Vec<&str> =
        hits.iter().flat_map(|hits| &hits.tasks).map(|run| run.first_text.as_str()).collect();
    assert_eq!(texts, ["Saved: f"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_meter_that_still_runs_is_found_by_what_it_says_now() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let gate = dir.path().join("gate");
    let script = format!(
        "printf '10%%\\r50%%'; while [ ! -e {0} ]; do sleep 0.05; done; printf '\\r99%%'; sleep 60",
        gate.display()
    );
    let id = engine.api.submit_task(spec("s", bash(&script), json!({}))).await.unwrap();
    engine.running(&id).await;
    let query = LogQuery { pattern: "^50%$".into(), regex: true, ignore_ansi: true, ..LogQuery::default() };
    let mut search = engine.api.search(OpenSearch { run: run(&id), query, near: RowNo::ZERO }).await.unwrap();
    for expected in [1, 0] {
        let gets_there = async { while search.progress.next().await.unwrap().matches != expected {} };
        tokio::time::timeout(PATIENCE, gets_there).await.unwrap();
        std::fs::write(&gate, "").unwrap();
    }
    assert_eq!(rows(&engine, &id).await[0].text, "99%");
    engine.api.delete_task(&id).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rows_that_are_marked_are_those_that_a_search_for_them_finds() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let script = r#"
        printf 'error: one\nINFO error: seen\nok\nwarning: two\n{"level":50,"msg":"three"}\n'
        printf 'wait\r\033[31mERROR\033[0m four\nnpm warn five\nmake: *** [all] Error 2\n'
        head -c 300 /dev/zero | tr '\0' x; echo ' ERROR: far behind the beginning'"#;
    let id = printed(&engine, script).await;
    let marked = rows(&engine, &id).await;
    for severity in [Severity::Error, Severity::Warning] {
        let query = LogQuery { severity: Some(severity), background: true, ..LogQuery::default() };
        let mut search =
            engine.api.search(OpenSearch { run: run(&id), query, near: RowNo::ZERO }).await.unwrap();
        let ended = async { while !search.progress.next().await.unwrap().complete {} };
        tokio::time::timeout(PATIENCE, ended).await.unwrap();
        let ask = SearchRows { search_id: search.id.clone(), from: Rank::ZERO, count: 100 };
        let found: Vec<u64> =
            engine.api.ask(ask).await.unwrap().rows.iter().map(|row| row.row.get()).collect();
        let expected: Vec<u64> =
            marked.iter().filter(|row| row.severity == Some(severity)).map(|row| row.row.get()).collect();
        assert_eq!(found, expected, "{severity:?}");
        let by_hand = if severity == Severity::Error { vec![0, 4, 5, 7] } else { vec![3, 6] };
        assert_eq!(found, by_hand, "{severity:?}");
    }
    let exclude =
        LogQuery { pattern: "error".into(), exclude: "(".into(), regex: true, ..LogQuery::default() };
    let refused = engine
        .api
        .search(OpenSearch { run: run(&id), query: exclude, near: RowNo::ZERO })
        .await
        .err()
        .unwrap();
    assert!(
        matches!(&refused, ApiError::InvalidRequest { field, message, .. }
            if field == "query.exclude" && message == "unclosed ( at column 1"),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_match_far_in_a_long_line_is_gone_to_and_told_with_what_is_around_it() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    // Two matches behind what a window is given of a row; the second line has colours.
    let long =
        "head -c 20000 /dev/zero | tr '\\0' x; printf 'one needle'; head -c 20000 /dev/zero | tr '\\0' y";
    let id =
        printed(&engine, &format!("{long}; printf 'a needle\\n'; printf '\\033[31m'; {long}; echo")).await;
    let query = LogQuery { pattern: "needle".into(), ignore_ansi: true, ..LogQuery::default() };
    let search = engine.api.search(OpenSearch { run: run(&id), query, near: RowNo::ZERO }).await.unwrap();
    let next = async |row, from_byte, forward| {
        let search_id = search.id.clone();
        let found = engine.api.ask(SearchLine { search_id, row: RowNo::new(row), from_byte, forward }).await;
        found.unwrap().map(|found| (found.from_byte, found.to_byte))
    };
    assert_eq!(next(0, 10_240, true).await, Some((20_004, 20_010)));
    assert_eq!(next(0, 20_005, true).await, Some((40_012, 40_018)));
    assert_eq!(next(0, 40_013, true).await, None);
    assert_eq!(next(0, 1 << 40, false).await, Some((40_012, 40_018)));
    assert_eq!(next(0, 20_004, false).await, None);
    assert_eq!(next(1, 0, true).await, Some((20_004, 20_010)));
    assert_eq!(next(7, 0, true).await, None);

    for row in [0, 1] {
        let line = ReadLine {
            run: run(&id),
            row: RowNo::new(row),
            from_byte: 20_000,
            count: 20,
            search_id: Some(search.id.clone()),
        };
        let line = engine.api.ask(line).await.unwrap();
        assert_eq!((line.text.as_str(), &line.ranges[..]), ("one needleyyyyyyyyyy", &[(4, 10)][..]));
        assert_eq!(line.spans.iter().any(|span| span.fg == Some(1)), row == 1);
    }
}

/// What is found in all logs, as the name of the task's file, the number of matches and the beginning of the first.
async fn found_in_all(engine: &Engine, query: LogQuery) -> Vec<(TaskId, u64, String)> {
    let hits = engine.api.open(SearchAll { query, ids: None }).await.unwrap();
    let all: Vec<_> = tokio::time::timeout(PATIENCE, hits.collect()).await.unwrap();
    assert!(all.last().is_some_and(|last| last.complete && last.unread_logs == 0), "{:?}", all.last());
    all.into_iter().flat_map(|hits| hits.tasks).map(|run| (run.id, run.matches, run.first_text)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_of_all_logs_reads_each_in_its_encoding() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let latin = printed(&engine, r"printf 'plain\nf\374r M\344nner\n'").await;
    let wide = printed(&engine, r"printf 'z\0e\0r\0o\0\n\0f\0\374\0r\0\n\0'").await;
    let utf8 = printed(&engine, r"printf 'f\303\274r\n'").await;
    // Longer than what is searched in one go.
    let long = r"yes 'nothing of it here' | head -n 25000; printf 'f\374r\n\344\366\374\337 f\374r\n'";
    let long = printed(&engine, long).await;
    let query =
        |pattern: &str| LogQuery { pattern: pattern.into(), ignore_ansi: true, ..LogQuery::default() };
    let found = found_in_all(&engine, query("F\u{dc}R")).await;
    let expected = [
        (long.clone(), 2, "f\u{fc}r"),
        (utf8, 1, "f\u{fc}r"),
        (wide.clone(), 1, "f\u{fc}r"),
        (latin.clone(), 1, "f\u{fc}r M\u{e4}nner"),
    ];
    assert_eq!(found, expected.map(|(id, matches, text)| (id, matches, text.to_owned())));

    // What was chosen for a log counts, and not what it looks like.
    for id in [&latin, &long] {
        let choice = SetLogEncoding { run: run(id), encoding: Some("koi8-r".into()) };
        engine.api.ask(choice).await.unwrap();
    }
    assert_eq!(found_in_all(&engine, query("f\u{fc}r")).await.len(), 2);
    assert_eq!(found_in_all(&engine, query("f\u{430}r")).await.len(), 0);
    assert_eq!(found_in_all(&engine, query("f\u{42d}r")).await.len(), 2);
}

/// The beginning of it tells nothing, and nobody has chosen: all that read it agree.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_whose_encoding_shows_behind_its_first_mib_is_read_in_it_by_all() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let script = r"yes 'nothing of it here' | head -n 120000; printf 'f\374r M\344nner\nStra\337e\n'";
    let id = printed(&engine, script).await;
    let info = engine.api.ask(GetLogInfo { run: run(&id) }).await.unwrap();
    assert_eq!((info.encoding.as_deref(), info.encoding_chosen), (Some("windows-1252"), false));
    let ask = ReadLog { run: run(&id), from: RowNo::new(120_000), count: 10 };
    let rows = engine.api.ask(ask).await.unwrap().rows;
    assert_eq!(
        rows.iter().map(|row| row.text.as_str()).collect::<Vec<_>>(),
        ["f\u{fc}r M\u{e4}nner", "Stra\u{df}e"]
    );
    assert_eq!(found(&engine, &id, "^f\u{fc}r").await, ["f\u{fc}r M\u{e4}nner"]);
    assert_eq!(copied(&engine, &id, 120_001).await, "Stra\u{df}e");
    let query = LogQuery { pattern: "Stra\u{df}e".into(), ..LogQuery::default() };
    assert_eq!(found_in_all(&engine, query).await, [(id, 1, "Stra\u{df}e".to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_found_by_their_fields_in_one_log_and_in_all() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let script = r#"
        printf '{"level":"error","reqId":"r-3","n":12345678901234567890}\n{"level":"error","reqId":"r-4"}\n'
        printf 'level=error reqId=r-3 msg="a b"\n\033[31mlevel=info\033[0m reqId=r-3\nerror r-3\n'"#;
    let id = printed(&engine, script).await;
    let fields = |fields: &str| LogQuery { fields: fields.into(), ..LogQuery::default() };
    for (asked, expected) in [
        ("level=error reqId=r-3", vec![0, 2]),
        ("n=12345678901234567890", vec![0]),
        ("level!=error reqId=r-3", vec![3]),
        (r#"msg="a b""#, vec![2]),
    ] {
        let near = RowNo::ZERO;
        let mut search =
            engine.api.search(OpenSearch { run: run(&id), query: fields(asked), near }).await.unwrap();
        let ended = async { while !search.progress.next().await.unwrap().complete {} };
        tokio::time::timeout(PATIENCE, ended).await.unwrap();
        let ask = SearchRows { search_id: search.id.clone(), from: Rank::ZERO, count: 100 };
        let rows = engine.api.ask(ask).await.unwrap().rows;
        assert_eq!(rows.iter().map(|row| row.row.get()).collect::<Vec<_>>(), expected, "{asked}");
        let all = found_in_all(&engine, fields(asked)).await;
        assert_eq!(all.iter().map(|found| found.1).collect::<Vec<_>>(), [expected.len() as u64], "{asked}");
    }
    let refused = engine.api.open(SearchAll { query: fields("level"), ids: None }).await.err().unwrap();
    assert!(
        matches!(&refused, ApiError::InvalidRequest { field, message, .. }
            if field == "query.fields" && message == "no = behind level, at column 6"),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_line_of_a_log_is_read_in_its_encoding_guessed_or_chosen() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let cyrillic = printed(
        &engine,
        r"printf '\356\370\350\341\352\340: \364\340\351\353 \355\345 \355\340\351\344\345\355\n'",
    )
    .await;
    let wide = printed(&engine, r"printf 'z\0e\0r\0o\0\n\0f\0\374\0r\0\n\0'").await;
    let latin = printed(&engine, r"printf 'f\374r M\344nner\n'").await;
    let choice = SetLogEncoding { run: run(&latin), encoding: Some("koi8-r".into()) };
    engine.api.ask(choice).await.unwrap();
    let ids = vec![cyrillic.clone(), wide.clone(), latin.clone()];
    let lines = engine.api.ask(LastLines { ids }).await.unwrap();
    let text = |id: &TaskId| lines.iter().find(|line| line.task == *id).map(|line| line.text.as_str());
    let error = "\u{43e}\u{448}\u{438}\u{431}\u{43a}\u{430}: \u{444}\u{430}\u{439}\u{43b} \u{43d}\u{435} \u{43d}\u{430}\u{439}\u{434}\u{435}\u{43d}";
    assert_eq!(text(&cyrillic), Some(error));
    assert_eq!(text(&wide), Some("f\u{fc}r"));
    assert_eq!(text(&latin), Some("f\u{42d}r M\u{414}nner"));
}
