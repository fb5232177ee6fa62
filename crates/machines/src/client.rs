//! The client of a connection.

use solti_http::{ClientOptions, Endpoint, HttpClient, HttpError, Trust};
use solti_model::Connection;

pub(crate) fn client(connection: &Connection, token: Option<String>) -> Result<HttpClient, HttpError> {
    let trust = connection.fingerprint.clone().map_or(Trust::PublicAuthorities, Trust::Fingerprint);
    let endpoint: Endpoint = connection.url.parse()?;
    HttpClient::new(ClientOptions { token, trust, ..ClientOptions::new(endpoint) })
}
