//! The client: a handler at the other end of a connection, which is this machine's socket, another machine, or a program
//! that reaches one.
//!
//! Requests are answered or fail with `Unavailable`; streams outlive a broken connection and go on where they were.

mod again;
mod certificate;
mod connect;
mod endpoint;
mod events;
mod follow;
mod greeting;
mod handler;
mod heard;
mod operations;
mod owned;
mod trust;

pub use certificate::ServerCertificate;
pub use endpoint::Endpoint;
pub use owned::ServedSettings;
pub use trust::Trust;

use crate::HttpError;
use crate::client::again::Failure;
use crate::client::connect::Connector;
use crate::client::follow::Call;
use crate::client::heard::LastHeard;
use crate::wire::IDEMPOTENCY_KEY;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde::de::DeserializeOwned;
use solti_api::ApiError;
use solti_model::MachineUrl;
use std::borrow::Cow;
use std::error::Error;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

/// For an answer; streams take as long as they take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Of an answer. Far more than any of the server's, far less than what a wrong server could send.
const MAX_ANSWER: usize = 256 * 1024 * 1024;
/// Less than the server keeps an idle connection.
const IDLE: Duration = Duration::from_secs(10);
/// Before a request that the server has not read is sent again.
const PAUSE: Duration = Duration::from_millis(50);

/// Where the server is and how it is known.
#[derive(Clone)]
pub struct ClientOptions {
    /// Where the server is.
    pub endpoint: Endpoint,
    /// Needed over the network.
    pub token: Option<String>,
    /// How the certificate of an `https` server is judged.
    pub trust: Trust,
    /// The program that `ssh://` runs.
    pub ssh: OsString,
    /// For so long a request that nobody has read, or that changes nothing, is sent again: another server may be taking the place of the
    /// one that ends. Of a Unix socket alone, where it is known that nobody has.
    pub handover: Duration,
}

impl ClientOptions {
    /// Without a token; an `https` server's certificate must be signed by a public authority.
    pub fn new(endpoint: Endpoint) -> Self {
        let ssh = "ssh".into();
        Self { endpoint, token: None, trust: Trust::PublicAuthorities, ssh, handover: Duration::ZERO }
    }
}

/// Whether the server was there when it was last needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reachability {
    /// Nothing was asked of it yet.
    Unknown,
    /// It answered.
    Reached,
    /// With one sentence for a person. Streams try again by themselves.
    Lost(String),
}

/// The contract and every operation of `solti-api`. Clones share their connections.
#[derive(Clone)]
pub struct HttpClient {
    shared: Arc<ClientState>,
}

type Sent = Result<Response<Incoming>, legacy::Error>;

struct ClientState {
    client: Client<Connector, Full<Bytes>>,
    connector: Connector,
    base: String,
    authorization: Option<String>,
    endpoint: Endpoint,
    handover: Duration,
    reachability: watch::Sender<Reachability>,
    heard: LastHeard,
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient").field("endpoint", &self.shared.endpoint).finish_non_exhaustive()
    }
}

