//! Secrets of jobs in the user's keyring: whatever answers for the Secret Service on the session bus (GNOME Keyring, KWallet,
//! KeePassXC). <https://specifications.freedesktop.org/secret-service-spec/latest/>
//!
//! To read asks nobody: a run that is due at night must not open a dialog that waits for a password. To keep may.

use async_trait::async_trait;
use secret_service::{EncryptionType, Error, Item, SecretService};
use solti_model::{JobName, SecretText};
use solti_supervisor::Keyring;
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::timeout;
use zbus::{Connection, connection::Builder};

/// What reads is answered within milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);
/// A person types a password meanwhile.
const PATIENCE_WITH_A_PERSON: Duration = Duration::from_secs(120);
const LOCKED: &str = "it is locked; unlock it, or log in at the machine";
const PLAIN_TEXT: &str = "text/plain; charset=utf8";

/// The keyring of the session.
#[derive(Debug, Default)]
pub(crate) struct SessionKeyring {
    /// The bus to find it on, when not that of the session.
    bus: Option<String>,
}

#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("there is no keyring on this computer that programs can use: {0}")]
    None(Error),
    #[error("{LOCKED}")]
    Locked,
    #[error("nobody unlocked it")]
    Dismissed,
    #[error("it did not answer in time")]
    Silent,
    #[error("what it holds is not text")]
    NoText,
    #[error("it refused: {0}")]
    Refused(Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        match error {
            Error::Locked => Self::Locked,
            Error::Prompt => Self::Dismissed,
            error => Self::Refused(error),
        }
    }
}

/// By which an item is found. A program that lists the keyring shows them.
fn attributes<'a>(job: &'a JobName, parameter: Option<&'a str>) -> HashMap<&'a str, &'a str> {
    let mut attributes = HashMap::from([("service", "solti"), ("job", job.as_str())]);
    attributes.extend(parameter.map(|parameter| ("parameter", parameter)));
    attributes
}

impl SessionKeyring {
    async fn open(&self) -> Result<SecretService<'static>, Trouble> {
        let connect = async {
            let bus = match &self.bus {
                Some(address) => Builder::address(address.as_str())?.build().await?,
                None => Connection::session().await?,
            };
            // What goes over the bus is encrypted: others of this user can listen there.
            SecretService::connect_with_existing(EncryptionType::Dh, bus).await
        };
        connect.await.map_err(Trouble::None)
    }

    async fn read_text(&self, job: &JobName, parameter: &str) -> Result<Option<SecretText>, Trouble> {
        let service = self.open().await?;
        let found = service.search_items(attributes(job, Some(parameter))).await?;
        let Some(item) = found.unlocked.first() else {
            return if found.locked.is_empty() { Ok(None) } else { Err(Trouble::Locked) };
        };
        let text = String::from_utf8(item.get_secret().await?).map_err(|_| Trouble::NoText)?;
        Ok(Some(SecretText::new(text)))
    }

    async fn keep_text(&self, job: &JobName, parameter: &str, secret: &SecretText) -> Result<(), Trouble> {
        let service = self.open().await?;
        let collection = service.get_any_collection().await?;
        collection.unlock().await?;
        let label = format!("Solti: {parameter} of job {job}");
        let (attributes, bytes) = (attributes(job, Some(parameter)), secret.reveal().as_bytes());
        collection.create_item(&label, attributes, bytes, true, PLAIN_TEXT).await?;
        Ok(())
    }

    async fn forget_all(&self, job: &JobName, parameter: Option<&str>) -> Result<(), Trouble> {
        let service = self.open().await?;
        let found = service.search_items(attributes(job, parameter)).await?;
        if !found.locked.is_empty() {
            let locked: Vec<&Item<'_>> = found.locked.iter().collect();
            service.unlock_all(&locked).await?;
        }
        for item in found.unlocked.iter().chain(&found.locked) {
            item.delete().await?;
        }
        Ok(())
    }
}

async fn within<T>(patience: Duration, asked: impl Future<Output = Result<T, Trouble>>) -> Result<T, String> {
    let answer = timeout(patience, asked).await.unwrap_or(Err(Trouble::Silent));
    answer.map_err(|trouble| trouble.to_string())
}

