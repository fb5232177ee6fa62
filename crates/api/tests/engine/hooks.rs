//! Hooks: what happens is called for, over a restart too; each try says which call it is of; a secret signs and is never answered.

use crate::common;
use common::{Engine, bash, command, spec, within};
use serde_json::{Value, json};
use solti_api::operations::{
    DeleteHook, ListHooks, Operations as _, ReadViews, SaveHook, SaveViews, TestHook,
};
use solti_api::{ApiError, ApiHandler as _};
use solti_model::{DeliveryState, Hook, HookDelivery, HookEvent, HookList, ListQuery, TaskId, TaskPhase};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;

/// What was posted: the head, and the body.
type Posted = (String, Value);

/// Takes what is posted, and answers each with this status.
async fn receiver(status: u16) -> (String, mpsc::Receiver<Posted>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (sender, receiver) = mpsc::channel(16);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (mut heard, mut part) = (Vec::new(), [0; 4096]);
            let posted = loop {
                let read = stream.read(&mut part).await.unwrap();
                heard.extend_from_slice(&part[..read]);
                let text = String::from_utf8_lossy(&heard).into_owned();
                let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                if let Ok(body) = serde_json::from_str(body) {
                    break (head.to_lowercase(), body);
                }
            };
            let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 2\r\n\r\nhm");
            stream.write_all(answer.as_bytes()).await.unwrap();
            if sender.send(posted).await.is_err() {
                return;
            }
        }
    });
    (url, receiver)
}

fn hook(name: &str, more: Value) -> Hook {
    let mut hook = json!({"name": name, "on": ["failure"]});
    hook.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(hook).unwrap()
}

