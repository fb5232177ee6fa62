//! Server-sent events as a reader that is not ours sees them.

mod common;

use common::{PATIENCE, Reply, Service, bash, command, resident, spec};
use serde_json::{Value, json};
use solti_api::ApiHandler as _;
use solti_model::TaskId;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

#[derive(Debug, PartialEq)]
struct Event {
    name: String,
    id: String,
    data: Value,
}

/// The events of an answer that has ended, its chunked coding taken off.
fn events(reply: &Reply) -> Vec<Event> {
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("text/event-stream")));
    let (mut text, mut rest) = (String::new(), reply.body.as_str());
    loop {
        let (size, after) = rest.split_once("\r\n").unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            break;
        }
        text.push_str(&after[..size]);
        rest = &after[size + 2..];
    }
    let blocks = text.split("\n\n").filter(|block| block.starts_with("event: "));
    let event = |block: &str| {
        let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        Event {
            name: field("event: ").into(),
            id: field("id: ").into(),
            data: serde_json::from_str(field("data: ")).unwrap(),
        }
    };
    blocks.map(event).collect()
}

async fn read(service: &Service, id: &TaskId, last: Option<&str>) -> Reply {
    let last = last.map(|last| format!("Last-Event-ID: {last}\r\n")).unwrap_or_default();
    let request = format!(
        "GET /api/v1/tasks/{id}/logs HTTP/1.1\r\nHost: {{host}}\r\nAuthorization: Bearer {{token}}\r\n{last}\
         Connection: close\r\n\r\n"
    );
    service.raw(&request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn events_have_names_data_and_ids_and_go_on_behind_each() {
    let service = Service::start().await;
    let policy = json!({"restart": {"type": "onFailure"}, "maxRetries": 1,
                        "backoff": {"jitter": "none", "firstMs": 1, "maxMs": 1, "factor": 1.0}});
    let kind = bash("echo out; echo '{\"a\\nb\"}' >&2; exit 1");
    let id = service.engine.api.submit_task(spec("s", kind, policy)).await.unwrap();
    service.engine.finished(&id).await;
    let all = events(&read(&service, &id, None).await);
    let names: Vec<_> = all.iter().map(|event| event.name.as_str()).collect();
    let attempt = ["run-started", "chunk", "chunk", "run-finished"];
    assert_eq!(names, [attempt, attempt].concat());
    assert_eq!((&all[0].data["type"], &all[0].data["attempt"]), (&json!("runStarted"), &json!(1)));
    assert_eq!((&all[3].data["type"], &all[3].data["exitCode"]), (&json!("runFinished"), &json!(1)));
    let texts: Vec<_> = all[1..3].iter().map(|event| event.data["line"].as_str().unwrap()).collect();
    assert!(texts.contains(&"out") && texts.contains(&"{\"a\\nb\"}"), "{texts:?}");
    assert_eq!(all[3].id, "1-end");

    for (n, event) in all.iter().enumerate() {
        let rest = read(&service, &id, Some(&event.id)).await;
        if n + 1 == all.len() {
            assert_eq!((rest.status, rest.body.as_str()), (204, ""), "a browser does not ask again");
        } else {
            assert_eq!(events(&rest), all[n + 1..], "behind {}", event.id);
        }
    }
    for bad in ["x", "1", "1-2-3-4", "-1-0-0", "1-0-0%0a"] {
        let reply = read(&service, &id, Some(bad)).await;
        assert_eq!(
            (reply.error(), &reply.json()["field"]),
            ((400, "InvalidRequest".into()), &json!("Last-Event-ID"))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_who_take_nothing_cost_less_than_a_mebibyte_each_and_stop_nobody() {
    slow_readers("a line of a log as it is in life, with eighty characters or so").await;
}

/// Of such lines a block holds the most.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_of_empty_lines_costs_them_no_more() {
    slow_readers("").await;
}

async fn slow_readers(line: &str) {
    const SLOW: u64 = 32;
    const LINES: u64 = 200_000;
    let service = Service::start().await;
    let script = format!("yes '{line}' | head -n {LINES}");
    let id = service.engine.api.submit_task(spec("s", bash(&script), json!({}))).await.unwrap();
    service.engine.finished(&id).await;
    let request = format!(
        "GET /api/v1/tasks/{id}/logs HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
        service.serving.address().unwrap(),
        service.token.text()
    );
    let read_all = async || {
        let mut stream = service.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        let (mut buffer, mut events) = (vec![0; 64 * 1024], 0);
        loop {
            match tokio::time::timeout(PATIENCE, stream.read(&mut buffer)).await.expect("goes on").unwrap() {
                0 => return events,
                // One brace opens the data of each event, and the log has none.
                more => events += buffer[..more].iter().filter(|byte| **byte == b'{').count() as u64,
            }
        }
    };
    // Before memory is looked at, so that what stays allocated for any reader is there already.
    assert_eq!(read_all().await, LINES + 2);
    let before = resident();
    let mut slow = vec![];
    for _ in 0..SLOW {
        let mut stream = service.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut first = [0; 64];
        stream.read_exact(&mut first).await.unwrap();
        slow.push(stream);
    }
    assert_eq!(read_all().await, LINES + 2, "beside them");
    let each = resident().saturating_sub(before) / SLOW;
    println!("{each} KiB for each slow reader");
    assert!(each < 1_024, "{each} KiB for each slow reader");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_thousand_lines_are_all_there() {
    const LINES: u64 = 200_000;
    let service = Service::start().await;
    let task = spec("s", command("seq", &["1", &LINES.to_string()]), json!({}));
    let id = service.engine.api.submit_task(task).await.unwrap();
    let all = events(&read(&service, &id, None).await);
    assert_eq!(all.len() as u64, LINES + 2);
    for (n, event) in all[1..=LINES as usize].iter().enumerate() {
        let expected = json!((n + 1).to_string());
        assert_eq!((&event.data["seq"], &event.data["line"]), (&json!(n), &expected));
    }
}
