//! What every request passes first: who calls is found out and checked before a body is read, and what tonic itself
//! refuses gets the error body that every refusal has.

use crate::MAX_REQUEST_BYTES;
use crate::connection::Peer;
use crate::status::{ERROR_BODY, to_status};
use futures::future::BoxFuture;
use http::{HeaderMap, Request, Response, header};
use solti_api::ApiError;
use solti_api::guard::{Auth, Caller, Place, PresentedToken};
use std::sync::Arc;
use std::task::{Context, Poll};
use tonic::body::Body;
use tonic::transport::server::TlsConnectInfo;
use tonic::{Code, Status};
use tower::{Layer, Service};

/// The health service tells nothing of tasks: probes carry no token.
const OPEN_PATHS: &str = "/grpc.health.v1.Health/";

#[derive(Clone)]
pub(crate) struct GateLayer {
    pub auth: Option<Arc<Auth>>,
}

impl<S> Layer<S> for GateLayer {
    type Service = Gate<S>;

    fn layer(&self, inner: S) -> Gate<S> {
        Gate { inner, auth: self.auth.clone() }
    }
}

#[derive(Clone)]
pub(crate) struct Gate<S> {
    inner: S,
    auth: Option<Arc<Auth>>,
}

impl<S> Service<Request<Body>> for Gate<S>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Self::Response, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let place = place(&request);
        let caller = Arc::new(caller(&request, place.as_deref()));
        if let Some(auth) = self.auth.as_ref().filter(|_| !request.uri().path().starts_with(OPEN_PATHS)) {
            if let Err(error) = auth.check(&caller) {
                return Box::pin(async move { Ok(to_status(&error).into_http()) });
            }
            if let Some(place) = place {
                place.admitted(&caller);
            }
        }
        let answer = caller.scope(self.inner.call(request));
        Box::pin(async move {
            let answer = answer.await?;
            Ok(refusal_of_tonic(answer.headers()).map_or(answer, |error| to_status(&error).into_http()))
        })
    }
}

/// The connection's, with or without TLS.
fn place(request: &Request<Body>) -> Option<Arc<Place>> {
    let extensions = request.extensions();
    let secured = || extensions.get::<TlsConnectInfo<Peer>>().map(TlsConnectInfo::get_ref);
    extensions.get::<Peer>().or_else(secured).map(|peer| Arc::clone(&peer.place))
}

fn caller(request: &Request<Body>, place: Option<&Place>) -> Caller {
    let token = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    // The scheme's name may be written in any case (RFC 9110, 11.1).
    let token = token
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    Caller {
        origin: place.map(Place::origin).unwrap_or_default(),
        token: token.map(|(_, token)| PresentedToken::new(token.trim())),
    }
}

/// A status that tonic made before the handler was asked: it has a code and no body.
fn refusal_of_tonic(headers: &HeaderMap) -> Option<ApiError> {
    if headers.contains_key(ERROR_BODY) {
        return None;
    }
    let status = Status::from_header_map(headers)?;
    let request = |message: &str| ApiError::invalid("request", message);
    match status.code() {
        // No handler answers so: the request was over the limit of its decoder.
        Code::OutOfRange => Some(ApiError::PayloadTooLarge { limit_bytes: MAX_REQUEST_BYTES as u64 }),
        Code::Internal | Code::InvalidArgument => Some(request(status.message())),
        _ => None,
    }
}
