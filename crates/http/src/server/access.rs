//! Who may ask anything at all: the Host that a caller names, the Origin that a browser adds, the token. Checked before
//! a body is read.

use crate::server::answer::Refusal;
use crate::wire::IDEMPOTENCY_KEY;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, header};
use solti_api::guard::{Auth, Caller, Place, PresentedToken};
use solti_api::{ApiError, with_request_key};
use solti_model::{FieldError, RequestKey};
use std::net::SocketAddr;
use std::sync::Arc;

/// Which names a listener answers to, and which tokens.
#[derive(Clone)]
pub struct Access {
    /// `None` on a Unix socket, where no browser can be and names mean nothing.
    hosts: Option<Arc<[String]>>,
    auth: Arc<Auth>,
}

/// The connection that a request came on; put into each of its requests by the listener. Without one, nobody is known.
#[derive(Clone, Default)]
pub(super) struct Peer(pub Option<Arc<Place>>);

/// Open to everybody who may connect: nothing about tasks is told here, and a browser cannot send a token with a page.
const OPEN: [&str; 4] = ["/health", "/api/v1/openapi.json", "/api/v1/docs", "/api/v1/docs.js"];

impl Access {
    /// For a Unix socket: no browser is there, so no name is looked at.
    pub fn by_socket(auth: Arc<Auth>) -> Self {
        Self { hosts: None, auth }
    }

    /// For a listener at `address`: its own address, the names of this machine to itself, and `allowed` (each with or
    /// without a port). A name that an attacker's DNS points here is not among them.
    pub fn by_network(auth: Arc<Auth>, address: SocketAddr, allowed: &[String]) -> Self {
        let port = address.port();
        let mut hosts =
            vec![format!("localhost:{port}"), format!("127.0.0.1:{port}"), format!("[::1]:{port}")];
        if !address.ip().is_unspecified() {
            hosts.push(address.to_string());
        }
        // Clients leave the port out that their scheme has anyway.
        if matches!(port, 80 | 443) {
            let without: Vec<String> = hosts
                .iter()
                .filter_map(|host| host.rsplit_once(':'))
                .map(|(name, _)| name.to_owned())
                .collect();
            hosts.extend(without);
        }
        for name in allowed {
            hosts.extend([name.to_ascii_lowercase(), format!("{}:{port}", name.to_ascii_lowercase())]);
        }
        Self { hosts: Some(hosts.into()), auth }
    }

    fn check(&self, request: &Request, peer: Option<&Place>) -> Result<Arc<Caller>, ApiError> {
        if let Some(hosts) = &self.hosts {
            let known = |host: &str| hosts.iter().any(|known| known.eq_ignore_ascii_case(host));
            let host = host(request).filter(|host| known(host)).ok_or_else(|| denied("this host name"))?;
            for origin in request.headers().get_all(header::ORIGIN) {
                // A page of this very server, whichever way it was reached.
                let own = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
                if !own.is_some_and(|(_, name)| name.eq_ignore_ascii_case(host)) {
                    return Err(denied("a page of another origin"));
                }
            }
        } else if request.headers().contains_key(header::ORIGIN) {
            return Err(denied("a page of a browser"));
        }
        let origin = peer.map(Place::origin).unwrap_or_default();
        let caller = Arc::new(Caller { origin, token: bearer(request.headers()) });
        if !OPEN.contains(&request.uri().path()) {
            self.auth.check(&caller)?;
            if let Some(place) = peer {
                place.admitted(&caller);
            }
        }
        Ok(caller)
    }
}

fn denied(what: &str) -> ApiError {
    ApiError::PermissionDenied { reason: what.into() }
}

/// The one Host of a request; a second one, or one that contradicts the request line, is none.
fn host(request: &Request) -> Option<&str> {
    let mut all = request.headers().get_all(header::HOST).iter();
    let host = all.next()?.to_str().ok()?;
    let agrees = request.uri().authority().is_none_or(|authority| authority.as_str() == host);
    (all.next().is_none() && agrees).then_some(host)
}

fn bearer(headers: &HeaderMap) -> Option<PresentedToken> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| PresentedToken::new(token.trim()))
}

/// By which the same is sent again, if it is.
fn request_key(headers: &HeaderMap) -> Result<Option<RequestKey>, FieldError> {
    let key = headers.get(IDEMPOTENCY_KEY).map(|key| RequestKey::new(key.to_str().unwrap_or_default()));
    key.transpose()
}

/// Lets a request in as called by whoever it is from, or answers in its place.
pub(super) async fn admit(State(access): State<Access>, request: Request, next: Next) -> Response {
    let Peer(peer) = request.extensions().get().cloned().unwrap_or_default();
    let mut response = match access.check(&request, peer.as_deref()) {
        Ok(caller) => match request_key(request.headers()) {
            Ok(key) => caller.scope(with_request_key(key, next.run(request))).await,
            Err(error) => Refusal::from(ApiError::from(error)).into_response(),
        },
        Err(error) => Refusal::from(error).into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    // A stranger has its answer, and others may have its place.
    if peer.is_some_and(|place| place.is_unknown()) {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use solti_api::guard::AccessToken;

    #[test]
    fn the_own_names_hold_without_the_port_where_clients_leave_it_out() {
        let dir = tempfile::tempdir().expect("temp dir");
        let auth = Arc::new(Auth::for_this_user(Arc::new(AccessToken::open(dir.path()).expect("made"))));
        let answers = |address: &str, host: &str| {
            let address = address.parse().expect("an address");
            let access = Access::by_network(Arc::clone(&auth), address, &["build.example.org".into()]);
            let request = Request::builder().uri("/health").header(header::HOST, host);
            access.check(&request.body(axum::body::Body::empty()).expect("a request"), None).is_ok()
        };
        for address in ["192.0.2.1:80", "192.0.2.1:443"] {
            for host in ["192.0.2.1", "localhost", "127.0.0.1", "[::1]", "build.example.org"] {
                assert!(answers(address, host), "{host} at {address}");
            }
            assert!(!answers(address, "192.0.2.2") && !answers(address, "evil.example"));
        }
        assert!(
            answers("[2001:db8::1]:443", "[2001:db8::1]")
                && answers("[2001:db8::1]:443", "[2001:db8::1]:443")
        );
        assert!(answers("192.0.2.1:7654", "192.0.2.1:7654") && !answers("192.0.2.1:7654", "192.0.2.1"));
    }
}
