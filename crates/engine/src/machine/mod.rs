//! The machine as it is just now, for lanes that ask for something, and that it does not sleep. Linux tells by files and by its login
//! manager (logind, over the system bus); where something is not told, it says so.

mod login;
mod power;

use self::login::Login;
use async_trait::async_trait;
use solti_model::{Asked, MachineState, Reading};
use solti_store::free_bytes;
use solti_supervisor::{Machine, StayingAwake};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::timeout;

/// Where the kernel tells of power supplies.
const POWER_SUPPLIES: &str = "/sys/class/power_supply";
/// Where it tells of its load.
const LOAD: &str = "/proc/loadavg";
/// A disk that is far away may be gone.
const PATIENCE: Duration = Duration::from_secs(5);
/// Of what nobody asked for.
const NOT_ASKED: &str = "it was not looked at";

/// This machine.
#[derive(Debug)]
pub(crate) struct ThisMachine {
    power_supplies: PathBuf,
    load: PathBuf,
    /// On its disk space is asked for.
    data_dir: PathBuf,
    login: Login,
}

impl ThisMachine {
    pub(crate) fn new(data_dir: &Path) -> Self {
        Self {
            power_supplies: POWER_SUPPLIES.into(),
            load: LOAD.into(),
            data_dir: data_dir.to_owned(),
            login: Login::of_system(),
        }
    }
}

#[async_trait]
impl Machine for ThisMachine {
    async fn look(&self, asked: Asked) -> MachineState {
        let (power, load, data_dir) = (self.power_supplies.clone(), self.load.clone(), self.data_dir.clone());
        let files = tokio::task::spawn_blocking(move || {
            let mut seen = MachineState::unseen(NOT_ASKED);
            if asked.on_mains {
                seen.on_mains = power::on_mains(&power);
            }
            if asked.load {
                seen.load = load_of(&load);
            }
            if asked.free_bytes {
                seen.free_bytes = free_on(&data_dir);
            }
            seen
        });
        let idle = async {
            match asked.idle {
                true => self.login.idle_ms().await,
                false => Err(NOT_ASKED.to_owned()),
            }
        };
        let (files, idle_ms) = tokio::join!(timeout(PATIENCE, files), idle);
        let files = match files {
            Ok(Ok(files)) => files,
            Ok(Err(error)) => MachineState::unseen(&error.to_string()),
            Err(_) => MachineState::unseen("the system did not answer in time"),
        };
        MachineState { idle_ms, ..files }
    }

    async fn stay_awake(&self) -> Result<StayingAwake, String> {
        self.login.inhibit_sleep().await.map(StayingAwake::by)
    }
}

fn load_of(file: &Path) -> Reading<f64> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let first = text.split_ascii_whitespace().next().and_then(|number| number.parse().ok());
    first.ok_or_else(|| format!("{} says no number", file.display()))
}

fn free_on(folder: &Path) -> Reading<u64> {
    free_bytes(folder).map_err(|error| format!("{}: {error}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::login::fake::{FakeLogin, serve};
    use super::*;
    use solti_testing::Bus;

    #[tokio::test]
    async fn the_machine_is_looked_at_for_what_is_asked_alone() {
        let dir = tempfile::tempdir().expect("a folder");
        let write = |path: &str, text: &str| {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().expect("in a folder")).expect("made");
            std::fs::write(path, text).expect("written");
        };
        write("loadavg", "1.25 0.90 0.70 2/700 4711\n");
        write("power/AC/type", "Mains\n");
        write("power/AC/online", "0\n");
        write("power/BAT0/type", "Battery\n");
        write("power/BAT0/status", "Discharging\n");
        let machine = ThisMachine {
            power_supplies: dir.path().join("power"),
            load: dir.path().join("loadavg"),
            data_dir: dir.path().to_owned(),
            login: Login::on("unix:path=/nowhere/bus"),
        };
        let all = Asked { on_mains: true, idle: true, load: true, free_bytes: true };
        let seen = machine.look(all).await;
        assert_eq!((seen.on_mains, seen.load), (Ok(false), Ok(1.25)));
        assert!(seen.free_bytes.expect("a disk") > 0);
        let no_bus = seen.idle_ms.expect_err("nobody is there");
        assert!(no_bus.contains("login manager"), "{no_bus}");
        let nothing = machine.look(Asked::default()).await;
        assert_eq!(nothing, MachineState::unseen(NOT_ASKED));
        let why = machine.stay_awake().await.expect_err("nobody is there");
        assert!(why.contains("login manager"), "{why}");
        std::fs::remove_file(dir.path().join("loadavg")).expect("removed");
        let seen = machine.look(all).await;
        assert!(seen.load.expect_err("gone").contains("loadavg"));
    }

    #[tokio::test]
    async fn the_login_manager_says_who_is_at_it_and_keeps_it_from_sleeping() {
        let Some(bus) = Bus::start() else { return println!("skipped: there is no dbus-daemon") };
        let fake = FakeLogin::default();
        let _served = serve(&bus, fake.clone()).await;
        let login = Login::on(&bus.address);
        assert_eq!(login.idle_ms().await, Ok(0), "somebody is at it");
        fake.idle_for(std::time::Duration::from_secs(600));
        let idle = login.idle_ms().await.expect("told");
        assert!((600_000..660_000).contains(&idle), "{idle} ms");

        let lock = login.inhibit_sleep().await.expect("granted");
        let asked = fake.asked();
        assert_eq!(
            (asked.what.as_str(), asked.who.as_str(), asked.mode.as_str()),
            ("sleep", "Solti", "block")
        );
        assert!(!fake.is_released().await, "as long as it is held");
        drop(lock);
        fake.released().await;

        fake.refuse();
        let why = login.inhibit_sleep().await.expect_err("refused");
        assert!(why.contains("Permission denied"), "{why}");
    }
}
