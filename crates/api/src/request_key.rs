//! The key of the call under way: a caller that has heard no answer sends the same again, and nothing is made twice.

use rand::Rng as _;
use solti_model::RequestKey;

tokio::task_local! {
    static KEY: Option<RequestKey>;
}

/// Does `work` as asked for under this key.
pub async fn with_request_key<F: Future>(key: Option<RequestKey>, work: F) -> F::Output {
    KEY.scope(key, work).await
}

/// The key of the call under way; none outside of [`with_request_key`].
#[must_use]
pub fn current_request_key() -> Option<RequestKey> {
    KEY.try_with(Clone::clone).ok().flatten()
}

/// One that no other request has.
#[must_use]
pub fn fresh_request_key() -> RequestKey {
    RequestKey::of_number(rand::rng().random())
}
