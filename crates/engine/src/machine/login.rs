//! The login manager of the system: since when nobody is at the machine, and that it does not sleep.
//! <https://www.freedesktop.org/software/systemd/man/latest/org.freedesktop.login1.html>

use solti_api::in_full;
use solti_model::Reading;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::OnceCell;
use tokio::time::timeout;
use zbus::zvariant::OwnedFd;
use zbus::{Connection, connection::Builder, proxy::CacheProperties};

/// It answers within milliseconds.
const PATIENCE: Duration = Duration::from_secs(3);
const NOT_HERE: &str = "the login manager (logind) cannot be asked here";

#[zbus::proxy(
    interface = "org.freedesktop.login1.Manager",
    default_service = "org.freedesktop.login1",
    default_path = "/org/freedesktop/login1",
    gen_blocking = false
)]
trait Manager {
    fn inhibit(&self, what: &str, who: &str, why: &str, mode: &str) -> zbus::Result<OwnedFd>;

    #[zbus(property)]
    fn idle_hint(&self) -> zbus::Result<bool>;

    /// In microseconds, by the clock on the wall.
    #[zbus(property)]
    fn idle_since_hint(&self) -> zbus::Result<u64>;
}

/// A connection is made when something is first asked, and kept.
#[derive(Debug)]
pub(super) struct Login {
    /// The bus to find it on, when not that of the system.
    bus: Option<String>,
    connection: OnceCell<Connection>,
}

impl Login {
    pub(super) fn of_system() -> Self {
        Self { bus: None, connection: OnceCell::new() }
    }

    #[cfg(test)]
    pub(super) fn on(bus: &str) -> Self {
        Self { bus: Some(bus.to_owned()), connection: OnceCell::new() }
    }

    /// For how long nobody has been at the machine, in any session; 0 while somebody is.
    pub(super) async fn idle_ms(&self) -> Reading<u64> {
        let asked = async {
            let manager = self.manager().await?;
            Ok(match manager.idle_hint().await? {
                true => Some(manager.idle_since_hint().await?),
                false => None,
            })
        };
        let since = within_patience(asked).await?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let idle = since.map(|since| now.saturating_sub(Duration::from_micros(since)));
        Ok(idle.map_or(0, |idle| u64::try_from(idle.as_millis()).unwrap_or(u64::MAX)))
    }

    /// Until what is returned is closed.
    pub(super) async fn inhibit_sleep(&self) -> Result<OwnedFd, String> {
        let asked =
            async { self.manager().await?.inhibit("sleep", "Solti", "Tasks are running", "block").await };
        within_patience(asked).await
    }

    async fn manager(&self) -> zbus::Result<ManagerProxy<'static>> {
        let connect = async || match &self.bus {
            Some(address) => Builder::address(address.as_str())?.build().await,
            None => Connection::system().await,
        };
        let connection = self.connection.get_or_try_init(connect).await?;
        ManagerProxy::builder(connection).cache_properties(CacheProperties::No).build().await
    }
}

async fn within_patience<T>(asked: impl Future<Output = zbus::Result<T>>) -> Result<T, String> {
    match timeout(PATIENCE, asked).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(format!("{NOT_HERE}: {}", in_full(&error))),
        Err(_) => Err(format!("{NOT_HERE}: it did not answer in time")),
    }
}

#[cfg(test)]
pub(super) mod fake {
    use super::*;
    use solti_testing::Bus;
    use std::io::Read as _;
    use std::os::unix::net::UnixStream;
    use std::sync::{Arc, Mutex};
    use zbus::interface;

    /// On this bus, as long as what is returned lives.
    pub(crate) async fn serve(bus: &Bus, fake: FakeLogin) -> Connection {
        Builder::address(bus.address.as_str())
            .expect("an address")
            .name("org.freedesktop.login1")
            .expect("a name")
            .serve_at("/org/freedesktop/login1", fake)
            .expect("served")
            .build()
            .await
            .expect("on the bus")
    }

    /// What was asked for last.
    #[derive(Debug, Clone, Default)]
    pub(crate) struct Inhibitor {
        pub(crate) what: String,
        pub(crate) who: String,
        pub(crate) mode: String,
    }

    #[derive(Debug, Default)]
    struct State {
        idle_since: Option<u64>,
        refuses: bool,
        asked: Inhibitor,
        /// The other end of what was handed out: it is closed when that is.
        lock: Option<UnixStream>,
    }

    #[derive(Debug, Clone, Default)]
    pub(crate) struct FakeLogin(Arc<Mutex<State>>);

    impl FakeLogin {
        pub(crate) fn idle_for(&self, idle: Duration) {
            let since = SystemTime::now() - idle;
            let since = since.duration_since(UNIX_EPOCH).expect("after 1970").as_micros();
            self.0.lock().expect("whole").idle_since = Some(u64::try_from(since).expect("near"));
        }

        pub(crate) fn refuse(&self) {
            self.0.lock().expect("whole").refuses = true;
        }

        pub(crate) fn asked(&self) -> Inhibitor {
            self.0.lock().expect("whole").asked.clone()
        }

        /// Whether what was handed out last is closed.
        pub(crate) async fn is_released(&self) -> bool {
            let mut state = self.0.lock().expect("whole");
            let lock = state.lock.as_mut().expect("handed out");
            matches!(lock.read(&mut [0]), Ok(0))
        }

        pub(crate) async fn released(&self) {
            let closed = async {
                while !self.is_released().await {
                    tokio::task::yield_now().await;
                }
            };
            timeout(Duration::from_secs(30), closed).await.expect("it is closed with what holds it");
        }
    }

    #[interface(name = "org.freedesktop.login1.Manager")]
    impl FakeLogin {
        fn inhibit(
            &self,
            what: String,
            who: String,
            _why: String,
            mode: String,
        ) -> zbus::fdo::Result<OwnedFd> {
            let mut state = self.0.lock().expect("whole");
            if state.refuses {
                return Err(zbus::fdo::Error::AccessDenied("Permission denied".into()));
            }
            let (ours, theirs) = UnixStream::pair().expect("a pair");
            ours.set_nonblocking(true).expect("set");
            state.asked = Inhibitor { what, who, mode };
            state.lock = Some(ours);
            Ok(std::os::fd::OwnedFd::from(theirs).into())
        }

        #[zbus(property)]
        fn idle_hint(&self) -> bool {
            self.0.lock().expect("whole").idle_since.is_some()
        }

        #[zbus(property)]
        fn idle_since_hint(&self) -> u64 {
            self.0.lock().expect("whole").idle_since.unwrap_or(0)
        }
    }
}
