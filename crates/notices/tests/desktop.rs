//! Notices as a desktop's notification service gets them, on a bus of the test's own, and what somebody does about them there.

use solti_model::RunId;
use solti_notices::{About, Act, Choice, Desktop, Notice, What};
use solti_testing::{Bus, within};
use std::collections::HashMap;
use tokio::sync::mpsc;
use zbus::object_server::SignalEmitter;
use zbus::{Connection, connection, interface, zvariant::OwnedValue};

#[derive(Debug)]
struct Notified {
    id: u32,
    replaces: u32,
    title: String,
    body: String,
    actions: Vec<String>,
}

/// As a desktop has it.
struct Notifications {
    can: Vec<String>,
    shown: u32,
    told: mpsc::Sender<Notified>,
}

#[interface(name = "org.freedesktop.Notifications")]
impl Notifications {
    fn get_capabilities(&self) -> Vec<String> {
        self.can.clone()
    }

    #[expect(clippy::too_many_arguments, reason = "as the specification has it")]
    fn notify(
        &mut self,
        app: String,
        replaces: u32,
        _icon: String,
        title: String,
        body: String,
        actions: Vec<String>,
        hints: HashMap<String, OwnedValue>,
        _timeout: i32,
    ) -> u32 {
        assert_eq!(app, "Solti");
        assert!(hints.contains_key("desktop-entry"), "{hints:?}");
        self.shown += 1;
        let id = if replaces == 0 { self.shown } else { replaces };
        self.told.try_send(Notified { id, replaces, title, body, actions }).expect("the test listens");
        id
    }

    #[zbus(signal)]
    async fn action_invoked(emitter: &SignalEmitter<'_>, id: u32, key: &str) -> zbus::Result<()>;

    #[zbus(signal)]
    async fn notification_closed(emitter: &SignalEmitter<'_>, id: u32, reason: u32) -> zbus::Result<()>;
}

struct Service {
    bus: Connection,
    told: mpsc::Receiver<Notified>,
}

impl Service {
    async fn on(bus: &Bus, can: &[&str]) -> Self {
        let (sender, told) = mpsc::channel(16);
        let can = can.iter().map(ToString::to_string).collect();
        let served = Notifications { can, shown: 0, told: sender };
        let bus = connection::Builder::address(&*bus.address)
            .and_then(|builder| builder.serve_at("/org/freedesktop/Notifications", served))
            .and_then(|builder| builder.name("org.freedesktop.Notifications"))
            .expect("a bus");
        Self { bus: bus.build().await.expect("the only service on it"), told }
    }

    async fn next(&mut self) -> Notified {
        within("a notification", self.told.recv()).await.expect("the service is there")
    }

    async fn emitter(&self) -> SignalEmitter<'static> {
        SignalEmitter::new(&self.bus, "/org/freedesktop/Notifications").expect("a path")
    }

    async fn press(&self, id: u32, key: &str) {
        Notifications::action_invoked(&self.emitter().await, id, key).await.expect("sent");
    }

    async fn close(&self, id: u32) {
        Notifications::notification_closed(&self.emitter().await, id, 2).await.expect("sent");
    }
}

fn about(run: &str, what: What) -> Option<About> {
    Some(About { run: run.parse::<RunId>().expect("a run"), what })
}

fn notice(title: &str, about: Option<About>) -> Notice {
    Notice { title: title.into(), body: "exit 1 <b>".into(), about }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_click_and_each_button_say_what_is_to_be_done_about_which_task() {
    let bus = Bus::start().expect("dbus-daemon");
    let mut service = Service::on(&bus, &["actions", "body", "body-markup"]).await;
    let mut desktop = Desktop::at(&bus.address);
    desktop.show(notice("build failed", about("t-1/2", What::Failed))).await.expect("shown");
    let failed = service.next().await;
    assert_eq!((&*failed.title, &*failed.body, failed.replaces), ("build failed", "exit 1 &lt;b&gt;", 0));
    assert_eq!(failed.actions, ["default", "Open log", "log", "Open log", "rerun", "Rerun"]);
    desktop.show(notice("lint has gone silent", about("t-2/1", What::Silent))).await.expect("shown");
    let silent = service.next().await;
    assert_eq!(silent.actions, ["default", "Open log", "log", "Open log", "stop", "Stop"]);
    desktop.show(notice("5 tasks failed", None)).await.expect("shown");
    let many = service.next().await;

    for (id, key, expected, act) in [
        (failed.id, "default", about("t-1/2", What::Failed), Act::OpenLog),
        (failed.id, "rerun", about("t-1/2", What::Failed), Act::Rerun),
        (silent.id, "stop", about("t-2/1", What::Silent), Act::Stop),
        (many.id, "default", None, Act::OpenMain),
    ] {
        // Those of other programs, and keys that were not offered, are nobody's.
        service.press(4711, "default").await;
        service.press(silent.id, "rerun").await;
        service.press(id, key).await;
        let chosen = within("a choice", desktop.chosen()).await;
        assert_eq!(chosen, Choice { about: expected, act }, "{key}");
    }

    // What has gone from the screen is not acted upon; a task that fails again takes the place of its notice.
    service.close(silent.id).await;
    service.press(silent.id, "default").await;
    service.press(failed.id, "log").await;
    assert_eq!(within("a choice", desktop.chosen()).await.about, about("t-1/2", What::Failed));
    desktop.show(notice("build failed", about("t-1/3", What::Failed))).await.expect("shown");
    assert_eq!(service.next().await.replaces, failed.id);
    service.press(failed.id, "default").await;
    assert_eq!(within("a choice", desktop.chosen()).await.about, about("t-1/3", What::Failed));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_is_told_what_it_can_show_and_one_that_comes_later_is_found() {
    let bus = Bus::start().expect("dbus-daemon");
    let mut desktop = Desktop::at(&bus.address);
    let told = notice("build failed", about("t-1/1", What::Failed));
    desktop.show(told.clone()).await.expect_err("nobody shows anything");

    let mut plain = Service::on(&bus, &["body"]).await;
    desktop.show(told.clone()).await.expect("shown");
    let shown = plain.next().await;
    assert_eq!((shown.actions, &*shown.body), (vec![], "exit 1 <b>"), "neither buttons nor markup");

    // Another one counts its notifications from 1 again: what the first has shown is no notice of this one.
    let id = shown.id;
    plain.bus.release_name("org.freedesktop.Notifications").await.expect("released");
    let mut other = Service::on(&bus, &["actions"]).await;
    desktop.show(notice("lint failed", about("t-2/1", What::Failed))).await.expect("shown");
    let second = other.next().await;
    assert_eq!((second.id, second.replaces), (id, 0));
    other.press(id, "default").await;
    assert_eq!(within("a choice", desktop.chosen()).await.about, about("t-2/1", What::Failed));
}
