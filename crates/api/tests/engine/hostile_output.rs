//! Output that means harm: escapes, markup, direction marks, NUL, bytes that are no text, lines without end. Every byte is in the
//! file as it came, and what a window gets is text of a bounded length. That a window draws it as text is tested in a real one.

use crate::common;
use common::{Engine, bash, spec};
use serde_json::json;
use solti_api::ApiHandler;
use solti_api::operations::{Operations as _, ReadLog};
use solti_model::{MAX_ROW_BYTES, RowNo, RunId};
use std::path::Path;

/// Lines, without their newlines.
fn corpus() -> Vec<Vec<u8>> {
    let mut lines: Vec<Vec<u8>> = include_bytes!("../../../../tests/corpus/hostile.txt")
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect();
    lines.pop();
    lines.push((0..=255).filter(|byte| *byte != b'\n').collect());
    lines.push(b"\xff\xfe\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80 not UTF-8".to_vec());
    lines.push(b"\0\0\0NUL\0".to_vec());
    lines.push(vec![0x1b; 5_000]);
    lines.push("\u{202e}\u{2066}".repeat(2_000).into_bytes());
    lines.push("e\u{301}".repeat(20_000).into_bytes());
    lines
}

async fn print_file(engine: &Engine, file: &Path) -> solti_model::TaskId {
    let text = format!("cat '{}'", file.display());
    let id = engine.api.submit_task(spec("s", bash(&text), json!({"admission": "queue"}))).await.unwrap();
    engine.finished(&id).await;
    id
}

async fn rows(engine: &Engine, id: &solti_model::TaskId) -> Vec<solti_model::LogRow> {
    let first = ReadLog { run: RunId::new(id.clone(), 1), from: RowNo::ZERO, count: 1_000 };
    engine.api.ask(first).await.unwrap().rows
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_output_is_kept_byte_for_byte_and_shown_as_text_of_bounded_length() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let lines = corpus();
    let mut bytes = lines.join(&b'\n');
    bytes.push(b'\n');
    let file = dir.path().join("hostile");
    std::fs::write(&file, &bytes).unwrap();
    let id = print_file(&engine, &file).await;
    let log = std::fs::read(engine.supervisor.folders().run(&id, 1).join("output.log")).unwrap();
    assert_eq!(log, bytes, "not a byte is changed");

    let rows = rows(&engine, &id).await;
    assert_eq!(rows.len(), lines.len());
    for (row, line) in rows.iter().zip(&lines) {
        assert_eq!(row.full_len, line.len() as u64);
        assert!(row.text.len() <= MAX_ROW_BYTES, "{} bytes of text", row.text.len());
        assert!(solti_rows::text(line).starts_with(&row.text), "{:?} of {line:?}", row.text);
        let units: Vec<u16> = row.text.encode_utf16().collect();
        let (mut rest, mut steering) = (&units[..], 0);
        for span in &row.spans {
            let (text, behind) = rest.split_at(span.len as usize);
            rest = behind;
            steering += if span.control { text.len() } else { 0 };
        }
        let expected = row.text.chars().filter(|c| solti_rows::is_control(*c)).count();
        assert_eq!(steering, expected, "what steers a page is marked: {:?}", row.text);
    }
    let streamed = engine.lines(&id).await;
    let expected: Vec<_> = lines.iter().map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    assert_eq!(streamed, expected);
}

fn memory() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<i64>().unwrap() * 1024
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_without_end_costs_no_memory_and_hides_nothing_behind_it() {
    // `make torture` asks for a gigabyte.
    let megabytes: u64 =
        std::env::var("SOLTI_TORTURE_LINE_MB").ok().and_then(|size| size.parse().ok()).unwrap_or(100);
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let before = memory();
    let text = format!("head -c {megabytes}M /dev/zero | tr '\\0' x; echo; echo behind it");
    let id = engine.api.submit_task(spec("s", bash(&text), json!({}))).await.unwrap();
    engine.finished(&id).await;
    let rows = rows(&engine, &id).await;
    let (behind, pieces) = rows.split_last().unwrap();
    assert_eq!(behind.text, "behind it");
    assert_eq!(
        pieces.iter().map(|row| row.full_len).sum::<u64>(),
        megabytes << 20,
        "{} pieces",
        pieces.len()
    );
    for row in pieces {
        assert!(row.text.len() <= MAX_ROW_BYTES && row.text.starts_with("xxxx"), "{} bytes", row.text.len());
    }
    let grown = memory() - before;
    assert!(grown < 50 << 20, "memory has grown by {grown} bytes");
}