impl HttpClient {
    /// Connects when it is first needed; then a tokio runtime with I/O and time must be there.
    ///
    /// # Errors
    /// When the certificates to trust cannot be read.
    pub fn new(options: ClientOptions) -> Result<Self, HttpError> {
        let base = options.endpoint.base();
        let connector = Connector::new(&options)?;
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(8)
            .build(connector.clone());
        let shared = ClientState {
            client,
            connector,
            base,
            authorization: options.token.map(|token| format!("Bearer {token}")),
            endpoint: options.endpoint,
            handover: options.handover,
            reachability: watch::Sender::new(Reachability::Unknown),
            heard: LastHeard::default(),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Changes whenever the connection is lost or found again.
    pub fn reachability(&self) -> watch::Receiver<Reachability> {
        self.shared.reachability.subscribe()
    }

    /// When anything last came from the server, in Unix milliseconds: an answer, an event, or the sign of life of a stream.
    pub fn heard(&self) -> Option<u64> {
        self.shared.heard.at()
    }

    fn note(&self, reachability: Reachability) {
        self.shared.reachability.send_if_modified(|current| {
            let news = *current != reachability;
            *current = reachability;
            news
        });
    }

    /// What did not come within [`PATIENCE`], in words that say what to do.
    async fn late(&self) -> ApiError {
        let waited = format!("no answer within {} s", PATIENCE.as_secs());
        let why = match &self.shared.endpoint {
            Endpoint::Machine(MachineUrl::Ssh { .. }) if !self.shared.connector.answered() => {
                let said = self.shared.connector.last_words().await;
                let said = said.map(|words| format!("; the last that came is: {words}")).unwrap_or_default();
                format!("{waited}{said}. `ssh` with this host in a terminal shows what it waits for")
            }
            _ => waited,
        };
        let reason = format!("{} cannot be reached: {why}", self.shared.endpoint);
        self.note(Reachability::Lost(reason.clone()));
        ApiError::Unavailable { reason }
    }

    async fn lost(&self, error: &(dyn std::error::Error + Send + Sync + 'static)) -> ApiError {
        let mut reason = format!("{} cannot be reached", self.shared.endpoint);
        // What ssh says of its end tells more than that a connection was closed.
        match self.shared.connector.last_words().await {
            Some(words) => reason = format!("{reason}: {words}"),
            None => {
                let mut cause: &dyn std::error::Error = error;
                while let Some(deeper) = cause.source() {
                    cause = deeper;
                }
                reason = match cause.downcast_ref::<io::Error>() {
                    // What the cause says of it is about chunks.
                    Some(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                        format!("{reason}: the connection ended within an answer")
                    }
                    None if speaks_no_http(error) => {
                        format!("{reason}: what answers there does not speak HTTP/1; is it another port?")
                    }
                    _ => format!("{reason}: {cause}"),
                };
            }
        }
        self.note(Reachability::Lost(reason.clone()));
        ApiError::Unavailable { reason }
    }

    async fn send(&self, call: &Call, last_event: Option<&[u8]>) -> Result<Response<Incoming>, ApiError> {
        let sent = self.sent_within(self.shared.handover, call, last_event).await;
        sent.map_err(|failure| failure.told(call))
    }

    /// Sends it, and again for so long where nobody has read it, or where nothing is changed by it.
    async fn sent_within(
        &self,
        handover: Duration,
        call: &Call,
        last_event: Option<&[u8]>,
    ) -> Result<Response<Incoming>, Failure> {
        let late = Instant::now() + handover;
        loop {
            let error = match self.sent(call, last_event).await? {
                Ok(response) => {
                    self.shared.heard.note();
                    self.note(Reachability::Reached);
                    return Ok(response);
                }
                Err(error) => error,
            };
            let unread = self.was_not_read(&error);
            let may_be_sent_again = unread || (self.is_unix() && !call.changes);
            if may_be_sent_again && Instant::now() < late {
                sleep(PAUSE).await;
                continue;
            }
            let was_unsent = error.is_connect() || unread && call.key.is_none() || speaks_no_http(&error);
            let error = self.lost(&error).await;
            return Err(if was_unsent { Failure::Unsent(error) } else { Failure::Unknown(error) });
        }
    }

    fn is_unix(&self) -> bool {
        matches!(self.shared.endpoint, Endpoint::Unix(_))
    }

    /// Whether no server can have acted on it. A Unix socket is reset where what was sent has not been read to its end.
    fn was_not_read(&self, error: &legacy::Error) -> bool {
        let mut causes = std::iter::successors(error.source(), |cause| (**cause).source());
        self.is_unix()
            && causes.any(|cause| {
                let io = cause.downcast_ref::<io::Error>().map(io::Error::kind);
                let canceled = cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_canceled);
                canceled
                    || matches!(
                        io,
                        Some(
                            io::ErrorKind::NotFound
                                | io::ErrorKind::ConnectionRefused
                                | io::ErrorKind::ConnectionReset
                                | io::ErrorKind::BrokenPipe
                        )
                    )
            })
    }

    /// What came of the request itself; an error where there is none, or no answer in time.
    async fn sent(
        &self,
        Call { method, path, body, key, .. }: &Call,
        last_event: Option<&[u8]>,
    ) -> Result<Sent, Failure> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.shared.base));
        if let Some(authorization) = &self.shared.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        if let Some(id) = last_event {
            request = request.header("last-event-id", id);
        }
        if let Some(key) = key {
            request = request.header(IDEMPOTENCY_KEY, key.as_str());
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let request = request.body(Full::new(body.clone().unwrap_or_default())).map_err(|error| {
            Failure::Answered(match &self.shared.authorization {
                // With a line break in it, for one.
                Some(token) if HeaderValue::from_str(token).is_err() => ApiError::Unauthenticated,
                _ => ApiError::invalid("request", error.to_string()),
            })
        })?;
        match tokio::time::timeout(PATIENCE, self.shared.client.request(request)).await {
            Ok(sent) => Ok(sent),
            Err(_) => Err(Failure::Unknown(self.late().await)),
        }
    }

