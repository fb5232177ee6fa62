//! Lanes that ask something of the machine, and tasks that keep it awake: over a machine that the test arranges.

use crate::common::{Engine, command, spec, until_async};
use async_trait::async_trait;
use serde_json::json;
use solti_api::ApiHandler as _;
use solti_api::operations::{
    GetSummary, GetTaskRow, ListLanes, Operations as _, RunNow, SetLaneRules, StopTask,
};
use solti_model::{
    Asked, Lane, LaneRules, MachineState, Reading, Slot, StaysAwake, StopMode, TaskId, TaskPhase, Waiting,
};
use solti_supervisor::{Machine, StayingAwake, SupervisorConfig};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A machine that is what the test says.
#[derive(Debug)]
struct Fake {
    on_mains: Mutex<Reading<bool>>,
    looks: AtomicUsize,
    /// Locks that are held.
    awake: Arc<AtomicUsize>,
    refuses: Mutex<Option<String>>,
}

struct Lock(Arc<AtomicUsize>);

impl Drop for Lock {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Machine for Fake {
    async fn look(&self, asked: Asked) -> MachineState {
        self.looks.fetch_add(1, Ordering::SeqCst);
        let on_mains = self.on_mains.lock().unwrap().clone();
        let on_mains = if asked.on_mains { on_mains } else { Err("not asked".into()) };
        MachineState { on_mains, ..MachineState::unseen("not asked") }
    }

    async fn stay_awake(&self) -> Result<StayingAwake, String> {
        if let Some(why) = self.refuses.lock().unwrap().clone() {
            return Err(why);
        }
        self.awake.fetch_add(1, Ordering::SeqCst);
        Ok(StayingAwake::by(Lock(Arc::clone(&self.awake))))
    }
}

impl Fake {
    fn new(on_mains: bool) -> Arc<Self> {
        Arc::new(Self {
            on_mains: Mutex::new(Ok(on_mains)),
            looks: AtomicUsize::new(0),
            awake: Arc::default(),
            refuses: Mutex::default(),
        })
    }

    fn set(&self, on_mains: Reading<bool>) {
        *self.on_mains.lock().unwrap() = on_mains;
    }

    fn looks(&self) -> usize {
        self.looks.load(Ordering::SeqCst)
    }

