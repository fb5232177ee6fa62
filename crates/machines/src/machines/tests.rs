use super::*;
use crate::{ConnectionTest, MachineList};
use serde_json::{Value, json};
use solti_api::guard::{AccessToken, Auth, StandardGuards};
use solti_api::operations::{GetTaskRow, Operations as _, WatchTasks};
use solti_engine::{Config, Engine};
use solti_http::{ServeOptions, Serving, TcpOptions, Tls};
use solti_model::{TaskSpec, parse_spec};
use solti_testing::{free_port, within};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;
use tokio_stream::StreamExt as _;

const MAIN: &str = "main";

async fn engine(dir: &Path) -> Engine {
    let config = Config::with_shim(dir, dir.join("no-task-is-started"));
    Engine::open(&config).await.expect("an engine")
}

/// This machine, with nothing connected yet.
struct House {
    engine: Engine,
    machines: Arc<Machines>,
    dir: TempDir,
}

impl House {
    async fn new() -> Self {
        let dir = tempfile::tempdir().expect("temp dir");
        let engine = engine(dir.path()).await;
        let machines = Machines::new(engine.api(), engine.settings(), dir.path(), MAIN, Handle::current());
        Self { engine, machines, dir }
    }

    async fn add(&self, name: &str, there: &Other) -> Result<(), ApiError> {
        self.machines.save(there.connection(name), Some(&there.token), true).await
    }

    /// What a window is told, once it fits.
    async fn reported(&self, window: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let mut reported = self.machines.watch(window);
        let wait = async {
            loop {
                let now: MachineList = reported.next().await.expect("the machines are there");
                let now = serde_json::to_value(now).expect("writes");
                if fits(&now) {
                    return now;
                }
            }
        };
        within("what the window is told", wait).await
    }
}

/// Another machine: an engine behind HTTP on this one.
struct Other {
    engine: Engine,
    token: String,
    serving: Option<Serving>,
    address: SocketAddr,
    fingerprint: Option<String>,
    dir: TempDir,
}

impl Other {
    async fn new(tls: bool) -> Self {
        let dir = tempfile::tempdir().expect("temp dir");
        let engine = engine(&dir.path().join("data")).await;
        let address = ([127, 0, 0, 1], free_port()).into();
        let mut other = Self { engine, token: String::new(), serving: None, address, fingerprint: None, dir };
        other.open(tls).await;
        other
    }

    async fn open(&mut self, tls: bool) {
        let token = Arc::new(AccessToken::open(&self.dir.path().join("api")).expect("a token"));
        let guards = StandardGuards::new(Auth::for_this_user(Arc::clone(&token)));
        let tls = if tls { Tls::Generated { dir: self.dir.path().join("tls") } } else { Tls::Off };
        let tcp = Some(TcpOptions::new(self.address, tls));
        let options = ServeOptions { tcp, ..ServeOptions::default() };
        let serving = solti_http::serve(self.engine.api(), &guards, options).await.expect("served");
        self.token = token.text();
        self.address = serving.address().expect("TCP");
        self.fingerprint = serving.fingerprint().map(str::to_owned);
        self.serving = Some(serving);
    }

    async fn shut(&mut self) {
        self.serving.take().expect("open").shut_down().await;
    }

    fn connection(&self, name: &str) -> Connection {
        let scheme = if self.fingerprint.is_some() { "https" } else { "http" };
        Connection { name: name.into(), url: format!("{scheme}://{}", self.address), fingerprint: None }
    }
}

fn spec() -> TaskSpec {
    let kind = json!({"subprocess": {"mode": {"command": {"command": "true"}}}});
    parse_spec(json!({"slot": "s", "kind": kind})).expect("legal")
}