/// Waits until the hooks are as wanted.
async fn until(engine: &Engine, fits: impl Fn(&HookList) -> bool) -> HookList {
    let wait = async {
        loop {
            let list = engine.api.ask(ListHooks {}).await.unwrap();
            if fits(&list) {
                return list;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    within("the hooks are as wanted", wait).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_posted_signed_with_its_last_lines_also_when_the_app_was_gone_meanwhile() {
    let dir = tempfile::tempdir().unwrap();
    let (url, mut posted) = receiver(200).await;
    let engine = Engine::open(dir.path()).await;
    // Nobody calls hooks yet, as when the program is killed at this moment.
    let before = engine.api.submit_task(spec("before", bash("exit 1"), json!({}))).await.unwrap();
    engine.finished(&before).await;
    let chat = hook("chat", json!({"call": {"webhook": {"url": url, "secret": "s3cret"}}}));
    let saved = engine.api.ask(SaveHook { hook: chat }).await.unwrap();
    assert!(saved.has_secret);
    let failed = bash("echo one; echo two >&2; exit 3");
    let id =
        engine.api.submit_task(spec("night", failed, json!({"labels": {"name": "nightly"}}))).await.unwrap();
    engine.finished(&id).await;
    let well = engine.api.submit_task(spec("well", command("true", &[]), json!({}))).await.unwrap();
    engine.finished(&well).await;
    engine.supervisor.shut_down().await;
    drop(engine);

    let engine = Engine::open(dir.path()).await;
    tokio::spawn(engine.api.clone().call_hooks());
    let (head, body) = within("the call", posted.recv()).await.unwrap();
    assert_eq!(body["text"], "nightly failed: exit 3");
    assert_eq!((&body["event"], &body["task"]["id"]), (&json!("failure"), &json!(id)));
    let mut lines: Vec<_> = body["lastLines"].as_array().unwrap().iter().collect();
    lines.sort_by_key(|line| line.as_str());
    assert_eq!(lines, [&json!("one"), &json!("two")]);
    for header in ["solti-event: failure", "solti-delivery: 1", "solti-try: 1", "solti-signature: t="] {
        assert!(head.contains(header), "{header} in {head}");
    }
    let list = until(&engine, |list| list.hooks[0].latest[0].state == DeliveryState::Delivered).await;
    // Once, and not for what happened before there was a hook, or for a success.
    assert_eq!(list.hooks[0].latest.len(), 1);
    assert!(!serde_json::to_string(&list).unwrap().contains("s3cret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_refused_waits_for_its_next_try_and_a_test_is_told_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let (url, mut posted) = receiver(503).await;
    let engine = Engine::open(dir.path()).await;
    tokio::spawn(engine.api.clone().call_hooks());
    engine
        .api
        .ask(SaveHook { hook: hook("chat", json!({"call": {"webhook": {"url": url}}})) })
        .await
        .unwrap();
    let test = engine.api.ask(TestHook { name: "chat".into() }).await.unwrap();
    assert_eq!(
        (test.event, test.state, test.said.as_deref()),
        (HookEvent::Test, DeliveryState::GivenUp, Some("503: hm"))
    );
    let (_, body) = within("the test", posted.recv()).await.unwrap();
    assert_eq!(body["event"], "test");

    let id = engine.api.submit_task(spec("a", command("false", &[]), json!({}))).await.unwrap();
    engine.finished(&id).await;
    within("the call", posted.recv()).await.unwrap();
    let list = until(&engine, |list| list.hooks[0].latest[0].said.is_some()).await;
    let call = &list.hooks[0].latest[0];
    assert_eq!((call.state, call.tries, call.task.as_ref()), (DeliveryState::Waiting, 1, Some(&id)));
    assert!(call.next_at.is_some_and(|next| next > call.at));
    assert_eq!((list.waiting, list.hooks[0].waiting), (1, 1));
    engine.api.ask(DeleteHook { name: "chat".into() }).await.unwrap();
    assert_eq!(engine.api.ask(ListHooks {}).await.unwrap().waiting, 0);
    let gone = engine.api.ask(TestHook { name: "chat".into() }).await;
    assert!(gone.is_err(), "{gone:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_a_clock_that_was_ahead_has_put_off_does_not_wait_for_that_time() {
    let dir = tempfile::tempdir().unwrap();
    let (url, mut posted) = receiver(200).await;
    let engine = Engine::open(dir.path()).await;
    let chat = hook("chat", json!({"call": {"webhook": {"url": url}}}));
    engine.api.ask(SaveHook { hook: chat }).await.unwrap();
    let calling = tokio::spawn(engine.api.clone().call_hooks());
    engine.api.ask(TestHook { name: "chat".into() }).await.unwrap();
    within("the test", posted.recv()).await.unwrap();
    calling.abort();
    assert!(calling.await.unwrap_err().is_cancelled());
    engine.supervisor.shut_down().await;
    drop(engine);
    let db = rusqlite::Connection::open(dir.path().join("solti.db")).unwrap();
    let ahead = "UPDATE hook_calls SET state = 'waiting', next_at = at + 63072000000";
    assert_eq!(db.execute(ahead, []).unwrap(), 1);
    drop(db);

    let engine = Engine::open(dir.path()).await;
    tokio::spawn(engine.api.clone().call_hooks());
    within("the call", posted.recv()).await.unwrap();
}

/// Whether no call waits any more; how many do is counted after the calls were read.
fn is_over(list: &HookList) -> bool {
    let waits = |call: &HookDelivery| call.state == DeliveryState::Waiting;
    list.waiting == 0 && !list.hooks[0].latest.iter().any(waits)
}

/// The task of the command that the latest call of the first hook runs.
fn made_of(list: &HookList) -> Option<TaskId> {
    list.hooks[0].latest.first()?.command_task.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_of_a_program_has_arrived_when_its_task_has_succeeded_also_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let calling = tokio::spawn(engine.api.clone().call_hooks());
    let there = dir.path().join("there");
    let wait = format!("while [ ! -e '{}' ]; do sleep 0.05; done", there.display());
    let call = json!({"call": {"command": {"command": "sh", "args": ["-c", wait]}}});
    engine.api.ask(SaveHook { hook: hook("slow", call) }).await.unwrap();
    let id = engine.api.submit_task(spec("a", command("false", &[]), json!({}))).await.unwrap();
    engine.finished(&id).await;
    let list = until(&engine, |list| made_of(list).is_some()).await;
    let call = &list.hooks[0].latest[0];
    assert_eq!((call.state, call.being_tried, call.next_at), (DeliveryState::Waiting, true, None));
    engine.supervisor.shut_down().await;
    calling.abort();
    assert!(calling.await.unwrap_err().is_cancelled());
    drop(engine);

    let engine = Engine::open(dir.path()).await;
    tokio::spawn(engine.api.clone().call_hooks());
    std::fs::write(there, "").unwrap();
    let list = until(&engine, is_over).await;
    let call = &list.hooks[0].latest[0];
    assert_eq!((call.state, call.tries, call.being_tried), (DeliveryState::Delivered, 1, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_of_a_program_that_does_not_end_well_is_given_up_and_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    tokio::spawn(engine.api.clone().call_hooks());
    let call =
        |program: &str, args: &[&str]| json!({"call": {"command": {"command": program, "args": args}}});
    let fail = async || {
        let id = engine.api.submit_task(spec("a", command("false", &[]), json!({}))).await.unwrap();
        engine.finished(&id).await;
    };
    engine.api.ask(SaveHook { hook: hook("x", call("/nonexistent/pager", &[])) }).await.unwrap();
    let test = engine.api.ask(TestHook { name: "x".into() }).await.unwrap();
    assert_eq!(test.state, DeliveryState::GivenUp);
    fail().await;
    let list = until(&engine, |list| list.hooks[0].latest[0].task.is_some() && is_over(list)).await;
    let call_of_gone = &list.hooks[0].latest[0];
    let said = call_of_gone.said.as_deref().unwrap();
    assert_eq!(call_of_gone.state, DeliveryState::GivenUp, "{said}");
    assert!(said.contains("program not found: /nonexistent/pager"), "{said}");

    // Its task is deleted meanwhile.
    engine.api.ask(SaveHook { hook: hook("x", call("sleep", &["60"])) }).await.unwrap();
    fail().await;
    let earlier = made_of(&list);
    let list = until(&engine, |list| made_of(list).is_some() && made_of(list) != earlier).await;
    engine.api.delete_task(&made_of(&list).unwrap()).await.unwrap();
    let list = until(&engine, is_over).await;
    assert_eq!(list.hooks[0].latest[0].state, DeliveryState::GivenUp);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_slow_to_answer_is_being_tried_and_has_not_failed() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    tokio::spawn(engine.api.clone().call_hooks());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let chat = hook("chat", json!({"call": {"webhook": {"url": url}}}));
    engine.api.ask(SaveHook { hook: chat }).await.unwrap();
    let testing = tokio::spawn({
        let api = engine.api.clone();
        async move { api.ask(TestHook { name: "chat".into() }).await.unwrap() }
    });
    let (mut stream, _) = within("the test", listener.accept()).await.unwrap();
    let list = engine.api.ask(ListHooks {}).await.unwrap();
    let call = &list.hooks[0].latest[0];
    assert_eq!((call.state, call.being_tried), (DeliveryState::Waiting, true));
    assert_eq!((call.tries, call.next_at, call.said.as_ref()), (1, None, None));
    assert!(!testing.is_finished(), "it waits for the answer");
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    let test = within("its outcome", testing).await.unwrap();
    assert_eq!(
        (test.state, test.being_tried, test.said.as_deref()),
        (DeliveryState::Delivered, false, Some("200"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_is_called_as_a_task_and_its_own_failure_calls_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    tokio::spawn(engine.api.clone().call_hooks());
    let call = json!({"command": {"command": "sh", "args": ["-c", "cat; exit 9"]}});
    let only = json!({"onlyNamed": true, "on": ["failure", "success"], "call": call});
    engine.api.ask(SaveHook { hook: hook("mail", only) }).await.unwrap();
    let unnamed = engine.api.submit_task(spec("a", command("false", &[]), json!({}))).await.unwrap();
    engine.finished(&unnamed).await;
    let named = json!({"notify": {"hooks": ["mail"]}});
    let id = engine.api.submit_task(spec("b", command("true", &[]), named)).await.unwrap();
    let list = until(&engine, |list| made_of(list).is_some()).await;
    let made = made_of(&list).unwrap();
    // Its attempts go on for a while; the first line of the first says it all.
    let log = engine.api.stream_task_logs(&made).await.unwrap();
    let lines = log.filter_map(|event| event.printed().map(|(_, line, _)| line.to_vec()));
    let line = within("its first line", std::pin::pin!(lines).next()).await.unwrap();
    let task = engine.api.get_task_status(&made).await.unwrap().unwrap();
    assert_eq!((task.spec.slot.as_str(), &*task.spec.labels["solti.hook"]), ("hooks", "mail"));
    engine
        .api
        .ask(solti_api::operations::StopTask { id: made.clone(), mode: solti_model::StopMode::Kill })
        .await
        .ok();
    let body: Value = serde_json::from_slice(&line).unwrap();
    assert_eq!(
        (&body["event"], &body["task"]["id"], &body["hook"]),
        (&json!("success"), &json!(id), &json!("mail"))
    );
    assert_eq!(
        list.hooks[0].latest.len(),
        1,
        "the one that was not named, and the hook's own task, call nothing"
    );
    let query = ListQuery { phases: vec![TaskPhase::Failed], ..ListQuery::default() };
    let failed = engine.api.ask(solti_api::operations::ListTasks { query }).await.unwrap();
    assert!(failed.rows.iter().any(|row| row.task.metadata.id == unnamed));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_is_called_for_tasks_with_secrets_wherever_they_have_them() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    tokio::spawn(engine.api.clone().call_hooks());
    let call = json!({"call": {"command": {"command": "cat"}}});
    engine.api.ask(SaveHook { hook: hook("page", call) }).await.unwrap();
    let printed = r#"printf 'password: ••••••\n••••••(t1/0a)\n'; exit 1"#;
    for (n, (kind, more, hidden)) in [
        (command("false", &["--token=hush1"]), json!({}), "--token=••••••"),
        (bash("exit 1"), json!({"labels": {"password": "hush2"}}), r#""password":"••••••""#),
        (command("/none/postgres://u:hush3@h/db", &[]), json!({}), "u:••••••@h/db"),
        (bash(printed), json!({}), r#""password: ••••••","••••••(t1/0a)""#),
    ]
    .into_iter()
    .enumerate()
    {
        let id = engine.api.submit_task(spec("a", kind, more)).await.unwrap();
        engine.finished(&id).await;
        let list = until(&engine, |list| list.hooks[0].latest.len() > n && is_over(list)).await;
        let call = &list.hooks[0].latest[0];
        assert_eq!((call.state, call.task.as_ref()), (DeliveryState::Delivered, Some(&id)), "{call:?}");
        let body = engine.lines(&made_of(&list).unwrap()).await.concat();
        assert!(body.contains(hidden) && !body.contains("hush"), "{hidden} in {body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_of_a_hook_is_answered_without_its_secrets_and_keeps_them() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let save = async |args: &Value| {
        let call = json!({"command": {"command": "page", "args": args}});
        engine.api.ask(SaveHook { hook: hook("page", json!({"call": call})) }).await
    };
    let args = async || {
        let list = engine.api.ask(ListHooks {}).await.unwrap();
        serde_json::to_value(&list.hooks[0].hook.call).unwrap()["command"]["args"].clone()
    };
    let kept = async || {
        let hooks = engine.supervisor.store().meta("hooks").await.unwrap().unwrap();
        serde_json::from_str::<Value>(&hooks).unwrap()[0]["call"]["command"]["args"].clone()
    };
    let saved = save(&json!(["--password=hush1", "--urgent"])).await.unwrap();
    assert!(!serde_json::to_string(&saved).unwrap().contains("hush"), "{saved:?}");
    let read = args().await;
    assert!(read[0].as_str().unwrap().starts_with("--password=••••••(hook.page/"), "{read}");
    // As it was read, and changed.
    save(&read).await.unwrap();
    save(&json!(["-v", read[0]])).await.unwrap();
    assert_eq!(kept().await, json!(["-v", "--password=hush1"]));

    // Changed by somebody else since it was read.
    save(&json!(["--password=hush2"])).await.unwrap();
    for args in [&read, &json!(["--password=••••••"])] {
        let refused = save(args).await.unwrap_err();
        assert!(
            matches!(&refused, ApiError::InvalidRequest { field, .. } if field == "hook.call.command.args[0]"),
            "{refused:?}"
        );
    }
    assert_eq!(kept().await, json!(["--password=hush2"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_that_cannot_be_read_takes_no_other_with_it_and_is_never_lost() {
    let dir = tempfile::tempdir().unwrap();
    let (url, mut posted) = receiver(200).await;
    let engine = Engine::open(dir.path()).await;
    let signed = json!({"webhook": {"url": url, "secret": "s3cret"}});
    let later = json!({"name": "later", "on": ["eclipse"], "call": signed});
    let quiet = json!({"name": "quiet", "on": ["failure"], "call": signed, "quietHours": "22-6"});
    let store = engine.supervisor.store();
    store.set_meta("hooks", &json!([later, quiet]).to_string()).await.unwrap();
    tokio::spawn(engine.api.clone().call_hooks());
    let failed = engine.api.submit_task(spec("a", command("false", &[]), json!({}))).await.unwrap();
    engine.finished(&failed).await;
    let (_, body) = within("its call", posted.recv()).await.unwrap();
    assert_eq!(body["hook"], "quiet");

    engine.api.ask(SaveHook { hook: hook("new", json!({"call": signed})) }).await.unwrap();
    engine.api.ask(DeleteHook { name: "new".into() }).await.unwrap();
    let stored: Value = serde_json::from_str(&store.meta("hooks").await.unwrap().unwrap()).unwrap();
    assert_eq!(stored, json!([quiet, later]));
    let names = |list: HookList| list.hooks.into_iter().map(|state| state.hook.name).collect::<Vec<_>>();
    assert_eq!(names(engine.api.ask(ListHooks {}).await.unwrap()), ["quiet"]);
    engine.api.ask(DeleteHook { name: "later".into() }).await.unwrap();
    let stored: Value = serde_json::from_str(&store.meta("hooks").await.unwrap().unwrap()).unwrap();
    assert_eq!(stored, json!([quiet]));

    store.set_meta("hooks", "{}").await.unwrap();
    let refused = engine.api.ask(DeleteHook { name: "quiet".into() }).await.unwrap_err();
    assert!(
        matches!(&refused, ApiError::Conflict { reason } if reason.contains("left as they are")),
        "{refused}"
    );
    engine.api.ask(SaveHook { hook: hook("new", json!({"call": signed})) }).await.unwrap_err();
    assert_eq!(store.meta("hooks").await.unwrap().as_deref(), Some("{}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_that_cannot_be_read_takes_no_other_with_it_and_is_never_lost() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let later = json!({"name": "later", "filter": {"all": []}});
    let coloured = json!({"name": "red", "filter": "state:failed", "colour": "red"});
    let store = engine.supervisor.store();
    store.set_meta("views", &json!([later, coloured]).to_string()).await.unwrap();
    let mut views = engine.api.ask(ReadViews {}).await.unwrap();
    let mut new = views[0].clone();
    new.name = "new".into();
    views.push(new);
    engine.api.ask(SaveViews { views: views.clone() }).await.unwrap();
    let stored: Value = serde_json::from_str(&store.meta("views").await.unwrap().unwrap()).unwrap();
    assert_eq!(stored, json!([coloured, {"name": "new", "filter": "state:failed"}, later]));
    assert_eq!(engine.api.ask(ReadViews {}).await.unwrap(), views);

    store.set_meta("views", "{}").await.unwrap();
    engine.api.ask(SaveViews { views }).await.unwrap_err();
    assert_eq!(store.meta("views").await.unwrap().as_deref(), Some("{}"));
}
