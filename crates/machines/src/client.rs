//! The client of a connection.

use crate::tokens::Tokens;
use solti_api::{ApiError, in_full};
use solti_http::{ClientOptions, Endpoint, HttpClient, HttpError, Trust};
use solti_model::Connection;
use std::path::Path;

/// Why a machine cannot even be tried.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LinkError {
    #[error("its token cannot be read")]
    Token(#[source] std::io::Error),
    #[error(transparent)]
    Client(#[from] HttpError),
}

impl From<LinkError> for ApiError {
    fn from(error: LinkError) -> Self {
        Self::Unavailable { reason: in_full(&error) }
    }
}

pub(crate) fn client(connection: &Connection, token: Option<String>) -> Result<HttpClient, HttpError> {
    let trust = connection.fingerprint.clone().map_or(Trust::PublicAuthorities, Trust::Fingerprint);
    let endpoint: Endpoint = connection.url.parse()?;
    HttpClient::new(ClientOptions { token, trust, ..ClientOptions::new(endpoint) })
}

/// With the token that is kept.
pub(crate) fn with_kept(tokens: &Tokens, connection: &Connection) -> Result<HttpClient, LinkError> {
    let token = tokens.of(connection).map_err(LinkError::Token)?;
    Ok(client(connection, token)?)
}

/// The client of a connection, with the token that is kept for it in a data folder: for programs beside the one that holds that.
///
/// # Errors
/// `Unavailable` when it cannot even be tried.
pub fn client_of(data_dir: &Path, connection: &Connection) -> Result<HttpClient, ApiError> {
    Ok(with_kept(&Tokens::in_folder(data_dir), connection)?)
}