fn field(refused: Result<impl std::fmt::Debug, ApiError>) -> String {
    match refused {
        Err(ApiError::InvalidRequest { field, .. }) => field,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_window_asks_the_machine_that_it_is_on() {
    let (house, there) = (House::new().await, Other::new(false).await);
    house.add("build", &there).await.expect("kept");
    let reported = house.reported(MAIN, |_| true).await;
    assert_eq!(
        (&reported["chosen"], &reported["machines"][0]["reach"]["state"]),
        (&Value::Null, &json!("idle"))
    );
    assert!(
        reported["machines"][0]["hasToken"] == true && !reported.to_string().contains(&there.token),
        "{reported}"
    );

    house.machines.choose(MAIN, Some("build".to_owned()).into()).expect("there");
    house.reported(MAIN, |now| now["machines"][0]["reach"]["state"] == "reached").await;
    let id = house.machines.api(MAIN).expect("there").submit_task(spec()).await.expect("taken");
    assert!(there.engine.api().get_task_status(&id).await.expect("readable").is_some());
    assert!(house.engine.api().get_task_status(&id).await.expect("readable").is_none());

    // A log window stays when the main window turns back, and the connection lasts as long as it.
    house.machines.seat("log-1", house.machines.of(MAIN));
    house.machines.choose(MAIN, Machine::Here).expect("always there");
    assert!(
        house
            .machines
            .api(MAIN)
            .expect("here")
            .ask(GetTaskRow { id: id.clone() })
            .await
            .expect("readable")
            .is_none()
    );
    assert!(
        house
            .machines
            .api("log-1")
            .expect("there")
            .ask(GetTaskRow { id: id.clone() })
            .await
            .expect("readable")
            .is_some()
    );
    house.machines.leave("log-1");
    house.reported(MAIN, |now| now["machines"][0]["reach"]["state"] == "idle").await;
    assert_eq!(field(house.machines.choose(MAIN, Some("nobody".to_owned()).into())), "machine");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_is_lost_says_so_until_it_is_back() {
    let (house, mut there) = (House::new().await, Other::new(false).await);
    house.add("build", &there).await.expect("kept");
    there.shut().await;
    house.machines.choose(MAIN, Some("build".to_owned()).into()).expect("may be tried");
    let reported = house.reported(MAIN, |now| now["machines"][0]["reach"]["state"] == "lost").await;
    let problem = reported["machines"][0]["reach"]["problem"].as_str().expect("a sentence");
    assert!(problem.contains("cannot be reached"), "{problem}");

    there.open(false).await;
    house.reported(MAIN, |now| now["machines"][0]["reach"]["state"] == "reached").await;
    // A stream that a page has open is how a later loss is noticed.
    let mut changes = house.machines.api(MAIN).expect("there").open(WatchTasks::all()).await.expect("open");
    changes.next().await.expect("the first");
    there.shut().await;
    tokio::spawn(async move { while changes.next().await.is_some() {} });
    house.reported(MAIN, |now| now["machines"][0]["reach"]["state"] == "lost").await;
    there.open(false).await;
    house.reported(MAIN, |now| now["machines"][0]["reach"]["state"] == "reached").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_looks_at_all_machines_is_told_how_each_is_and_can_ask_each() {
    let (house, there, mut away) = (House::new().await, Other::new(false).await, Other::new(false).await);
    away.shut().await;
    house.add("build", &there).await.expect("kept");
    let mut told = house.machines.watch_all(MAIN);
    // One that is connected meanwhile is looked at, too.
    house.add("lab", &away).await.expect("kept");
    let states = |now: &Value| {
        let machines = now["machines"].as_array().cloned().unwrap_or_default();
        machines.iter().map(|one| one["reach"]["state"].clone()).collect::<Vec<_>>()
    };
    let wait = async {
        loop {
            let now =
                serde_json::to_value(told.next().await.expect("the machines are there")).expect("writes");
            if states(&now) == ["reached", "lost"] {
                return now;
            }
        }
    };
    let now = within("each is told of", wait).await;
    assert_eq!(now["chosen"], Value::Null, "the window stays where it is");

    let id = there.engine.api().submit_task(spec()).await.expect("taken");
    let asked = async |machine: Option<&str>| {
        let api = house.machines.api_of(&machine.map(str::to_owned).into())?;
        Ok::<_, ApiError>(api.ask(GetTaskRow { id: id.clone() }).await?.is_some())
    };
    assert_eq!(asked(Some("build")).await, Ok(true));
    assert_eq!(asked(None).await, Ok(false), "that is this machine");
    for unreachable in ["lab", "nobody"] {
        let refused = asked(Some(unreachable)).await;
        assert!(matches!(refused, Err(ApiError::Unavailable { .. })), "{unreachable}: {refused:?}");
    }

    drop(told);
    house.reported(MAIN, |now| states(now) == ["idle", "idle"]).await;
    // Nobody keeps a connection to it, and it can be asked nevertheless.
    assert_eq!(asked(Some("build")).await, Ok(true));
    assert_eq!(states(&house.reported(MAIN, |_| true).await), ["idle", "idle"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_is_lost_says_when_it_was_last_heard_of() {
    let (house, mut there) = (House::new().await, Other::new(false).await);
    house.add("build", &there).await.expect("kept");
    house.machines.choose(MAIN, Some("build".to_owned()).into()).expect("may be tried");
    house.reported(MAIN, |now| now["machines"][0]["reach"]["state"] == "reached").await;
    there.shut().await;
    let api = house.machines.api(MAIN).expect("there");
    api.ask(GetTaskRow { id: solti_model::TaskId::new("t").expect("legal") }).await.expect_err("it is shut");
    let lost = |now: &Value| now["machines"][0]["reach"]["state"] == "lost";
    let heard = |now: &Value| now["machines"][0]["reach"]["heard"].as_u64();
    let first = house.reported(MAIN, lost).await;
    assert!(heard(&first).is_some(), "{first}");
    // Trying it again is no word of it.
    assert!(api.ask(solti_api::operations::GetSummary {}).await.is_err());
    assert_eq!(heard(&house.reported(MAIN, lost).await), heard(&first));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chosen_machine_is_asked_whatever_else_changes_meanwhile() {
    let (house, there) = (House::new().await, Other::new(false).await);
    house.add("build", &there).await.expect("kept");
    let (machines, over) = (Arc::clone(&house.machines), Arc::new(AtomicBool::new(false)));
    let settling = std::thread::spawn({
        let over = Arc::clone(&over);
        move || {
            while !over.load(Ordering::Relaxed) {
                machines.settle();
            }
        }
    });
    for _ in 0..50 {
        house.machines.choose(MAIN, Some("build".to_owned()).into()).expect("there");
        let reported = house.reported(MAIN, |_| true).await;
        assert_ne!(reported["machines"][0]["reach"]["state"], "idle", "nobody asks it");
        house.machines.choose(MAIN, Machine::Here).expect("always there");
    }
    over.store(true, Ordering::Relaxed);
    settling.join().expect("no panic");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_machine_leaves_the_main_window_here_and_its_log_windows_say_so() {
    let (house, there) = (House::new().await, Other::new(false).await);
    house.add("build", &there).await.expect("kept");
    house.machines.choose(MAIN, Some("build".to_owned()).into()).expect("there");
    house.machines.seat("log-1", house.machines.of(MAIN));
    house.machines.remove("build").await.expect("removed");
    let reported = house.reported(MAIN, |_| true).await;
    assert_eq!(
        reported,
        json!({"chosen": null, "removed": false, "here": {"state": "reached"}, "machines": []})
    );
    assert_eq!(house.reported("log-1", |_| true).await["removed"], true);
    let tokens = house.dir.path().join("connections/tokens.json");
    assert!(!std::fs::read_to_string(tokens).expect("there").contains(&there.token), "its token is kept");

    // Another one of that name is another machine.
    house.add("build", &there).await.expect("kept");
    let refused = house.machines.api("log-1").err();
    assert!(
        matches!(&refused, Some(ApiError::Unavailable { reason }) if reason.contains("not in the settings")),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_main_window_that_is_made_comes_back_to_its_machine_while_that_is_there() {
    let (house, there) = (House::new().await, Other::new(false).await);
    house.add("build", &there).await.expect("kept");
    house.machines.choose(MAIN, Some("build".to_owned()).into()).expect("there");
    // A log window leaves no trace.
    house.machines.seat("log-1", Machine::Here);
    house.machines.leave(MAIN);
    assert_eq!(house.machines.of(MAIN), Machine::Here);
    house.machines.come_back();
    assert_eq!(house.machines.of(MAIN), Some("build".to_owned()).into());

    let next_start = || {
        let (api, settings) = (house.engine.api(), house.engine.settings());
        Machines::new(api, settings, house.dir.path(), MAIN, Handle::current())
    };
    let next = next_start();
    next.come_back();
    assert_eq!(next.of(MAIN), Some("build".to_owned()).into());

    house.machines.remove("build").await.expect("removed");
    let next = next_start();
    next.come_back();
    assert_eq!(next.of(MAIN), Machine::Here);
    // Another one of that name is another machine.
    house.add("build", &there).await.expect("kept");
    let next = next_start();
    next.come_back();
    assert_eq!(next.of(MAIN), Machine::Here);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_of_a_machine_that_is_not_known_here_says_so() {
    let house = House::new().await;
    house.machines.seat("log-1", Some("nobody".to_owned()).into());
    let reported = house.reported("log-1", |_| true).await;
    assert_eq!((&reported["chosen"], &reported["removed"]), (&json!("nobody"), &json!(true)));
    let refused = house.machines.api("log-1").err().map(|error| error.to_string()).unwrap_or_default();
    assert!(refused.contains("nobody, is not in the settings"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_neither_in_the_settings_nor_taken_along_to_another_place() {
    let (house, there) = (House::new().await, Other::new(false).await);
    house.add("build", &there).await.expect("kept");
    let settings = serde_json::to_string(&house.engine.settings().settings()).expect("writes");
    assert!(settings.contains("build") && !settings.contains(&there.token), "{settings}");
    // Without a token the kept one is used, for the same place only.
    let connection = there.connection("build");
    assert_eq!(house.machines.test(&connection, None).await, Ok(ConnectionTest::Reached { running: 0 }));
    let elsewhere = Connection { url: connection.url.replace("127.0.0.1", "localhost"), ..connection };
    assert_eq!(field(house.machines.test(&elsewhere, None).await), "token");
    house.machines.save(elsewhere.clone(), None, false).await.expect("kept");
    assert_eq!(field(house.machines.test(&elsewhere, None).await), "token");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_beside_its_field_and_nothing_is_kept() {
    let (house, there) = (House::new().await, Other::new(false).await);
    house.add("build", &there).await.expect("kept");
    assert_eq!(field(house.add("build", &there).await), "name");
    let to = |url: &str| Connection { name: "lab".into(), url: url.into(), fingerprint: None };
    let save = async |connection, token| house.machines.save(connection, token, true).await;
    assert_eq!(field(save(to("http://lab"), None).await), "url");
    assert_eq!(field(save(to("https://lab"), Some("two words")).await), "token");
    let pinned = Connection { fingerprint: Some("AB".into()), ..to("https://lab") };
    assert_eq!(field(save(pinned, None).await), "fingerprint");
    assert_eq!(field(house.machines.test(&to("lab"), None).await), "url");
    assert_eq!(field(house.machines.test(&there.connection("x"), Some("guessed")).await), "token");
    assert_eq!(house.engine.settings().settings().connections.len(), 1);
    assert_eq!(house.machines.tokens.of(&to("https://lab")).expect("readable"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_certificate_is_shown_before_anything_is_sent() {
    let (house, there) = (House::new().await, Other::new(true).await);
    let fingerprint = there.fingerprint.clone().expect("a certificate");
    let connection = there.connection("build");
    let tested = house.machines.test(&connection, Some(&there.token)).await;
    assert_eq!(tested, Ok(ConnectionTest::UnknownCertificate { fingerprint: fingerprint.clone() }));
    let trusted = Connection { fingerprint: Some(fingerprint.to_lowercase()), ..connection };
    let tested = house.machines.test(&trusted, Some(&there.token)).await;
    assert_eq!(tested, Ok(ConnectionTest::Reached { running: 0 }));
    let other = Connection { fingerprint: Some("AB".repeat(32)), ..trusted };
    assert_eq!(field(house.machines.test(&other, Some(&there.token)).await), "fingerprint");
}
