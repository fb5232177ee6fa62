//! A data folder goes from the app to an engine without a window and back, again and again, under load: no run is lost, none runs
//! twice, and nothing that was printed is missing. The app's side of it is in this process (`solti-holding`), the engine's is the real
//! program.

mod support;

use rustix::process::Signal;
use solti_api::ApiHandler as _;
use solti_doors::{DoorFlags, socket};
use solti_engine::{Config, DataLock, Holder};
use solti_holding::{Seat, sit_down};
use solti_http::{ClientOptions, Endpoint, HttpClient};
use solti_model::{TaskId, TaskPhase, TaskSpec, parse_spec};
use solti_testing::{until_async, within};
use std::collections::HashMap;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use support::{Lines, Place, ended, lines, send};
use tokio::task::JoinHandle;

fn rounds() -> usize {
    std::env::var("SOLTI_TORTURE_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(3)
}

/// Tasks that run through all of it.
const LONG: usize = 8;

fn spec(slot: &str, script: &str, place: &Place) -> TaskSpec {
    let command = serde_json::json!({"command": "sh", "args": ["-c", script]});
    let subprocess = serde_json::json!({"mode": {"command": command}, "cwd": place.work()});
    parse_spec(serde_json::json!({"slot": slot, "kind": {"subprocess": subprocess}})).unwrap()
}

struct House {
    place: Place,
    config: Config,
    client: HttpClient,
}

impl House {
    fn new() -> Arc<Self> {
        let place = Place::new();
        let config = Config::with_shim(place.data_dir(), support::shim());
        let endpoint = Endpoint::Unix(socket(&config.data_dir));
        let client = HttpClient::new(ClientOptions::new(endpoint)).unwrap();
        Arc::new(Self { place, config, client })
    }

    /// As the app starts.
    async fn app(&self) -> Seat {
        let lock = DataLock::acquire(&self.config.data_dir, Holder::App { pid: std::process::id() }).unwrap();
        within("the app starts", sit_down(&self.config, lock, DoorFlags::default())).await.unwrap()
    }

    async fn held_by(&self, pid: u32) {
        until_async("the folder has its new holder", async || {
            self.client.engine().await.is_ok_and(|engine| engine.pid == pid)
        })
        .await;
    }

    fn engine(&self) -> (std::process::Child, Lines) {
        let mut engine = self.place.command(&["serve", "--standby"]);
        let mut engine = engine.stderr(std::process::Stdio::null()).spawn().unwrap();
        let said = lines(&mut engine);
        (engine, said)
    }
}

/// Submits task after task, whoever answers. What was answered must be there in the end.
fn load(house: &Arc<House>, enough: &Arc<AtomicBool>) -> JoinHandle<HashMap<usize, TaskId>> {
    let (house, enough) = (Arc::clone(house), Arc::clone(enough));
    tokio::spawn(async move {
        let mut taken = HashMap::new();
        for n in 0.. {
            if enough.load(Ordering::Relaxed) {
                break;
            }
            // Lanes fill up: tasks wait while the folder goes from hand to hand.
            let script = format!("echo {n} >> ran; echo out {n}");
            let answer =
                house.client.submit_task(spec(&format!("load-{}", n % 4), &script, &house.place)).await;
            match answer {
                Ok(id) => drop(taken.insert(n, id)),
                // Between two holders. Whether it was taken on nobody knows: another one follows.
                Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
        taken
    })
}

async fn let_go(seat: Seat) {
    match seat {
        Seat::Held(held) => held.let_go().await,
        Seat::Attached(attached) => attached.let_go().await,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_run_is_lost_between_the_app_and_an_engine_without_a_window() {
    let house = House::new();
    let own = std::process::id();
    let mut seat = house.app().await;
    house.held_by(own).await;
    let mut long = vec![];
    for n in 0..LONG {
        let script = format!(
            "i=0; while [ ! -e over ]; do i=$((i+1)); echo {n} $i; sleep 0.02; done; echo last $i; exit {n}"
        );
        long.push(house.client.submit_task(spec(&format!("long-{n}"), &script, &house.place)).await.unwrap());
    }
    let enough = Arc::new(AtomicBool::new(false));
    let loading = load(&house, &enough);
    for round in 0..rounds() {
        let (mut engine, said) = house.engine();
        let_go(seat).await;
        // Takes up what was under way.
        assert!(said.next().starts_with("unix://"));
        seat = house.app().await;
        assert!(matches!(seat, Seat::Attached(_)), "round {round}");
        house.held_by(engine.id()).await;
        send(&engine, if round % 2 == 0 { Signal::TERM } else { Signal::KILL });
        ended(&mut engine);
        house.held_by(own).await;
    }
    enough.store(true, Ordering::Relaxed);
    let taken = loading.await.unwrap();
    fs::write(house.place.work().join("over"), "").unwrap();

    for (n, id) in &taken {
        let task = over(&house, id).await;
        assert_eq!(task, TaskPhase::Succeeded, "task {n} ({id})");
        assert_eq!(house.client.list_task_runs(id).await.unwrap().len(), 1, "task {n} ran again");
        assert_eq!(house.place.ok(&["logs", id.as_str()]), format!("out {n}\n"));
    }
    let ran = fs::read_to_string(house.place.work().join("ran")).unwrap();
    let mut times: HashMap<usize, usize> = HashMap::new();
    ran.lines().for_each(|line| *times.entry(line.parse().unwrap()).or_default() += 1);
    let twice: Vec<_> = times.iter().filter(|(_, times)| **times != 1).collect();
    assert!(twice.is_empty(), "these ran more than once: {twice:?}");
    let never: Vec<_> = taken.keys().filter(|n| !times.contains_key(n)).collect();
    assert!(never.is_empty(), "these never ran: {never:?}");

    for (n, id) in long.iter().enumerate() {
        over(&house, id).await;
        let task = house.client.get_task_status(id).await.unwrap().unwrap();
        assert_eq!(task.status.exit_code, Some(n as i32), "{task:?}");
        assert_eq!(house.client.list_task_runs(id).await.unwrap().len(), 1);
        let log = house.place.ok(&["logs", id.as_str()]);
        let mut rows: Vec<_> = log.lines().collect();
        let last = rows.pop().unwrap().to_owned();
        assert_eq!(last, format!("last {}", rows.len()));
        for (i, row) in rows.iter().enumerate() {
            assert_eq!(*row, format!("{n} {}", i + 1));
        }
    }
    println!("{} rounds, {} tasks taken on", rounds(), taken.len());
    let_go(seat).await;
}

async fn over(house: &House, id: &TaskId) -> TaskPhase {
    let phase = async || house.client.get_task_status(id).await.unwrap().expect("it is known").status.phase;
    until_async("it is over", async || phase().await.is_terminal()).await;
    phase().await
}
