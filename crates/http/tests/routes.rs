//! Every route, status and error body of the contract, as bytes on the wire.

mod common;

use common::{Service, bash, command};
use serde_json::{Value, json};
use solti_model::TaskId;

fn submit_body(slot: &str, kind: Value) -> String {
    json!({"spec": {"slot": slot, "kind": kind}}).to_string()
}

async fn submit(service: &Service, slot: &str, kind: Value) -> TaskId {
    let reply = service.ask("POST", "/api/v1/tasks", &submit_body(slot, kind)).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    TaskId::new(reply.json()["taskId"].as_str().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_submitted_read_listed_and_deleted() {
    let service = Service::start().await;
    let id = submit(&service, "build", bash("echo hi; exit 3")).await;
    service.engine.finished(&id).await;

    let task = service.ask("GET", &format!("/api/v1/tasks/{id}"), "").await;
    assert_eq!((task.status, task.header("content-type")), (200, Some("application/json")));
    assert_eq!(task.json()["task"]["status"]["exitCode"], 3);
    assert_eq!(task.json()["task"]["metadata"]["id"], id.as_str());

    let runs = service.ask("GET", &format!("/api/v1/tasks/{id}/runs"), "").await;
    assert_eq!((runs.status, &runs.json()["runs"][0]["phase"]), (200, &json!("failed")));

    for (query, total) in [
        ("", 1),
        ("?slot=build&status=failed&status=running", 1),
        ("?slot=other", 0),
        ("?status=succeeded", 0),
        ("?limit=99999999999&offset=0", 1),
    ] {
        let page = service.ask("GET", &format!("/api/v1/tasks{query}"), "").await.json();
        let listed = page["tasks"].as_array().unwrap().len();
        assert_eq!((page["total"].as_u64(), listed), (Some(total), total as usize), "{query}");
    }

    for _ in 0..2 {
        let deleted = service.ask("DELETE", &format!("/api/v1/tasks/{id}"), "").await;
        assert_eq!((deleted.status, deleted.body.as_str()), (204, ""));
    }
    let gone = service.ask("GET", &format!("/api/v1/tasks/{id}"), "").await;
    assert_eq!(gone.error(), (404, "TaskNotFound".into()));
    assert_eq!(gone.json()["id"], id.as_str());
}

/// Who has heard no answer sends the same again.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_twice_by_one_key_makes_one_task() {
    let service = Service::start().await;
    let ask = async |key: &str, path: &str, body: &str| {
        let head = format!("Host: {{host}}\r\nAuthorization: Bearer {{token}}\r\nIdempotency-Key: {key}\r\n");
        let length = body.len();
        let request = format!(
            "POST {path} HTTP/1.1\r\n{head}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
        service.raw(&request).await
    };
    let body = submit_body("build", bash("exit 0"));
    // Also where the first is still on its way to the disk.
    let submit = || ask("one", "/api/v1/tasks", &body);
    let (first, second) = tokio::join!(submit(), submit());
    assert_eq!((first.status, second.status), (201, 201), "{first:?}, {second:?}");
    assert_eq!(first.json(), second.json());
    let id = TaskId::new(first.json()["taskId"].as_str().unwrap()).unwrap();
    service.engine.finished(&id).await;
    assert_eq!(submit().await.json(), first.json());
    let again = json!({"id": id}).to_string();
    let rerun = async |key: &str| ask(key, "/api/v1/desktop/rerun_task", &again).await.json();
    let other = rerun("two").await;
    assert_eq!(rerun("two").await, other);
    service.engine.finished(&TaskId::new(other.as_str().unwrap()).unwrap()).await;
    assert_ne!(rerun("three").await, other);
    assert_eq!(service.ask("GET", "/api/v1/tasks", "").await.json()["total"], 3);
    assert_eq!(ask("a key", "/api/v1/tasks", &body).await.error(), (400, "InvalidRequest".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_told_with_its_path_and_all_together() {
    let service = Service::start().await;
    let refused = async |operation: &str, body: serde_json::Value| {
        let reply = service.ask("POST", &format!("/api/v1/desktop/{operation}"), &body.to_string()).await;
        assert_eq!(reply.error(), (400, "InvalidRequest".into()), "{reply:?}");
        let json = reply.json();
        let others = json["others"].as_array().cloned().unwrap_or_default();
        let said = |error: &serde_json::Value| {
            format!("{}: {}", error["field"].as_str().unwrap(), error["message"].as_str().unwrap())
        };
        [json.clone()].iter().chain(&others).map(said).collect::<Vec<_>>()
    };
    let kind = command("", &[]);
    let spec = json!({"slot": "a b", "kind": kind, "timeout": -5, "priority": 1.5, "stall": {"silentMs": 60_000, "bogus": 1}});
    let mut told = refused("validate_spec", json!({"spec": spec})).await;
    told.sort_unstable();
    let beginnings = [
        "kind.subprocess.mode.command.command: the command must not be blank",
        "priority: must be a whole number",
        "slot: may hold A–Z, a–z, digits",
        "stall.bogus: is not a field here",
        "timeout: must be from 1 to",
    ];
    assert_eq!(told.len(), beginnings.len(), "{told:?}");
    for (said, beginning) in told.iter().zip(beginnings) {
        assert!(said.starts_with(beginning), "{told:?}");
    }
    let hook = json!({"name": "h", "on": ["noise"], "call": {"webhook": {"url": 5}}, "bogus": true});
    let mut told = refused("save_hook", json!({"hook": hook})).await;
    told.sort_unstable();
    assert!(told.iter().all(|said| said.starts_with("hook.")) && told.len() == 3, "{told:?}");
    // No number is greater than the document says.
    let most = "must be at most 9,007,199,254,740,991";
    for (operation, body, field) in [
        ("digest", json!({"since": u64::MAX}), "since"),
        ("tasks_between", json!({"from": 0, "to": 1_u64 << 53}), "to"),
        ("list_tasks", json!({"query": {"sinceMs": u64::MAX}}), "query.sinceMs"),
    ] {
        assert_eq!(refused(operation, body).await, [format!("{field}: {most}")]);
    }
    let document = service.ask("GET", "/api/v1/openapi.json", "").await.json();
    let text = document.to_string();
    assert!(text.contains("9007199254740991") && !text.contains("18446744073709551615"));
}

const STOP: &str = "/api/v1/desktop/stop_task";
const LANE: &str = "/api/v1/desktop/set_lane";

#[tokio::test(flavor = "multi_thread")]
async fn errors_have_their_status_their_code_and_their_field() {
    let service = Service::start().await;
    let busy = submit(&service, "busy", command("sleep", &["600"])).await;
    let ask = async |method: &str, path: &str, body: &str| {
        let reply = service.ask(method, path, body).await;
        let json = reply.json();
        assert!(json["message"].as_str().is_some_and(|message| !message.is_empty()), "{reply:?}");
        (
            reply.status,
            json["error"].as_str().unwrap().to_owned(),
            json["field"].as_str().unwrap_or("").to_owned(),
        )
    };
    let answer = |status: u16, code: &str, field: &str| (status, code.to_owned(), field.to_owned());
    let long = "x".repeat(257);
    for (method, path, body, expected) in [
        ("POST", "/api/v1/tasks", "{", answer(400, "InvalidRequest", "body")),
        ("POST", "/api/v1/tasks", "", answer(400, "InvalidRequest", "body")),
        ("POST", "/api/v1/tasks", "[]", answer(400, "InvalidRequest", "body")),
        ("POST", "/api/v1/tasks", "{}", answer(400, "InvalidRequest", "spec")),
        ("POST", "/api/v1/tasks", r#"{"spec":{},"x":1}"#, answer(400, "InvalidRequest", "x")),
        ("POST", "/api/v1/tasks", r#"{"spec":{"slot":"a/b"}}"#, answer(400, "InvalidRequest", "slot")),
        (
            "POST",
            "/api/v1/tasks",
            r#"{"spec":{"slot":"a","colour":1}}"#,
            answer(400, "InvalidRequest", "colour"),
        ),
        ("GET", "/api/v1/tasks?limit=-1", "", answer(400, "InvalidRequest", "limit")),
        ("GET", "/api/v1/tasks?limit=1&limit=2", "", answer(400, "InvalidRequest", "limit")),
        ("GET", "/api/v1/tasks?status=asleep", "", answer(400, "InvalidRequest", "status")),
        ("GET", "/api/v1/tasks?slot=", "", answer(400, "InvalidRequest", "slot")),
        ("GET", "/api/v1/tasks?colour=red", "", answer(400, "InvalidRequest", "colour")),
        ("GET", "/api/v1/tasks/none", "", answer(404, "TaskNotFound", "")),
        ("GET", "/api/v1/tasks/none/runs", "", answer(404, "TaskNotFound", "")),
        ("GET", "/api/v1/tasks/none/logs", "", answer(404, "TaskNotFound", "")),
        ("GET", &format!("/api/v1/tasks/{long}"), "", answer(400, "InvalidRequest", "id")),
        ("GET", "/api/v1/tasks/..%2f..%2fetc", "", answer(400, "InvalidRequest", "id")),
        ("GET", "/api/v1/tasks/%2e%2e", "", answer(400, "InvalidRequest", "id")),
        ("GET", "/api/v1/tasks/a%00b", "", answer(400, "InvalidRequest", "id")),
        ("GET", "/api/v1/tasks/%ff", "", answer(400, "InvalidRequest", "path")),
        ("DELETE", "/api/v1/tasks/a%2fb", "", answer(400, "InvalidRequest", "id")),
        ("GET", "/api/v1/nothing", "", answer(404, "InvalidRequest", "path")),
        ("GET", "/", "", answer(404, "InvalidRequest", "path")),
        ("PUT", "/api/v1/tasks", "", answer(405, "InvalidRequest", "method")),
        ("BREW", "/api/v1/tasks", "", answer(405, "InvalidRequest", "method")),
        ("OPTIONS", "/api/v1/tasks", "", answer(405, "InvalidRequest", "method")),
        ("GET", "/api/v1/desktop/stop_task", "", answer(405, "InvalidRequest", "method")),
        ("POST", STOP, r#"{"id":"none","mode":"kill"}"#, answer(404, "TaskNotFound", "")),
        ("POST", STOP, r#"{"id":"none","mode":"maim"}"#, answer(400, "InvalidRequest", "mode")),
        ("POST", STOP, r#"{"id":"../none","mode":"kill"}"#, answer(400, "InvalidRequest", "id")),
        ("POST", STOP, r#"{"id":"none"}"#, answer(400, "InvalidRequest", "mode")),
        ("POST", STOP, r#"{"id":"a","id":"b","mode":"kill"}"#, answer(400, "InvalidRequest", "id")),
        ("POST", "/api/v1/desktop/rerun_task", r#"{"id":"none"}"#, answer(404, "TaskNotFound", "")),
        ("POST", LANE, "[1,null]", answer(400, "InvalidRequest", "body")),
        ("POST", LANE, r#"{"slot":"a","capacity":0}"#, answer(400, "InvalidRequest", "capacity")),
        (
            "POST",
            "/api/v1/desktop/list_tasks",
            r#"{"query":{"colour":1}}"#,
            answer(400, "InvalidRequest", "query.colour"),
        ),
    ] {
        assert_eq!(ask(method, path, body).await, expected, "{method} {path} {body}");
    }
    let refused = service.ask("POST", "/api/v1/tasks", &submit_body("busy", command("true", &[]))).await;
    assert_eq!(refused.error(), (409, "SlotBusy".into()));
    assert_eq!(
        (&refused.json()["slot"], &refused.json()["running"]),
        (&json!("busy"), &json!(busy.as_str()))
    );
    service.engine.running(&busy).await;
}
