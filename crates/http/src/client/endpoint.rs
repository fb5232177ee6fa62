//! Where a server is, as one line of text.

use crate::HttpError;
use solti_model::MachineUrl;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use url::Url;

/// `unix:///path`, `http://127.0.0.1:7654` (this machine only), `https://host[:port]` or `ssh://[user@]host[:port]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// The socket at this path.
    Unix(PathBuf),
    /// Plain HTTP.
    Http {
        /// A name or an address of this machine to itself.
        host: String,
        /// 80 when the URL has none.
        port: u16,
    },
    /// TLS.
    Https {
        /// A name or an address; the certificate is for it.
        host: String,
        /// 443 when the URL has none.
        port: u16,
    },
    /// The Unix socket of a user on another machine, reached by the program `ssh`.
    Ssh {
        /// `None` leaves it to ssh.
        user: Option<String>,
        /// A name of ssh's configuration too.
        host: String,
        /// `None` leaves it to ssh.
        port: Option<u16>,
    },
}

impl Endpoint {
    /// What the paths of requests come after.
    pub(super) fn base(&self) -> String {
        match self {
            // No name is looked up for these; the server does not look at it either.
            Self::Unix(_) | Self::Ssh { .. } => "http://solti".to_owned(),
            Self::Http { host, port } => format!("http://{host}:{port}"),
            Self::Https { host, port } => format!("https://{host}:{port}"),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Http { .. } | Self::Https { .. } => f.write_str(&self.base()),
            Self::Ssh { user, host, port } => {
                f.write_str("ssh://")?;
                if let Some(user) = user {
                    write!(f, "{user}@")?;
                }
                f.write_str(host)?;
                port.map_or(Ok(()), |port| write!(f, ":{port}"))
            }
        }
    }
}

impl FromStr for Endpoint {
    type Err = HttpError;

    fn from_str(text: &str) -> Result<Self, HttpError> {
        let bad = |why: &'static str| HttpError::Url { url: text.to_owned(), why };
        if let Some(url) = Url::parse(text).ok().filter(|url| url.scheme() == "unix") {
            return unix_path(&url).ok_or_else(|| bad("names no absolute path")).map(Self::Unix);
        }
        Ok(match MachineUrl::parse(text).map_err(bad)? {
            MachineUrl::Http { host, port } => Self::Http { host, port },
            MachineUrl::Https { host, port } => Self::Https { host, port },
            MachineUrl::Ssh { user, host, port } => Self::Ssh { user, host, port },
        })
    }
}

/// The path of `unix:///path`, percent-decoded as that of a `file` URL is.
fn unix_path(url: &Url) -> Option<PathBuf> {
    let file = Url::parse(&format!("file://{}", url.path())).ok()?;
    file.to_file_path().ok().filter(|_| url.host_str().is_none_or(str::is_empty))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_reads_back_as_it_is_written() {
        for text in [
            "unix:///run/user/1000/solti.sock",
            "http://127.0.0.1:7654",
            "http://[::1]:80",
            "https://build.example.org:443",
            "ssh://build.example.org",
            "ssh://me@build.example.org:2222",
        ] {
            assert_eq!(text.parse::<Endpoint>().expect(text).to_string(), text);
        }
    }

    #[test]
    fn what_is_unsafe_or_makes_no_sense_is_refused() {
        for text in [
            "",
            "build.example.org",
            "http://build.example.org",
            "ftp://build.example.org",
            "https://build.example.org/api",
            "ssh://-oProxyCommand=evil",
            "ssh://-o@host",
            "ssh://%2Do@host",
            "ssh://me@host;id",
            "https://me@host",
            "ssh://me:secret@host",
            "unix://host/path",
        ] {
            assert!(matches!(text.parse::<Endpoint>(), Err(HttpError::Url { .. })), "{text}");
        }
    }
}
