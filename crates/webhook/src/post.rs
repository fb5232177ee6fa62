//! The request: a connection of its own, over TLS where the address says so, and the beginning of the answer.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

/// For the whole of a call.
pub const PATIENCE: Duration = Duration::from_secs(15);
/// Of an answer's text, so much is read, in bytes.
const ANSWER: usize = 4 * 1024;

/// What is posted.
#[derive(Debug, Clone)]
pub struct Post<'a> {
    /// `http` or `https`.
    pub url: &'a str,
    /// Beside those that every request has.
    pub headers: Vec<(&'static str, String)>,
    /// JSON.
    pub body: String,
}

/// What the other end says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// The beginning of its text.
    pub text: String,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// The address is none that can be posted to.
    #[error("cannot call this address: {0}")]
    Address(String),
    /// No connection could be made.
    #[error("{host} cannot be reached: {source}")]
    Connect {
        /// Of the address.
        host: String,
        /// Why not.
        source: io::Error,
    },
    /// The connection broke, or what came was no HTTP.
    #[error("{host} did not answer properly: {source}")]
    Http {
        /// Of the address.
        host: String,
        /// Why not.
        source: hyper::Error,
    },
    /// It took too long.
    #[error("{host} did not answer within {} s", PATIENCE.as_secs())]
    Late {
        /// Of the address.
        host: String,
    },
}

/// Posts once, and reads the beginning of the answer, whatever its status.
///
/// # Errors
/// When there is no answer.
pub async fn post(post: Post<'_>) -> Result<Answer, PostError> {
    let url = Url::parse(post.url).map_err(|error| PostError::Address(error.to_string()))?;
    let Some(host) = url.host().map(|host| host.to_owned()) else {
        return Err(PostError::Address("it names no host".into()));
    };
    let words = host.to_string();
    match tokio::time::timeout(PATIENCE, send(post, &url, host)).await {
        Ok(answer) => answer,
        Err(_) => Err(PostError::Late { host: words }),
    }
}

async fn send(post: Post<'_>, url: &Url, host: Host) -> Result<Answer, PostError> {
    let unreached = |source| PostError::Connect { host: host.to_string(), source };
    let port = url.port_or_known_default().unwrap_or(80);
    let stream = match &host {
        Host::Domain(name) => TcpStream::connect((name.as_str(), port)).await,
        Host::Ipv4(address) => TcpStream::connect((*address, port)).await,
        Host::Ipv6(address) => TcpStream::connect((*address, port)).await,
    };
    let stream = stream.map_err(unreached)?;
    match url.scheme() {
        "http" => exchange(post, url, &host, stream).await,
        "https" => {
            let name = match &host {
                Host::Domain(name) => ServerName::try_from(name.clone()).map_err(io::Error::other),
                Host::Ipv4(address) => Ok(ServerName::from(std::net::IpAddr::from(*address))),
                Host::Ipv6(address) => Ok(ServerName::from(std::net::IpAddr::from(*address))),
            };
            let connector = TlsConnector::from(config().map_err(|error| unreached(io::Error::other(error)))?);
            let stream = connector.connect(name.map_err(unreached)?, stream).await.map_err(unreached)?;
            exchange(post, url, &host, stream).await
        }
        other => Err(PostError::Address(format!("{other} is not http or https"))),
    }
}

fn config() -> Result<Arc<ClientConfig>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

async fn exchange(
    post: Post<'_>,
    url: &Url,
    host: &Host,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> Result<Answer, PostError> {
    let broken = |source| PostError::Http { host: host.to_string(), source };
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let connection = tokio::spawn(connection);
    let answered = sender.send_request(request(post, url)?).await;
    let answer = match answered {
        Ok(answer) => answer,
        Err(error) => {
            connection.abort();
            return Err(broken(error));
        }
    };
    let status: StatusCode = answer.status();
    // Of an answer that is too long or breaks off, the status is what counts.
    let text = Limited::new(answer.into_body(), ANSWER).collect().await;
    connection.abort();
    let text = text.map(|text| String::from_utf8_lossy(&text.to_bytes()).into_owned()).unwrap_or_default();
    Ok(Answer { status: status.as_u16(), text })
}

fn request(post: Post<'_>, url: &Url) -> Result<Request<Full<Bytes>>, PostError> {
    let wrong = |error: &dyn std::fmt::Display| PostError::Address(error.to_string());
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let authority = match url.port() {
        Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
        None => url.host_str().unwrap_or_default().to_owned(),
    };
    let mut request = Request::post(path)
        .header(header::HOST, authority)
        .header(header::USER_AGENT, concat!("solti/", env!("CARGO_PKG_VERSION")))
        .header(header::CONTENT_TYPE, "application/json");
    for (name, value) in post.headers {
        let value = HeaderValue::try_from(value).map_err(|error| wrong(&error))?;
        request = request.header(HeaderName::from_static(name), value);
    }
    request.body(Full::new(post.body.into())).map_err(|error| wrong(&error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    /// What one caller sent, and what it was answered.
    async fn exchanged(answer: &'static str) -> (String, Result<Answer, PostError>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/in?x=1", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut heard = Vec::new();
            while !heard.ends_with(b"{\"a\":1}") {
                let mut part = [0; 1024];
                let read = stream.read(&mut part).await.unwrap();
                heard.extend_from_slice(&part[..read]);
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
            String::from_utf8(heard).unwrap()
        });
        let headers = vec![("solti-delivery", "7".to_owned())];
        let answer = post(Post { url: &url, headers, body: "{\"a\":1}".into() }).await;
        (server.await.unwrap(), answer)
    }

    #[tokio::test]
    async fn a_post_says_what_it_is_told_and_hears_the_answer() {
        let (heard, answer) = exchanged("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
        assert!(heard.starts_with("POST /in?x=1 HTTP/1.1\r\n"), "{heard}");
        assert!(heard.contains("solti-delivery: 7\r\n"), "{heard}");
        assert_eq!(answer.unwrap(), Answer { status: 200, text: "ok".into() });
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer_and_not_followed() {
        let (_, answer) =
            exchanged("HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n")
                .await;
        assert_eq!(answer.unwrap().status, 302);
    }

    #[tokio::test]
    async fn what_is_no_answer_is_an_error_that_names_the_host() {
        let (_, answer) = exchanged("220 mail.example ESMTP\r\n").await;
        assert!(answer.unwrap_err().to_string().starts_with("127.0.0.1 did not answer properly"));
        let refused = post(Post { url: "http://127.0.0.1:1/", headers: vec![], body: String::new() }).await;
        assert!(matches!(refused, Err(PostError::Connect { .. })), "{refused:?}");
    }
}
