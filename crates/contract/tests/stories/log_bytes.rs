//! A log as a pipe: every byte of it, the beginnings of lines too, and what a task is given to read.

use crate::engine::{PATIENCE, bash, command, spec};
use crate::subjects::Subject;
use serde_json::{Value, json};
use solti_api::{LogPosition, LogReading};
use solti_model::{OutputEvent, OutputStreamKind, TaskId};
use tokio_stream::StreamExt as _;

const PIECES: LogReading = LogReading {
    after: LogPosition { attempt: 0, stdout: NOTHING, stderr: NOTHING, ended: false },
    unfinished: true,
    follow: true,
};
const NOTHING: solti_api::Handed = solti_api::Handed { lines: 0, bytes: 0 };

async fn read(subject: &Subject, id: &TaskId, how: LogReading) -> Vec<(LogPosition, OutputEvent)> {
    let events = subject.logs.read_log(id, how).await.unwrap();
    tokio::time::timeout(PATIENCE, events.collect()).await.expect("the log ends")
}

/// What went through one stream, as a pipe would have it.
fn piped<'a>(log: impl IntoIterator<Item = &'a OutputEvent>, wanted: OutputStreamKind) -> Vec<u8> {
    let mut bytes = vec![];
    for (stream, line, ended) in log.into_iter().filter_map(OutputEvent::printed) {
        if stream == wanted {
            bytes.extend_from_slice(line);
            bytes.extend(ended.then_some(b'\n'));
        }
    }
    bytes
}

async fn submit(subject: &Subject, kind: Value, more: Value) -> TaskId {
    subject.api.submit_task(spec("s", kind, more)).await.unwrap()
}

