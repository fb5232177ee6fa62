//! Asks the user's service manager (systemd, over the session bus) for a scope of their own for the runs. Below the unit that
//! the app is in, the system hands out no controllers, and a service that is stopped takes with it all that is in its unit;
//! in a scope with `Delegate` limits can be enforced, and it lasts for as long as a process is in it.
//! <https://www.freedesktop.org/wiki/Software/systemd/ControlGroupInterface/>
//!
//! Where there is no such manager, runs are where the app is, as without this file. What the scope is arranged like is
//! `solti-shim`'s business (`cgroup`).

use async_trait::async_trait;
use futures::StreamExt as _;
use solti_runner::{SCOPE_PREFIX, SCOPE_SLICE, SCOPE_SUFFIX, Shelter, settle_in_scope};
use std::{
    env, fs, io,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::time::timeout;
use zbus::{
    Connection,
    connection::Builder,
    proxy::CacheProperties,
    zvariant::{OwnedObjectPath, Value},
};

/// A manager answers within milliseconds. Runs that are started meanwhile wait.
const PATIENCE: Duration = Duration::from_secs(3);
/// Where it is noted whose manager goes on after they have logged out.
const LINGER: &str = "/var/lib/systemd/linger";

/// `name`, `properties`: of a unit made alongside; none is.
type Auxiliary<'a> = (&'a str, Vec<(&'a str, &'a Value<'a>)>);

#[zbus::proxy(
    interface = "org.freedesktop.systemd1.Manager",
    default_service = "org.freedesktop.systemd1",
    default_path = "/org/freedesktop/systemd1",
    gen_blocking = false
)]
trait Manager {
    /// Signals are not sent to nobody.
    fn subscribe(&self) -> zbus::Result<()>;

