//! What a request carries, read strictly: an unknown field or parameter is an error that names it.

use crate::server::access::Peer;
use crate::server::answer::Refusal;
use axum::extract::{FromRequest, FromRequestParts, Request};
use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use serde_json::Value;
use solti_api::ApiError;
use solti_api::operations::Operation;
use solti_model::{FieldError, TaskId, TaskSpec, examine_spec, misfit, read_whole, too_large};
use std::time::Duration;

/// Of a request, either way.
pub(super) const MAX_BODY: u64 = 4 * 1024 * 1024;
/// For a whole body to arrive.
const BODY_TIME: Duration = Duration::from_secs(60);
/// Without a byte of it.
const BODY_PAUSE: Duration = Duration::from_secs(10);

pub(super) fn invalid(field: impl Into<String>, message: impl Into<String>) -> Refusal {
    ApiError::invalid(field, message).into()
}

fn bad_field(error: FieldError) -> Refusal {
    ApiError::from(error).into()
}

/// The parts of the path that the route names, percent-decoded.
async fn path_parts(parts: &mut Parts) -> Result<Vec<(String, String)>, Refusal> {
    axum::extract::Path::from_request_parts(parts, &())
        .await
        .map(|axum::extract::Path(named)| named)
        .map_err(|error| invalid("path", error.body_text()))
}

fn part<'a>(named: &'a [(String, String)], name: &str) -> &'a str {
    named.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
}

/// `{id}` of the path.
pub(super) struct Id(pub TaskId);

impl<S: Sync> FromRequestParts<S> for Id {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        TaskId::new(part(&path_parts(parts).await?, "id")).map(Self).map_err(bad_field)
    }
}

/// Digits only, and a number that fits.
pub(super) fn number(field: &str, text: &str) -> Result<u64, Refusal> {
    let digits = Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    digits
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| invalid(field, "must be a whole number, 0 or more"))
}

/// The parameters of a query, each taken out by name; what is left over is an error.
pub(super) struct Query(Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        axum::extract::Query::try_from_uri(&parts.uri)
            .map(|axum::extract::Query(named)| Self(named))
            .map_err(|error| invalid("query", error.body_text()))
    }
}

impl Query {
    pub(super) fn all(&mut self, name: &str) -> Vec<String> {
        self.0.extract_if(.., |(key, _)| key == name).map(|(_, value)| value).collect()
    }

    pub(super) fn one(&mut self, name: &str) -> Result<Option<String>, Refusal> {
        let mut values = self.all(name);
        match values.len() {
            0 | 1 => Ok(values.pop()),
            _ => Err(invalid(name, "is given more than once")),
        }
    }

    pub(super) fn number(&mut self, name: &str) -> Result<Option<u64>, Refusal> {
        self.one(name)?.map(|text| number(name, &text)).transpose()
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, name: &str) -> Result<Option<bool>, Refusal> {
        let word = self.one(name)?;
        word.map(|word| word.parse().map_err(|_| invalid(name, "must be true or false"))).transpose()
    }

    /// A count that is clamped anyway: one that is beyond `u32` is as good as the greatest.
    pub(super) fn clamped(&mut self, name: &str) -> Result<Option<u32>, Refusal> {
        Ok(self.number(name)?.map(|number| u32::try_from(number).unwrap_or(u32::MAX)))
    }

    pub(super) fn done(self) -> Result<(), Refusal> {
        match self.0.first() {
            Some((name, _)) => Err(invalid(name, "is not a parameter of this route")),
            None => Ok(()),
        }
    }
}

/// The whole body, within its limits of size and time.
async fn body(request: Request) -> Result<Bytes, Refusal> {
    let too_large = || Refusal::from(ApiError::PayloadTooLarge { limit_bytes: MAX_BODY });
    let Peer(peer) = request.extensions().get().cloned().unwrap_or_default();
    let body = request.into_body();
    // Said at once when the length is told beforehand.
    if http_body::Body::size_hint(&body).lower() > MAX_BODY {
        return Err(too_large());
    }
    let whole = collected(Limited::new(body, MAX_BODY as usize), || {
        if let Some(place) = &peer {
            place.waits_for_caller();
        }
    });
    let whole = tokio::time::timeout(BODY_TIME, whole).await;
    if let Some(place) = &peer {
        place.is_waited_for();
    }
    match whole {
        Ok(Some(Ok(whole))) => Ok(whole),
        Ok(Some(Err(error))) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Some(Err(error))) => Err(invalid("body", format!("cannot be read: {error}"))),
        Ok(None) | Err(_) => Err(invalid("body", "took too long to arrive")),
    }
}

