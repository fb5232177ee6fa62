//! What the supervisor asks of the machine beside its processes: what it is like just now, that it does not sleep, and what its
//! keyring holds. How these are done is the business of who starts the supervisor.

use async_trait::async_trait;
use solti_model::{Asked, JobName, MachineState, SecretText};
use std::any::Any;
use std::fmt;

/// The machine as lanes and running tasks see it.
#[async_trait]
pub trait Machine: fmt::Debug + Send + Sync {
    /// Looks at what is asked for. What cannot be looked at says why.
    async fn look(&self, asked: Asked) -> MachineState;

    /// Keeps the machine from sleeping until what is returned is dropped.
    ///
    /// # Errors
    /// Why it cannot be, as it follows "it may sleep:".
    async fn stay_awake(&self) -> Result<StayingAwake, String>;
}

/// While it lives, the machine is kept from sleeping.
pub struct StayingAwake(#[allow(dead_code, reason = "it is kept, and dropped")] Box<dyn Any + Send + Sync>);

impl StayingAwake {
    /// `lock` is what keeps it.
    pub fn by(lock: impl Any + Send + Sync) -> Self {
        Self(Box::new(lock))
    }
}

impl fmt::Debug for StayingAwake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StayingAwake")
    }
}

/// The keyring of the user who runs the tasks.
#[async_trait]
pub trait Keyring: fmt::Debug + Send + Sync {
    /// What is kept for a parameter of a job. Asks nobody: a keyring that is locked is an error.
    ///
    /// # Errors
    /// Why it cannot be read, in one sentence without its end.
    async fn read(&self, job: &JobName, parameter: &str) -> Result<Option<SecretText>, String>;

    /// Keeps a secret in the place of the one before. The system may ask the person at it to unlock the keyring.
    ///
    /// # Errors
    /// Why it is not kept.
    async fn keep(&self, job: &JobName, parameter: &str, secret: &SecretText) -> Result<(), String>;

    /// Forgets what is kept for a parameter of a job, or all of the job. `Ok` also when nothing is.
    ///
    /// # Errors
    /// Why it may still be there.
    async fn forget(&self, job: &JobName, parameter: Option<&str>) -> Result<(), String>;
}

const UNSEEN: &str = "this engine was started without a look at its machine";

/// Where nobody looks: nothing can be seen, kept awake or kept secret.
#[derive(Debug)]
pub struct Unseen;

#[async_trait]
impl Machine for Unseen {
    async fn look(&self, _asked: Asked) -> MachineState {
        MachineState::unseen(UNSEEN)
    }

    async fn stay_awake(&self) -> Result<StayingAwake, String> {
        Err(UNSEEN.to_owned())
    }
}

#[async_trait]
impl Keyring for Unseen {
    async fn read(&self, _job: &JobName, _parameter: &str) -> Result<Option<SecretText>, String> {
        Err(UNSEEN.to_owned())
    }

    async fn keep(&self, _job: &JobName, _parameter: &str, _secret: &SecretText) -> Result<(), String> {
        Err(UNSEEN.to_owned())
    }

    async fn forget(&self, _job: &JobName, _parameter: Option<&str>) -> Result<(), String> {
        Err(UNSEEN.to_owned())
    }
}