    fn start_transient_unit(
        &self,
        name: &str,
        mode: &str,
        properties: &[(&str, &Value<'_>)],
        auxiliary: &[Auxiliary<'_>],
    ) -> zbus::Result<OwnedObjectPath>;

    #[zbus(signal)]
    fn job_removed(&self, id: u32, job: OwnedObjectPath, unit: String, result: String) -> zbus::Result<()>;
}

/// Why the runs stay where the app is.
#[derive(Debug, thiserror::Error)]
enum NoScope {
    #[error("they would end when this user logs out, and the app might not (loginctl enable-linger)")]
    Shorter,
    #[error("there is no session bus")]
    NoBus(#[source] zbus::Error),
    #[error("the service manager made none")]
    Refused(#[from] zbus::Error),
    #[error("the service manager's job ended as {0}")]
    Job(String),
    #[error("the service manager went away")]
    Gone,
    #[error("it did not answer in time")]
    Silent,
    #[error("the scope cannot be arranged")]
    Settle(#[from] io::Error),
}

/// The manager of this user, if there is one.
pub(crate) struct UserManager {
    /// The bus to find it on, when not that of the session.
    bus: Option<String>,
    /// Whether a scope of it ends before what is where the app is.
    shorter_lived: bool,
}

impl UserManager {
    pub(crate) fn of_session() -> Self {
        let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let below = is_below_manager(&groups, rustix::process::geteuid().as_raw());
        Self { bus: None, shorter_lived: !below && !lingers() }
    }

    async fn make_scope(&self, pid: u32) -> Result<String, NoScope> {
        if self.shorter_lived {
            return Err(NoScope::Shorter);
        }
        let bus = match &self.bus {
            Some(address) => Builder::address(address.as_str()).map_err(NoScope::NoBus)?.build().await,
            None => Connection::session().await,
        };
        let bus = bus.map_err(NoScope::NoBus)?;
        let manager = ManagerProxy::builder(&bus).cache_properties(CacheProperties::No).build().await?;
        manager.subscribe().await?;
        let mut ended = manager.receive_job_removed().await?;

        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let name = format!("{SCOPE_PREFIX}{pid}-{}{SCOPE_SUFFIX}", now.as_millis());
        let properties = [
            ("Description", Value::from("Tasks of Solti")),
            ("Slice", Value::from(SCOPE_SLICE)),
            ("Delegate", Value::from(true)),
            ("PIDs", Value::from(vec![pid])),
            // Nothing of it stays behind when its last process has ended, however.
            ("CollectMode", Value::from("inactive-or-failed")),
        ];
        let properties = properties.each_ref().map(|(name, value)| (*name, value));
        let job = manager.start_transient_unit(&name, "fail", &properties, &[]).await?;
        loop {
            let ended = ended.next().await.ok_or(NoScope::Gone)?;
            let ended = ended.args()?;
            if ended.job != job {
                continue;
            }
            return if ended.result == "done" { Ok(name) } else { Err(NoScope::Job(ended.result.clone())) };
        }
    }
}

#[async_trait]
impl Shelter for UserManager {
    async fn take_in(&self, pid: u32) {
        let made = timeout(PATIENCE, self.make_scope(pid)).await.unwrap_or(Err(NoScope::Silent));
        let settled = made.and_then(|name| settle_in_scope(pid).map(|()| name).map_err(NoScope::Settle));
        match settled {
            Ok(name) => tracing::debug!("runs are in {name}"),
            // A run that this matters to says that its limits are not enforced.
            Err(error) => tracing::debug!("runs have no scope of their own: {}", solti_api::in_full(&error)),
        }
    }
}

/// Whether the process of these groups ends with the manager in any case. One of a login session does not everywhere.
fn is_below_manager(groups: &str, user: u32) -> bool {
    groups.lines().any(|line| line.starts_with("0::") && line.contains(&format!("/user@{user}.service/")))
}

fn lingers() -> bool {
    env::var_os("USER").is_some_and(|user| !user.is_empty() && Path::new(LINGER).join(user).exists())
}

#[cfg(test)]
mod tests {
    use super::*;
    use solti_testing::Bus;
    use std::{
        collections::HashMap,
        path::PathBuf,
        process::{Child, Command},
        sync::{Arc, Mutex},
    };
    use zbus::{interface, object_server::SignalEmitter, zvariant::OwnedValue};

    fn manager_on(bus: &Bus) -> UserManager {
        UserManager { bus: Some(bus.address.clone()), shorter_lived: false }
    }

    /// What the manager was asked for.
    #[derive(Debug, Default)]
    struct Asked {
        name: String,
        properties: HashMap<String, OwnedValue>,
    }

    /// As systemd does it: makes the group, moves the processes, and tells of the job after its answer.
    struct Fake {
        asked: Arc<Mutex<Asked>>,
        /// Where it makes groups; `None` for one that makes none.
        groups: Option<PathBuf>,
        result: &'static str,
    }

    #[interface(name = "org.freedesktop.systemd1.Manager")]
    impl Fake {
        fn subscribe(&self) {}

        async fn start_transient_unit(
            &self,
            name: String,
            _mode: String,
            properties: Vec<(String, OwnedValue)>,
            _auxiliary: Vec<(String, Vec<(String, OwnedValue)>)>,
            #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
        ) -> zbus::fdo::Result<OwnedObjectPath> {
            let properties: HashMap<_, _> = properties.into_iter().collect();
            if let Some(groups) = &self.groups {
                let pids: Vec<u32> =
                    properties["PIDs"].try_clone().expect("plain").try_into().expect("numbers");
                fs::create_dir(groups.join(&name)).expect("made");
                for pid in pids {
                    fs::write(groups.join(&name).join("cgroup.procs"), pid.to_string()).expect("moved");
                }
            }
            *self.asked.lock().expect("whole") = Asked { name: name.clone(), properties };
            let job = OwnedObjectPath::try_from("/org/freedesktop/systemd1/job/7").expect("legal");
            // Of another job first, as on a busy machine.
            let other = OwnedObjectPath::try_from("/org/freedesktop/systemd1/job/6").expect("legal");
            Self::job_removed(&emitter, 6, other, "other.service".into(), "failed".into()).await?;
            Self::job_removed(&emitter, 7, job.clone(), name, self.result.into()).await?;
            Ok(job)
        }

        #[zbus(signal)]
        async fn job_removed(
            emitter: &SignalEmitter<'_>,
            id: u32,
            job: OwnedObjectPath,
            unit: String,
            result: String,
        ) -> zbus::Result<()>;
    }

    async fn serve(bus: &Bus, fake: Fake) -> Connection {
        Builder::address(bus.address.as_str())
            .expect("an address")
            .name("org.freedesktop.systemd1")
            .expect("a name")
            .serve_at("/org/freedesktop/systemd1", fake)
            .expect("served")
            .build()
            .await
            .expect("on the bus")
    }

    /// In the place of a fork server.
    struct Sleeper(Child);

    impl Sleeper {
        fn start() -> Self {
            Self(Command::new("sleep").arg("600").spawn().expect("started"))
        }

        fn group(&self) -> String {
            let groups = fs::read_to_string(format!("/proc/{}/cgroup", self.0.id())).expect("alive");
            groups.lines().find_map(|line| line.strip_prefix("0::")).unwrap_or_default().to_owned()
        }
    }

    impl Drop for Sleeper {
        fn drop(&mut self) {
            self.0.kill().ok();
            self.0.wait().ok();
        }
    }

    /// Where this test may make control groups; `None` where it may not.
    fn groups() -> Option<PathBuf> {
        let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
        let root = mounts.lines().find_map(|line| {
            let mut fields = line.split(' ');
            let (root, kind) = (fields.nth(1)?, fields.next()?);
            (kind == "cgroup2").then(|| root.to_owned())
        })?;
        let own = fs::read_to_string("/proc/self/cgroup").ok()?;
        let own = own.lines().find_map(|line| line.strip_prefix("0::/"))?.to_owned();
        let probe = Path::new(&root).join(own).join(format!("probe-{}", std::process::id()));
        fs::create_dir(&probe).ok()?;
        fs::remove_dir(&probe).ok()?;
        probe.parent().map(Path::to_owned)
    }

    #[test]
    fn an_app_of_the_desktop_ends_with_the_manager_and_one_of_a_login_may_not() {
        let slice = "0::/user.slice/user-1000.slice";
        let app = format!("{slice}/user@1000.service/app.slice/app-solti-1.scope\n");
        assert!(is_below_manager(&app, 1000) && !is_below_manager(&app, 1001));
        assert!(!is_below_manager(&format!("1:name=systemd:/\n{slice}/session-2.scope\n"), 1000));
    }

    #[tokio::test]
    async fn the_shims_get_a_group_of_their_own_in_a_delegated_scope() {
        let (Some(bus), Some(groups)) = (Bus::start(), groups()) else {
            return println!("skipped: no dbus-daemon, or no control groups to be made here");
        };
        let asked = Arc::new(Mutex::new(Asked::default()));
        let fake = Fake { asked: Arc::clone(&asked), groups: Some(groups.clone()), result: "done" };
        let _served = serve(&bus, fake).await;
        let sleeper = Sleeper::start();
        manager_on(&bus).take_in(sleeper.0.id()).await;

        let group = sleeper.group();
        drop(sleeper);
        let asked = std::mem::take(&mut *asked.lock().expect("whole"));
        assert!(group.ends_with(&format!("/{}/shims", asked.name)), "{group}");
        let property = |name: &str| asked.properties[name].try_clone().expect("plain");
        assert_eq!(bool::try_from(property("Delegate")), Ok(true));
        assert_eq!(String::try_from(property("Slice")).as_deref(), Ok("app.slice"));
        let scope = groups.join(&asked.name);
        fs::remove_dir(scope.join("shims")).and_then(|()| fs::remove_dir(scope)).expect("empty");
    }

    #[tokio::test]
    async fn without_a_manager_or_when_it_refuses_everything_stays_where_it_is() {
        let Some(bus) = Bus::start() else { return println!("skipped: no dbus-daemon") };
        let sleeper = Sleeper::start();
        let (before, pid) = (sleeper.group(), sleeper.0.id());
        let nowhere = UserManager { bus: Some("unix:path=/nowhere".into()), shorter_lived: false };
        assert!(matches!(nowhere.make_scope(pid).await, Err(NoScope::NoBus(_))));
        assert!(
            matches!(manager_on(&bus).make_scope(pid).await, Err(NoScope::Refused(_))),
            "nobody is there"
        );
        let ends_early = UserManager { shorter_lived: true, ..manager_on(&bus) };
        assert!(matches!(ends_early.make_scope(pid).await, Err(NoScope::Shorter)));

        let fake = Fake { asked: Arc::default(), groups: None, result: "failed" };
        let _served = serve(&bus, fake).await;
        assert!(
            matches!(manager_on(&bus).make_scope(pid).await, Err(NoScope::Job(result)) if result == "failed")
        );
        manager_on(&bus).take_in(pid).await;
        assert_eq!(sleeper.group(), before);
    }
}