    fn locks(&self) -> usize {
        self.awake.load(Ordering::SeqCst)
    }
}

async fn engine(dir: &Path, machine: &Arc<Fake>) -> Engine {
    let machine: Arc<dyn Machine> = machine.clone();
    let grace = Duration::from_secs(1);
    let look_every = Duration::from_millis(20);
    Engine::open_with(SupervisorConfig { grace, machine, look_every, ..SupervisorConfig::new(dir) }).await
}

fn etl() -> Slot {
    Slot::new("etl").unwrap()
}

async fn ask_of(engine: &Engine, rules: serde_json::Value) -> Lane {
    let rules: LaneRules = serde_json::from_value(rules).unwrap();
    engine.api.ask(SetLaneRules { slot: etl(), rules }).await.unwrap()
}

/// A task of a lane without conditions, which runs for many times as long as it is between two looks.
async fn many_looks_later(engine: &Engine) {
    let task = spec("free", command("sleep", &["0.4"]), json!({}));
    let id = engine.api.submit_task(task).await.unwrap();
    engine.finished(&id).await;
}

async fn submit(engine: &Engine, args: &[&str]) -> TaskId {
    let task = spec("etl", command(args[0], &args[1..]), json!({"admission": "queue"}));
    engine.api.submit_task(task).await.unwrap()
}

async fn waits_for(engine: &Engine, id: &TaskId) -> Option<String> {
    match engine.api.ask(GetTaskRow { id: id.clone() }).await.unwrap()?.waiting? {
        Waiting::Condition { what } => Some(what),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_waits_for_mains_power_says_so_and_goes_on_over_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let machine = Fake::new(false);
    let first = {
        let engine = engine(dir.path(), &machine).await;
        assert_eq!(
            ask_of(&engine, json!({"onMains": true})).await.rules,
            LaneRules { on_mains: true, ..LaneRules::default() }
        );
        let first = submit(&engine, &["sleep", "600"]).await;
        assert_eq!(waits_for(&engine, &first).await.as_deref(), Some("mains power"));
        until_async("the lane says it too", async || {
            engine.api.ask(ListLanes {}).await.unwrap()[0].waits_for.as_deref() == Some("mains power")
        })
        .await;
        engine.supervisor.shut_down().await;
        first
    };
    let engine = engine(dir.path(), &machine).await;
    assert_eq!(waits_for(&engine, &first).await.as_deref(), Some("mains power"));
    machine.set(Err("the kernel does not tell".into()));
    until_async("what cannot be seen is said", async || {
        waits_for(&engine, &first).await.is_some_and(|what| what.contains("the kernel does not tell"))
    })
    .await;
    machine.set(Ok(true));
    engine.running(&first).await;
    // What runs goes on; what comes behind it waits for it alone.
    let second = submit(&engine, &["true"]).await;
    assert!(matches!(
        engine.api.ask(GetTaskRow { id: second.clone() }).await.unwrap().unwrap().waiting,
        Some(Waiting::Lane { position: 1, .. })
    ));
    machine.set(Ok(false));
    engine.api.ask(StopTask { id: first.clone(), mode: StopMode::Kill }).await.unwrap();
    engine.finished(&first).await;
    until_async("the next one waits for the machine", async || waits_for(&engine, &second).await.is_some())
        .await;
    // A hand may start it all the same.
    engine.api.ask(RunNow { id: second.clone() }).await.unwrap();
    assert_eq!(engine.finished(&second).await.status.phase, TaskPhase::Succeeded);
    // Without conditions it is a lane like any other.
    let third = submit(&engine, &["true"]).await;
    ask_of(&engine, json!({})).await;
    engine.finished(&third).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_looks_at_the_machine_while_nothing_could_start() {
    let dir = tempfile::tempdir().unwrap();
    let machine = Fake::new(true);
    let engine = engine(dir.path(), &machine).await;
    ask_of(&engine, json!({"onMains": true})).await;
    let first = submit(&engine, &["sleep", "600"]).await;
    engine.running(&first).await;
    let second = submit(&engine, &["true"]).await;
    let looked = machine.looks();
    assert!(looked >= 1);
    many_looks_later(&engine).await;
    assert_eq!(machine.looks(), looked, "the lane is full");
    engine.api.ask(StopTask { id: first.clone(), mode: StopMode::Kill }).await.unwrap();
    engine.finished(&second).await;
    let looked = machine.looks();
    many_looks_later(&engine).await;
    assert_eq!(machine.looks(), looked, "nothing waits");
    // And while something does, it is looked at again and again.
    machine.set(Ok(false));
    submit(&engine, &["true"]).await;
    until_async("looks", async || machine.looks() >= looked + 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_attempt_waits_for_the_machine_too() {
    let dir = tempfile::tempdir().unwrap();
    let machine = Fake::new(true);
    let engine = engine(dir.path(), &machine).await;
    ask_of(&engine, json!({"onMains": true})).await;
    let unplug = dir.path().join("unplugged");
    let script =
        format!("[ -e {0} ] && exit 0; while ! [ -e {0}.go ]; do sleep 0.01; done; exit 1", unplug.display());
    let backoff = json!({"jitter": "none", "firstMs": 1, "maxMs": 1, "factor": 1.0});
    let more = json!({"admission": "queue", "restart": {"type": "onFailure"}, "backoff": backoff});
    let id = engine.api.submit_task(spec("etl", command("sh", &["-c", &script]), more)).await.unwrap();
    engine.running(&id).await;
    machine.set(Ok(false));
    std::fs::write(format!("{}.go", unplug.display()), "").unwrap();
    until_async("its next attempt waits", async || {
        waits_for(&engine, &id).await.as_deref() == Some("mains power")
    })
    .await;
    std::fs::write(&unplug, "").unwrap();
    machine.set(Ok(true));
    let task = engine.finished(&id).await;
    assert_eq!((task.status.phase, task.status.attempt), (TaskPhase::Succeeded, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_machine_is_kept_awake_while_a_task_that_asks_for_it_runs() {
    let dir = tempfile::tempdir().unwrap();
    let machine = Fake::new(false);
    let engine = engine(dir.path(), &machine).await;
    let awake = async || engine.api.ask(GetSummary {}).await.unwrap().awake;
    let held = |held: Option<&str>| Some(StaysAwake { why_not: held.map(str::to_owned) });
    let on_mains = spec("a", command("sleep", &["600"]), json!({"keepAwake": "onMains"}));
    let first = engine.api.submit_task(on_mains).await.unwrap();
    until_async("it may sleep on its battery", async || {
        awake().await == held(Some("it runs on its battery"))
    })
    .await;
    assert_eq!(machine.locks(), 0);
    machine.set(Ok(true));
    until_async("it is kept awake", async || awake().await == held(None)).await;
    assert_eq!(machine.locks(), 1);
    machine.set(Ok(false));
    until_async("it may sleep again", async || machine.locks() == 0).await;
    // By its lane, on the battery too; the one that asks for more counts.
    ask_of(&engine, json!({"keepAwake": "always"})).await;
    let second = submit(&engine, &["sleep", "600"]).await;
    until_async("it is kept awake", async || awake().await == held(None)).await;
    assert_eq!(machine.locks(), 1, "one lock for all");
    for id in [&first, &second] {
        engine.api.ask(StopTask { id: id.clone(), mode: StopMode::Kill }).await.unwrap();
        engine.finished(id).await;
    }
    until_async("nothing is asked of it", async || awake().await.is_none()).await;
    assert_eq!(machine.locks(), 0);
    *machine.refuses.lock().unwrap() = Some("there is no login manager".into());
    let third = submit(&engine, &["sleep", "600"]).await;
    until_async("that it is not possible is said", async || {
        awake().await == held(Some("there is no login manager"))
    })
    .await;
    engine.api.ask(StopTask { id: third.clone(), mode: StopMode::Kill }).await.unwrap();
    engine.finished(&third).await;
}