pub async fn output_comes_through_byte_for_byte(subject: &Subject) {
    let dir = tempfile::tempdir().unwrap();
    // All bytes, in an order that no text has; lines of all ends; one that is longer than any chunk, with characters where it is cut.
    let mut printed: Vec<u8> = (0..200_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    printed.extend(b"crlf\r\nlone\rcr\n\n\0nul\n");
    printed.extend("\u{20ac}".repeat(1_200_000).bytes());
    printed.extend(b"\n\xffno end");
    std::fs::write(dir.path().join("printed"), &printed).unwrap();
    let mut kind = bash("cat printed; printf 'err\\r\\0\\377' >&2");
    kind["subprocess"]["cwd"] = json!(dir.path());
    let id = submit(subject, kind, json!({})).await;
    for how in [PIECES, LogPosition::default().into()] {
        let log = read(subject, &id, how).await;
        let events = || log.iter().map(|(_, event)| event);
        assert!(piped(events(), OutputStreamKind::Stdout) == printed, "stdout, {how:?}");
        assert_eq!(piped(events(), OutputStreamKind::Stderr), b"err\r\0\xff", "{how:?}");
        if !how.unfinished {
            // A long line that is text stays text where it is cut.
            let is_euro =
                |event: &&OutputEvent| part(event).is_some_and(|(_, line, ..)| line.starts_with('\u{20ac}'));
            let parts: Vec<_> = events().filter(is_euro).collect();
            assert!(parts.len() > 2, "{}", parts.len());
            assert!(parts.iter().all(|event| matches!(event, OutputEvent::Chunk { raw: None, .. })));
        }
    }
    let silent = submit(subject, command("true", &[]), json!({"admission": "queue"})).await;
    let log = read(subject, &silent, PIECES).await;
    assert!(piped(log.iter().map(|(_, event)| event), OutputStreamKind::Stdout).is_empty());
}

/// A task that goes on when something is written to the gate.
async fn at_the_gate(subject: &Subject, dir: &std::path::Path, script: &str) -> TaskId {
    assert!(std::process::Command::new("mkfifo").arg(dir.join("gate")).status().unwrap().success());
    let mut kind = bash(script);
    kind["subprocess"]["cwd"] = json!(dir);
    submit(subject, kind, json!({})).await
}

fn part(event: &OutputEvent) -> Option<(u64, &str, bool, bool)> {
    match event {
        OutputEvent::Chunk { seq, line, continues, unfinished, .. } => {
            Some((*seq, line, *continues, *unfinished))
        }
        _ => None,
    }
}

pub async fn the_beginning_of_a_line_is_told_before_its_end(subject: &Subject) {
    let dir = tempfile::tempdir().unwrap();
    let script = "printf 'step 1 ... '; read -r _ < gate; echo done; echo next";
    let id = at_the_gate(subject, dir.path(), script).await;
    let mut events = subject.logs.read_log(&id, PIECES).await.unwrap();
    let reported = tokio::time::timeout(PATIENCE, async {
        let mut reported = vec![];
        while let Some((_, event)) = events.next().await {
            if part(&event).is_some_and(|(.., unfinished)| unfinished) {
                std::fs::write(dir.path().join("gate"), "go\n").unwrap();
            }
            reported.push(event);
        }
        reported
    });
    let reported = reported.await.expect("the log ends");
    let parts: Vec<_> = reported.iter().filter_map(part).collect();
    let expected = [(0, "step 1 ... ", false, true), (0, "done", true, false), (1, "next", false, false)];
    assert_eq!(parts, expected);
    // Who asks for lines gets lines.
    let lines = read(subject, &id, LogPosition::default().into()).await;
    let lines: Vec<_> = lines.iter().filter_map(|(_, event)| part(event)).collect();
    assert_eq!(lines, [(0, "step 1 ... done", false, false), (1, "next", false, false)]);
}

pub async fn what_there_is_now_is_told_and_nothing_more(subject: &Subject) {
    let dir = tempfile::tempdir().unwrap();
    let id = at_the_gate(subject, dir.path(), "echo first; printf half; read -r _ < gate").await;
    let now = |unfinished| LogReading { unfinished, follow: false, ..PIECES };
    let mut events = subject.logs.read_log(&id, PIECES).await.unwrap();
    let half = async {
        while let Some((_, event)) = events.next().await {
            if part(&event).is_some_and(|(_, line, ..)| line == "half") {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, half).await.expect("it is told");
    let parts = read(subject, &id, now(true)).await;
    assert_eq!(piped(parts.iter().map(|(_, event)| event), OutputStreamKind::Stdout), b"first\nhalf");
    let lines = read(subject, &id, now(false)).await;
    assert_eq!(piped(lines.iter().map(|(_, event)| event), OutputStreamKind::Stdout), b"first\n");
    std::fs::write(dir.path().join("gate"), "go\n").unwrap();
}

pub async fn a_line_goes_on_within_itself_behind_any_position(subject: &Subject) {
    let script = "for i in 1 2 3; do printf 'part '; echo err $i >&2; done; \
                  head -c 2500000 /dev/zero | tr '\\0' x; printf 'end\\n\\377'";
    let id = submit(subject, bash(script), json!({})).await;
    let all = read(subject, &id, PIECES).await;
    let whole =
        |log: &[(LogPosition, OutputEvent)], stream| piped(log.iter().map(|(_, event)| event), stream);
    for stream in [OutputStreamKind::Stdout, OutputStreamKind::Stderr] {
        let printed = whole(&all, stream);
        for (n, (after, _)) in all.iter().enumerate() {
            let rest = read(subject, &id, LogReading { after: *after, ..PIECES }).await;
            let joined = [whole(&all[..=n], stream), whole(&rest, stream)].concat();
            assert!(joined == printed, "{stream:?} behind {after}");
        }
    }
}

pub async fn what_a_task_reads_is_a_text_or_a_file(subject: &Subject) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("words");
    std::fs::write(&file, b"from a file\n\xff").unwrap();
    for (stdin, printed) in [
        (json!({"text": "a text\r\n\0\u{e4}"}), "a text\r\n\0\u{e4}".as_bytes()),
        (json!({"file": file}), b"from a file\n\xff"),
        (json!("none"), b""),
    ] {
        let id = submit(subject, command("cat", &[]), json!({"stdin": stdin, "admission": "queue"})).await;
        let log = read(subject, &id, PIECES).await;
        assert_eq!(piped(log.iter().map(|(_, event)| event), OutputStreamKind::Stdout), printed);
        let task = subject.api.get_task_status(&id).await.unwrap().unwrap();
        let spec = serde_json::to_value(&task.spec).unwrap();
        assert_eq!(spec.get("stdin").cloned().unwrap_or(json!("none")), stdin);
    }
    let missing = json!({"stdin": {"file": dir.path().join("nothing")}, "admission": "queue"});
    let id = submit(subject, command("cat", &[]), missing).await;
    let status = subject.engine.finished(&id).await.status;
    let said = status.error.unwrap_or_default();
    assert!(
        said.starts_with("the standard input could not be opened: ") && said.contains("nothing"),
        "{said}"
    );
    for (stdin, field) in [(json!("open"), "stdin"), (json!({"file": "words"}), "stdin.file")] {
        let mut order = spec("s", command("cat", &[]), json!({}));
        order.stdin = serde_json::from_value(stdin).unwrap();
        let refused = subject.api.submit_task(order).await.unwrap_err();
        assert!(
            matches!(&refused, solti_api::ApiError::InvalidRequest { field: named, .. } if named == field)
        );
    }
}