    /// The whole of an answer; an error's body as the error that it was.
    async fn read(&self, response: Response<Incoming>) -> Result<Bytes, ApiError> {
        self.read_whole(response).await.map_err(Failure::into_error)
    }

    async fn read_whole(&self, response: Response<Incoming>) -> Result<Bytes, Failure> {
        let status = response.status();
        let body = Limited::new(response.into_body(), MAX_ANSWER).collect();
        let bytes = match tokio::time::timeout(PATIENCE, body).await {
            Ok(Ok(whole)) => {
                self.shared.heard.note();
                whole.to_bytes()
            }
            Ok(Err(error)) => return Err(Failure::Unknown(self.lost(&*error).await)),
            Err(_) => return Err(Failure::Unknown(self.late().await)),
        };
        if status.is_success() {
            return Ok(bytes);
        }
        Err(match serde_json::from_slice(&bytes) {
            Ok(error) => Failure::Answered(error),
            // Of a gateway, which does not know either.
            Err(_) if status.is_server_error() => Failure::Unknown(self.error(status, &bytes)),
            Err(_) => Failure::Answered(self.error(status, &bytes)),
        })
    }

    fn error(&self, status: StatusCode, body: &[u8]) -> ApiError {
        serde_json::from_slice(body).unwrap_or_else(|_| ApiError::Unavailable {
            reason: format!("{} answers {status}; is it Solti?", self.shared.endpoint),
        })
    }

    fn parse<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, ApiError> {
        serde_json::from_slice(bytes).map_err(|error| ApiError::Unavailable {
            reason: format!("{} answers what this version cannot read: {error}", self.shared.endpoint),
        })
    }

    async fn get<T: DeserializeOwned>(&self, path: impl Into<Cow<'static, str>>) -> Result<T, ApiError> {
        let response = self.send(&Call::get(path), None).await?;
        self.parse(&self.read(response).await?)
    }
}

