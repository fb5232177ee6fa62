//! How another machine is reached, as one line of text: the one reading of it, for the settings and for the client.

use percent_encoding::percent_decode_str;
use std::fmt;
use url::{Host, ParseError, Url};

/// A machine's URL, taken apart; a port that it does not name is the usual one. An IPv6 address is in brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MachineUrl {
    /// This machine alone.
    Http {
        /// A name or an address.
        host: String,
        /// Where its server listens.
        port: u16,
    },
    /// Encrypted.
    Https {
        /// A name or an address.
        host: String,
        /// Where its server listens.
        port: u16,
    },
    /// Through a connection that ssh makes.
    Ssh {
        /// Who logs in; as ssh is set up when absent.
        user: Option<String>,
        /// A name or an address.
        host: String,
        /// Where its ssh server listens; as ssh is set up when absent.
        port: Option<u16>,
    },
}

impl fmt::Display for MachineUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http { host, port } => write!(f, "http://{host}:{port}"),
            Self::Https { host, port } => write!(f, "https://{host}:{port}"),
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

impl MachineUrl {
    /// Reads `https://host[:port]`, `http://` to this machine only, or `ssh://[user@]host[:port]`.
    ///
    /// # Errors
    /// What is wrong, to be put behind the URL or the name of its field.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const BEGINNING: &str = "must begin with https://, http:// or ssh://";
        let url = Url::parse(text).map_err(|error| match error {
            ParseError::RelativeUrlWithoutBase if text.trim().is_empty() => "must not be empty",
            ParseError::RelativeUrlWithoutBase => BEGINNING,
            _ => "is not a URL",
        })?;
        let host = url.host().filter(|host| host.to_string() != "").ok_or("names no host")?;
        if url.password().is_some() || (url.scheme() != "ssh" && !url.username().is_empty()) {
            return Err("must not hold a user or a password; the token has a field of its own");
        }
        if url.path().len() > 1 || url.query().is_some() || url.fragment().is_some() {
            return Err("must end after the host and port");
        }
        let local = match &host {
            Host::Domain(name) => *name == "localhost",
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
        let (name, port) = (host.to_string(), url.port());
        match url.scheme() {
            "https" => Ok(Self::Https { host: name, port: port.unwrap_or(443) }),
            "http" if local => Ok(Self::Http { host: name, port: port.unwrap_or(80) }),
            "http" => Err("must begin with https://, as the token would be read on the way"),
            "ssh" => {
                let host = match host {
                    Host::Domain(name) => word_for_ssh(name)?,
                    Host::Ipv4(_) | Host::Ipv6(_) => name,
                };
                let user =
                    Some(url.username()).filter(|user| !user.is_empty()).map(word_for_ssh).transpose()?;
                Ok(Self::Ssh { user, host, port })
            }
            _ => Err(BEGINNING),
        }
    }
}

/// A user's or a machine's name, which becomes a word of a command line. ssh hands them to a shell in some configurations
/// (`%h` and `%r` of a ProxyCommand), and takes one that begins with a dash for an option.
fn word_for_ssh(encoded: &str) -> Result<String, &'static str> {
    const LEGAL: &str = "may have A–Z, a–z, digits, '.', '_' and '-' in the names of its user and host, and none begins with '-'";
    let word = percent_decode_str(encoded).decode_utf8().map_err(|_| LEGAL)?;
    let legal = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if word.is_empty() || word.starts_with('-') || !word.chars().all(legal) {
        return Err(LEGAL);
    }
    Ok(word.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_for_ssh_are_decoded_and_then_few() {
        let read = |user: Option<&str>, host: &str, port| {
            Ok(MachineUrl::Ssh { user: user.map(Into::into), host: host.into(), port })
        };
        assert_eq!(MachineUrl::parse("ssh://box"), read(None, "box", None));
        assert_eq!(
            MachineUrl::parse("ssh://m%65@b%6Fx.example_1:22"),
            read(Some("me"), "box.example_1", Some(22))
        );
        assert_eq!(MachineUrl::parse("ssh://me@[::1]:22"), read(Some("me"), "[::1]", Some(22)));
        for bad in [
            "",
            "box",
            "http://box",
            "ftp://box",
            "https://box/api",
            "https://me@box",
            "ssh://-oProxyCommand=x",
            "ssh://%2DoProxyCommand=x",
            "ssh://-l@box",
            "ssh://%2dl@box",
            "ssh://$(id)@box",
            "ssh://%24%28id%29@box",
            "ssh://me;id@box",
            "ssh://me%0aid@box",
            "ssh://me@box;id",
            "ssh://me@b%60id%60",
            "ssh://me@b%20ox",
            "ssh://me@box%00",
            "ssh://me@b%ffx",
            "ssh://me@b'x",
            "ssh://me@b\u{f6}x",
            "ssh://me:secret@box",
            "ssh://me@box/path",
            "ssh://",
        ] {
            assert!(MachineUrl::parse(bad).is_err(), "{bad}");
        }
    }
}
