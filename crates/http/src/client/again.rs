//! What becomes of a call whose answer is lost: what makes a task is sent again by its key, and of other changes it is said that they may
//! have been done.

use super::follow::Call;
use super::{Endpoint, HttpClient};
use crate::wire::Health;
use bytes::Bytes;
use solti_api::{ApiError, Pauses};
use solti_model::MachineUrl;
use std::time::Duration;
use tokio::time::sleep;

/// For the server to be there again where an answer was lost.
const TO_BE_BACK: Duration = Duration::from_secs(20);
/// Before the first try again, and at most between two.
const PAUSES: Pauses = Pauses::new(Duration::from_millis(200), Duration::from_secs(5));

impl HttpClient {
    /// Sends it and reads the whole of its answer. Where that is lost, what has a key is sent again, and of what else changes something
    /// it is said that it may have been done.
    pub(super) async fn exchange(&self, call: &Call) -> Result<Bytes, ApiError> {
        match self.exchanged(call).await {
            Err(Failure::Unknown(error)) if call.key.is_some() => self.again(call, error).await,
            exchanged => exchanged.map_err(|failure| failure.told(call)),
        }
    }

    async fn exchanged(&self, call: &Call) -> Result<Bytes, Failure> {
        let response = self.sent_within(self.shared.handover, call, None).await?;
        self.read_whole(response).await
    }

    /// Sends a call whose answer was lost until it is answered: by the key it is done once. `lost`: what to say where nobody answers, or
    /// one that does not know such keys.
    async fn again(&self, call: &Call, lost: ApiError) -> Result<Bytes, ApiError> {
        let never_reached = matches!(self.shared.endpoint, Endpoint::Machine(MachineUrl::Ssh { .. }))
            && !self.shared.connector.answered();
        if never_reached {
            // Whoever is refused by ssh would be refused again and again.
            return Err(perhaps_done(lost));
        }
        let answered = async {
            let mut pauses = PAUSES;
            loop {
                match self.exchanged(&Call::get("/health")).await.map(|health| self.parse::<Health>(&health))
                {
                    Ok(Ok(Health { idempotency_keys: true, .. })) => match self.exchanged(call).await {
                        Ok(answer) => return Some(Ok(answer)),
                        Err(Failure::Answered(error)) => return Some(Err(error)),
                        Err(Failure::Unsent(_) | Failure::Unknown(_)) => {}
                    },
                    Ok(Ok(Health { .. })) => return None,
                    // What answers may be a gateway that waits for the server itself.
                    Ok(Err(_)) | Err(_) => {}
                }
                sleep(pauses.next()).await;
            }
        };
        match tokio::time::timeout(TO_BE_BACK, answered).await {
            Ok(Some(answered)) => answered,
            Ok(None) | Err(_) => Err(perhaps_done(lost)),
        }
    }
}

/// Why there is no answer to a call, or none that was wished for.
pub(super) enum Failure {
    /// The server says so.
    Answered(ApiError),
    /// It has not come to any server.
    Unsent(ApiError),
    /// What has come of it is not known.
    Unknown(ApiError),
}

impl Failure {
    pub(super) fn into_error(self) -> ApiError {
        match self {
            Self::Answered(error) | Self::Unsent(error) | Self::Unknown(error) => error,
        }
    }

    /// As the caller is told.
    pub(super) fn told(self, call: &Call) -> ApiError {
        match self {
            Self::Unknown(error) if call.changes => perhaps_done(error),
            failure => failure.into_error(),
        }
    }
}

/// Of a request that may have come there, and whose answer has not come here.
fn perhaps_done(error: ApiError) -> ApiError {
    match error {
        ApiError::Unavailable { reason } => ApiError::Unavailable {
            reason: format!("{reason}; whether it was done is not known, so look before you try it again"),
        },
        error => error,
    }
}
