//! The guards as a caller over HTTP meets them: told to wait, counted, written down.

mod common;

use common::{Service, command};
use serde_json::json;
use solti_api::guard::RateLimit;
use solti_testing::Journal;

const LIST_BY_SOCKET: &str = "GET /api/v1/tasks HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

fn order(program: &str, args: &[&str]) -> String {
    json!({"spec": {"slot": "s", "kind": command(program, args)}}).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_over_its_rate_is_told_when_to_come_back_and_others_are_served() {
    let service = Service::start_at_rate(RateLimit::new(1, 3)).await;
    let mut answered = 0;
    let refused = loop {
        let reply = service.ask("GET", "/api/v1/tasks", "").await;
        if reply.status != 200 {
            break reply;
        }
        answered += 1;
        // Some more than the burst where the machine is slow, but never so many.
        assert!(answered < 50, "nobody is refused");
    };
    assert!(answered >= 3, "the burst passes");
    assert_eq!(refused.error(), (429, "RateLimited".into()));
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert!(refused.json()["retryAfterMs"].as_u64().is_some_and(|wait| (1..=1_001).contains(&wait)));
    assert_eq!(service.raw_by_socket(LIST_BY_SOCKET).await.status, 200, "who comes another way");
    assert_eq!(service.ask("GET", "/health", "").await.status, 200, "a probe is no call");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_called_can_be_scraped() {
    let service = Service::start().await;
    let made = service.ask("POST", "/api/v1/tasks", &order("printf", &["12345\\n123\\n"])).await.json();
    let id = made["taskId"].as_str().unwrap();
    // To its end, which is the task's.
    assert_eq!(service.ask("GET", &format!("/api/v1/tasks/{id}/logs"), "").await.status, 200);
    assert_eq!(service.ask("DELETE", "/api/v1/tasks/nobody", "").await.status, 204);
    assert_eq!(service.ask("GET", "/api/v1/tasks/nobody/runs", "").await.status, 404);
    let scraped = service.ask("GET", "/metrics", "").await;
    let kind = scraped.header("content-type").unwrap();
    assert!(scraped.status == 200 && kind.starts_with("application/openmetrics-text"), "{kind}");
    for line in [
        r#"solti_requests_total{operation="submit_task",outcome="ok"} 1"#,
        r#"solti_requests_total{operation="delete_task",outcome="ok"} 1"#,
        r#"solti_requests_total{operation="list_task_runs",outcome="TaskNotFound"} 1"#,
        r#"solti_request_seconds_count{operation="stream_task_logs"} 1"#,
        "solti_log_bytes_total 8",
        r#"solti_tasks{phase="succeeded"} 1"#,
        "# EOF",
    ] {
        assert!(scraped.body.lines().any(|found| found == line), "{line} is missing in:\n{}", scraped.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_changed_what_is_written_down_and_no_token_with_it() {
    let journal = Journal::default();
    let writer = journal.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false);
    subscriber.try_init().expect("the only subscriber of this program");
    let service = Service::start().await;
    let body = order("sleep", &["600"]);
    let submit = format!(
        "POST /api/v1/tasks HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let made = service.raw_by_socket(&submit).await.json();
    let id = made["taskId"].as_str().unwrap();
    let stop = "/api/v1/desktop/stop_task";
    let kill = |id: &str| json!({"id": id, "mode": "kill"}).to_string();
    assert_eq!(service.ask("POST", stop, &kill(id)).await.status, 200);
    assert_eq!(service.ask("POST", stop, &kill("nobody")).await.status, 404);
    assert_eq!(service.ask("GET", &format!("/api/v1/tasks/{id}"), "").await.status, 200);
    assert_eq!(service.ask("DELETE", &format!("/api/v1/tasks/{id}"), "").await.status, 204);

    let text = journal.text();
    let noted: Vec<_> =
        text.lines().filter_map(|line| line.split_once("solti::audit: ")).map(|(_, note)| note).collect();
    let uid = rustix::process::geteuid().as_raw();
    assert_eq!(
        noted,
        [
            format!(r#"caller=user {uid} operation="submit_task" task={id} outcome="ok""#),
            format!(r#"caller=127.0.0.1 operation="stop_task" task={id} outcome="ok""#),
            r#"caller=127.0.0.1 operation="stop_task" task=nobody outcome="TaskNotFound""#.to_owned(),
            format!(r#"caller=127.0.0.1 operation="delete_task" task={id} outcome="ok""#),
        ]
    );
    assert!(!text.contains(&service.token.text()));
}