/// It answers, in a language that is not HTTP/1: the port of gRPC does.
fn speaks_no_http(error: &(dyn Error + 'static)) -> bool {
    let root = std::iter::successors(Some(error), |cause| (**cause).source()).last();
    root.and_then(|root| root.downcast_ref::<hyper::Error>())
        .is_some_and(|error| error.is_parse() || error.to_string().contains("unexpected message"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Method;
    use serde_json::json;
    use solti_api::ApiHandler as _;
    use solti_api::operations::{GetSummary, Operations as _, RerunTask};
    use solti_model::{TaskId, TaskSpec};
    use std::sync::Mutex;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    #[tokio::test]
    async fn a_token_that_no_request_can_hold_is_one_that_is_not_taken() {
        let endpoint = "http://127.0.0.1:1".parse().expect("an address");
        let options = ClientOptions { token: Some("a\nb".to_owned()), ..ClientOptions::new(endpoint) };
        let asked = HttpClient::new(options).expect("no certificates are read").ask(GetSummary {}).await;
        assert!(matches!(asked, Err(ApiError::Unauthenticated)), "{asked:?}");
    }

    #[tokio::test]
    async fn what_may_have_been_done_is_told_from_what_was_not() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let endpoint = || format!("http://{address}").parse().expect("an address");
        // Takes each request, and answers none.
        let server = tokio::spawn(async move {
            loop {
                let Ok((mut stream, _)) = listener.accept().await else { return };
                let _read = stream.read(&mut [0; 4096]).await;
            }
        });
        let client = HttpClient::new(ClientOptions::new(endpoint())).expect("no certificates are read");
        let id = TaskId::new("01j").expect("an id");
        let said = async |call: Call| client.send(&call, None).await.expect_err("no answer").to_string();
        let delete = || Call::change(Method::DELETE, "/x", None::<Bytes>);
        assert!(said(delete()).await.contains("whether it was done is not known"));
        assert!(!said(Call::get("/x")).await.contains("whether it was done"));
        assert!(client.delete_task(&id).await.expect_err("no answer").to_string().contains("not known"));
        server.abort();
        server.await.ok();
        // Nobody is there any more.
        assert!(!said(delete()).await.contains("whether it was done"));
    }

    /// Answers each request by its first line, and with what it is to; notes the keys of what is submitted.
    async fn server(
        answers: impl Fn(&str, usize) -> Option<String> + Send + 'static,
    ) -> (Endpoint, Arc<Mutex<Vec<String>>>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let keys = Arc::new(Mutex::new(vec![]));
        let noted = Arc::clone(&keys);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut bytes = [0; 4096];
                let Ok(read) = stream.read(&mut bytes).await else { continue };
                let request = String::from_utf8_lossy(&bytes[..read]).into_owned();
                let key = request.lines().find_map(|line| line.strip_prefix("idempotency-key: "));
                noted.lock().expect("not poisoned").extend(key.map(str::to_owned));
                let nth = noted.lock().expect("not poisoned").len();
                if let Some(body) = answers(&request, nth) {
                    let head = format!(
                        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                        body.len()
                    );
                    stream.write_all(format!("{head}{body}").as_bytes()).await.ok();
                }
            }
        });
        (format!("http://{address}").parse().expect("an address"), keys)
    }

    fn spec() -> TaskSpec {
        let kind = json!({"subprocess": {"mode": {"command": {"command": "true"}}}});
        TaskSpec::new("s".parse().expect("legal"), serde_json::from_value(kind).expect("a kind"))
    }

    #[tokio::test]
    async fn what_makes_a_task_is_sent_again_by_its_key_where_its_answer_is_lost() {
        let health = json!({"status": "ok", "version": "1", "idempotencyKeys": true}).to_string();
        let (endpoint, keys) = server(move |request, nth| match request.starts_with("GET /health") {
            true => Some(health.clone()),
            // The first answer to each is lost.
            false if nth % 2 == 1 => None,
            false if request.starts_with("POST /api/v1/tasks ") => Some(r#"{"taskId":"t1"}"#.to_owned()),
            false => Some(r#""t1""#.to_owned()),
        })
        .await;
        let client = HttpClient::new(ClientOptions::new(endpoint)).expect("no certificates are read");
        let id = TaskId::new("t1").expect("an id");
        assert_eq!(client.submit_task(spec()).await.expect("taken"), id);
        assert_eq!(client.ask(RerunTask { id: id.clone() }).await.expect("taken"), id);
        let keys = keys.lock().expect("not poisoned").clone();
        assert!(
            keys.len() == 4 && keys[0] == keys[1] && keys[2] == keys[3] && keys[0] != keys[2],
            "{keys:?}"
        );
    }

    #[tokio::test]
    async fn a_server_that_knows_no_keys_is_sent_nothing_twice() {
        let health = json!({"status": "ok", "version": "1"}).to_string();
        let (endpoint, keys) =
            server(move |request, _| request.starts_with("GET /health").then(|| health.clone())).await;
        let client = HttpClient::new(ClientOptions::new(endpoint)).expect("no certificates are read");
        let refused = client.submit_task(spec()).await.expect_err("no answer").to_string();
        assert!(refused.contains("whether it was done is not known"), "{refused}");
        assert_eq!(keys.lock().expect("not poisoned").len(), 1);
    }
}