#[async_trait]
impl Keyring for SessionKeyring {
    async fn read(&self, job: &JobName, parameter: &str) -> Result<Option<SecretText>, String> {
        within(PATIENCE, self.read_text(job, parameter)).await
    }

    async fn keep(&self, job: &JobName, parameter: &str, secret: &SecretText) -> Result<(), String> {
        within(PATIENCE_WITH_A_PERSON, self.keep_text(job, parameter, secret)).await
    }

    async fn forget(&self, job: &JobName, parameter: Option<&str>) -> Result<(), String> {
        within(PATIENCE_WITH_A_PERSON, self.forget_all(job, parameter)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use solti_testing::{Bus, Ends};

    /// GNOME's keyring, unlocked and on this bus; `None` where it is not installed.
    async fn gnome_keyring(bus: &Bus, home: &std::path::Path) -> Option<Ends> {
        let mut daemon = bus.gnome_keyring(home)?;
        let connection = Builder::address(bus.address.as_str()).ok()?.build().await.ok()?;
        let names = zbus::fdo::DBusProxy::new(&connection).await.ok()?;
        let is_there = async || {
            let name = zbus::names::BusName::try_from("org.freedesktop.secrets").expect("legal");
            names.name_has_owner(name).await.expect("a bus")
        };
        while !is_there().await {
            assert!(!daemon.has_ended(), "the keyring has ended");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Some(daemon)
    }

    #[tokio::test]
    async fn a_secret_is_kept_replaced_and_forgotten_by_job_and_parameter() {
        let Some(bus) = Bus::start() else { return println!("skipped: there is no dbus-daemon") };
        let home = tempfile::tempdir().expect("a folder");
        let Some(_daemon) = gnome_keyring(&bus, home.path()).await else {
            return println!("skipped: there is no gnome-keyring-daemon");
        };
        let keyring = SessionKeyring { bus: Some(bus.address.clone()) };
        let (night, day) = (JobName::new("night").expect("legal"), JobName::new("day").expect("legal"));
        let kept = async |job: &JobName, parameter: &str| {
            keyring
                .read(job, parameter)
                .await
                .expect("it can be read")
                .map(|secret| secret.reveal().to_owned())
        };
        assert_eq!(kept(&night, "password").await, None);
        for (job, parameter, secret) in [
            (&night, "password", "one"),
            (&night, "pin", "1234"),
            (&day, "password", "schön"),
            (&night, "password", "two"),
        ] {
            keyring.keep(job, parameter, &SecretText::new(secret)).await.expect("kept");
        }
        assert_eq!(kept(&night, "password").await.as_deref(), Some("two"));
        assert_eq!(kept(&night, "pin").await.as_deref(), Some("1234"));
        keyring.forget(&night, Some("pin")).await.expect("forgotten");
        assert_eq!(kept(&night, "pin").await, None);
        keyring.forget(&night, None).await.expect("forgotten");
        keyring.forget(&night, None).await.expect("it is already");
        assert_eq!(kept(&night, "password").await, None);
        assert_eq!(kept(&day, "password").await.as_deref(), Some("schön"), "of another job");
        let lock = SecretService::connect_with_existing(
            EncryptionType::Plain,
            Builder::address(bus.address.as_str()).expect("an address").build().await.expect("a bus"),
        );
        lock.await.expect("there").get_any_collection().await.expect("one").lock().await.expect("locked");
        let why = keyring.read(&day, "password").await.expect_err("locked, and nobody is asked");
        assert_eq!(why, LOCKED);
    }

    #[tokio::test]
    async fn a_machine_without_a_keyring_says_so() {
        let job = JobName::new("night").expect("legal");
        let mut reasons = vec![];
        let nowhere = SessionKeyring { bus: Some("unix:path=/nowhere/bus".into()) };
        reasons.push(nowhere.read(&job, "password").await.expect_err("no bus"));
        reasons.push(nowhere.keep(&job, "password", &SecretText::new("x")).await.expect_err("no bus"));
        for why in reasons {
            assert!(why.starts_with("there is no keyring on this computer that programs can use: "), "{why}");
        }
    }
}
