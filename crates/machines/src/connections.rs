//! Adding, changing, trying and removing a connection. What is a legal one is `solti-model`'s; here its token is kept beside
//! it, and errors name the field that a person filled in: `name`, `url`, `token`, `fingerprint`.

use crate::client::client;
use crate::machines::Machines;
use serde::Serialize;
use serde_json::json;
use solti_api::operations::{GetSummary, Operations as _};
use solti_api::{ApiError, in_full};
use solti_http::{HttpError, ServerCertificate};
use solti_model::{Connection, FieldError, Settings, SpecErrors, TaskPhase};
use std::iter;
use ts_rs::TS;

/// What trying a connection has shown.
#[derive(Debug, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "outcome", rename_all = "camelCase")]
pub enum ConnectionTest {
    /// It answers, takes the token, and has so many tasks running.
    #[allow(missing_docs, reason = "the variant says what its field holds")]
    Reached {
        #[ts(type = "number")]
        running: u64,
    },
    /// Somebody answers with a certificate that neither an authority nor this person has vouched for. Nothing was sent.
    /// `fingerprint` is the SHA-256 of what it has shown.
    #[allow(missing_docs, reason = "the variant says what its field holds")]
    UnknownCertificate { fingerprint: String },
}

fn refused(field: &str, message: impl Into<String>) -> ApiError {
    ApiError::invalid(field, message)
}

/// `connections[3].url` is the `url` of the form.
fn beside_its_field(error: ApiError) -> ApiError {
    let inner = |field: String| field.rsplit('.').next().unwrap_or_default().to_owned();
    match error {
        ApiError::InvalidRequest { field, message, others } => ApiError::InvalidRequest {
            field: inner(field),
            message,
            others: others
                .into_iter()
                .map(|FieldError { field, message }| FieldError::new(inner(field), message))
                .collect(),
        },
        other => other,
    }
}

/// The token as it is sent, where one was given; else all that is wrong with it and with its connection.
fn examined(
    legal: Result<Settings, SpecErrors>,
    token: Option<&str>,
) -> Result<Option<Option<String>>, ApiError> {
    let token = token.map(checked).transpose();
    let broken = legal.err().into_iter().flat_map(|errors| iter::once(errors.first).chain(errors.others));
    match SpecErrors::of(broken.chain(token.clone().err()).collect()) {
        Some(errors) => Err(beside_its_field(errors.into())),
        None => Ok(token?),
    }
}

/// A token as it is sent; an empty one is none.
fn checked(token: &str) -> Result<Option<String>, FieldError> {
    let token = token.trim();
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(FieldError::new("token", "must be of A–Z, a–z, digits and signs, without spaces"));
    }
    Ok((!token.is_empty()).then(|| token.to_owned()))
}

/// The same certificate, however its fingerprint is written.
fn same(a: &str, b: &str) -> bool {
    let digits = |text: &str| -> String {
        text.chars().filter(char::is_ascii_hexdigit).map(|digit| digit.to_ascii_lowercase()).collect()
    };
    digits(a) == digits(b)
}

impl Machines {
    /// Adds a connection, or changes the one of that name. Without a `token` the kept one stays, as long as the URL does; an
    /// empty one is forgotten.
    ///
    /// # Errors
    /// `InvalidRequest` with the field. Nothing is changed then.
    pub async fn save(
        &self,
        mut connection: Connection,
        token: Option<&str>,
        new: bool,
    ) -> Result<(), ApiError> {
        let _one = self.saving.lock().await;
        let mut connections = self.settings.settings().connections;
        if connections.iter().all(|one| one.name != connection.name) {
            connection.name = connection.name.trim().to_owned();
        }
        match connections.iter_mut().find(|one| one.name == connection.name) {
            Some(_) if new => return Err(refused("name", "is the name of another machine already")),
            Some(one) => one.clone_from(&connection),
            None => connections.push(connection.clone()),
        }
        let patch = json!({ "connections": connections });
        let token = examined(self.settings.settings().patched(&patch), token)?;
        let kept = |error: std::io::Error| ApiError::internal(&error);
        let before = self.tokens.of(&connection).map_err(kept)?;
        if let Some(token) = &token {
            self.tokens.set(&connection, token.clone()).map_err(kept)?;
        }
        if let Err(error) = self.settings.set_settings(patch).await {
            self.tokens.set(&connection, before).map_err(kept)?;
            return Err(beside_its_field(error));
        }
        if token.is_some() {
            let mut table = self.table();
            self.renew(&mut table, &connection.name);
        }
        self.settle();
        Ok(())
    }

    /// Removes a connection and its token. `Ok` also when there is none of that name.
    ///
    /// # Errors
    /// `Unavailable` while nothing can be stored; it stays then.
    pub async fn remove(&self, name: &str) -> Result<(), ApiError> {
        let _one = self.saving.lock().await;
        let mut connections = self.settings.settings().connections;
        connections.retain(|connection| connection.name != name);
        self.settings.set_settings(json!({ "connections": connections })).await?;
        self.settle();
        Ok(())
    }

    /// Tries a connection that need not be kept. Without a `token`, with the kept one.
    ///
    /// # Errors
    /// `InvalidRequest` with the field that is wrong; `Unavailable` with a sentence when it cannot be reached.
    pub async fn test(
        &self,
        connection: &Connection,
        token: Option<&str>,
    ) -> Result<ConnectionTest, ApiError> {
        let legal = self.settings.settings().patched(&json!({ "connections": [connection] }));
        let token = match examined(legal, token)? {
            Some(token) => token,
            None => self.tokens.of(connection).map_err(|error| ApiError::internal(&error))?,
        };
        let endpoint = connection.url.parse().map_err(|error: HttpError| refused("url", in_full(&error)))?;
        // Before the token is sent.
        let shown = ServerCertificate::of(&endpoint).await;
        let shown = shown.map_err(|error| ApiError::Unavailable { reason: in_full(&error) })?;
        match (shown, &connection.fingerprint) {
            (Some(shown), Some(trusted)) if !same(&shown.fingerprint, trusted) => {
                let message = format!("is not that of the certificate there, which is {}", shown.fingerprint);
                return Err(refused("fingerprint", message));
            }
            (Some(ServerCertificate { fingerprint, vouched: false }), None) => {
                return Ok(ConnectionTest::UnknownCertificate { fingerprint });
            }
            _ => {}
        }
        let given = token.is_some();
        let client = client(connection, token).map_err(|error| refused("url", in_full(&error)))?;
        match client.ask(GetSummary {}).await {
            Ok(summary) => {
                let running = summary.by_phase.get(&TaskPhase::Running).copied().unwrap_or(0);
                Ok(ConnectionTest::Reached { running })
            }
            Err(ApiError::Unauthenticated) if given => Err(refused("token", "is not taken there")),
            Err(ApiError::Unauthenticated) => Err(refused("token", "is required there")),
            Err(ApiError::PermissionDenied { reason }) => {
                Err(refused("url", format!("is refused: {reason}")))
            }
            Err(other) => Err(other),
        }
    }
}