/// All of a body; `None` when nothing of it comes for too long. `waits` is called before each wait for more.
async fn collected<B: http_body::Body<Data = Bytes> + Unpin>(
    mut body: B,
    waits: impl Fn(),
) -> Option<Result<Bytes, B::Error>> {
    let mut whole = BytesMut::new();
    loop {
        waits();
        match tokio::time::timeout(BODY_PAUSE, body.frame()).await.ok()? {
            None => return Some(Ok(whole.freeze())),
            Some(Err(error)) => return Some(Err(error)),
            Some(Ok(frame)) => whole.extend_from_slice(frame.data_ref().map_or(&[], |data| data)),
        }
    }
}

fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    // serde takes a list for a struct too, by the order of its fields, which is nobody's business.
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return Err(invalid("body", "must be an object"));
    }
    let no_json = |error: &serde_json::Error| invalid("body", format!("is not valid JSON: {error}"));
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let read: Result<T, _> = serde_path_to_error::deserialize(&mut reader);
    let value = match read {
        Ok(value) => value,
        // Where a text is no JSON there is no field either.
        Err(error) if !error.inner().is_data() => return Err(no_json(error.inner())),
        Err(error) => {
            let document = serde_json::from_slice(bytes).map_err(|error| no_json(&error))?;
            let told = read_whole::<T>(document, "body").err().map(ApiError::from);
            // A field that is given twice is in the text alone.
            let of_text = || {
                let (field, message) = misfit(error.path(), &error.inner().to_string());
                ApiError::invalid(field.unwrap_or_else(|| "body".into()), message)
            };
            return Err(told.unwrap_or_else(of_text).into());
        }
    };
    reader.end().map_err(|error| no_json(&error))?;
    Ok(value)
}

/// The same, with every number within what the OpenAPI document says of all that have no closer bound.
fn bounded_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    let value = json(bytes)?;
    // Few have one of so many digits.
    let has_long = bytes.split(|byte| !byte.is_ascii_digit()).any(|digits| digits.len() > 15);
    let document: Option<Value> = if has_long { serde_json::from_slice(bytes).ok() } else { None };
    // The rules of a spec are closer, and told with all else that is wrong with it.
    let of_spec = |field: &str| field.split('.').any(|part| part == "spec");
    match document.as_ref().and_then(too_large).filter(|error| !of_spec(&error.field)) {
        Some(error) => Err(bad_field(error)),
        None => Ok(value),
    }
}

/// An operation. One that needs no field needs no body.
pub(super) struct OperationBody<O>(pub O);

impl<S: Sync, O: Operation> FromRequest<S> for OperationBody<O> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let body = body(request).await?;
        let fields: &[u8] = if body.is_empty() { b"{}" } else { &body };
        bounded_json(fields).map(Self)
    }
}

/// Any JSON.
pub(super) struct JsonBody<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        bounded_json(&body(request).await?).map(Self)
    }
}

/// `{"spec":{…}}`, by the one validator.
pub(super) struct Spec(pub TaskSpec);

impl<S: Sync> FromRequest<S> for Spec {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let mut members: serde_json::Map<String, Value> = json(&body(request).await?)?;
        let Some(spec) = members.remove("spec") else { return Err(invalid("spec", "is missing")) };
        if let Some(name) = members.keys().next() {
            return Err(invalid(name, "is not known here; only \"spec\" is"));
        }
        examine_spec(spec).map(Self).map_err(|errors| ApiError::from(errors).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use futures::StreamExt as _;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test(start_paused = true)]
    async fn a_body_may_come_slowly_but_not_stand_still() {
        let bytes_every = |pause: Duration, most: usize| {
            let steps = futures::stream::repeat(Bytes::from_static(b"{")).take(most);
            let steps = steps.then(move |byte| async move {
                tokio::time::sleep(pause).await;
                Ok::<_, std::io::Error>(byte)
            });
            Body::from_stream(steps.boxed())
        };
        let waits = AtomicU32::new(0);
        let count = || {
            waits.fetch_add(1, Ordering::Relaxed);
        };
        let whole = collected(bytes_every(BODY_PAUSE * 9 / 10, 3), count).await;
        assert_eq!(whole.expect("in time").expect("read"), "{{{");
        assert_eq!(waits.into_inner(), 4, "before each of its parts, and the end");

        let began = tokio::time::Instant::now();
        assert!(collected(bytes_every(BODY_PAUSE * 2, 3), || {}).await.is_none());
        assert_eq!(began.elapsed(), BODY_PAUSE);
        // However little comes each time.
        let request = Request::new(bytes_every(BODY_PAUSE / 2, usize::MAX));
        assert!(body(request).await.is_err());
        assert!(began.elapsed() < BODY_PAUSE + BODY_TIME * 2);
    }
}
