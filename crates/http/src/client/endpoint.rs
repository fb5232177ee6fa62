//! Where a server is, as one line of text.

use crate::HttpError;
use solti_model::MachineUrl;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use url::Url;

/// `unix:///path`, or the URL of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// The socket at this path.
    Unix(PathBuf),
    /// Over the network, or through ssh to the Unix socket of a user on another machine.
    Machine(MachineUrl),
}

impl Endpoint {
    /// What the paths of requests come after.
    pub(super) fn base(&self) -> String {
        match self {
            // No name is looked up for these; the server does not look at it either.
            Self::Unix(_) | Self::Machine(MachineUrl::Ssh { .. }) => "http://solti".to_owned(),
            Self::Machine(url) => url.to_string(),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Machine(url) => url.fmt(f),
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
        MachineUrl::parse(text).map_err(bad).map(Self::Machine)
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
        for text in ["", "unix://host/path", "ssh://-oProxyCommand=evil"] {
            assert!(matches!(text.parse::<Endpoint>(), Err(HttpError::Url { .. })), "{text}");
        }
    }
}
