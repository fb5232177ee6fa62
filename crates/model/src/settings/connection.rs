//! Another machine, and how it is reached.

use crate::MachineUrl;
use crate::problems::Problems;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Another machine. Its token is kept apart from this document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Connection {
    /// What the person calls it.
    pub name: String,
    /// `https://…`, `http://` to this machine only, or `ssh://[user@]host[:port]`.
    pub url: String,
    /// Of the one certificate that is trusted there, SHA-256; without it the public authorities judge. For `https` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub fingerprint: Option<String>,
}

impl Connection {
    const LONGEST_NAME: usize = 64;

    pub(super) fn examine(&self, field: &str, problems: &mut Problems) {
        if self.name.trim().is_empty() {
            problems.refuse(format!("{field}.name"), "must not be empty");
        } else if self.name.len() > Self::LONGEST_NAME {
            problems.refuse(format!("{field}.name"), format!("must be at most {} bytes", Self::LONGEST_NAME));
        }
        if let Err(why) = MachineUrl::parse(&self.url) {
            problems.refuse(format!("{field}.url"), why);
        }
        if let Err(why) = self.check_fingerprint() {
            problems.refuse(format!("{field}.fingerprint"), why);
        }
    }

    fn check_fingerprint(&self) -> Result<(), &'static str> {
        let Some(text) = &self.fingerprint else { return Ok(()) };
        if !self.url.starts_with("https:") {
            return Err("is for https only, as it is that of a certificate");
        }
        let mut digits = text.chars().filter(|c| *c != ':' && !c.is_whitespace());
        let count = digits.clone().count();
        if count != 64 || !digits.all(|digit| digit.is_ascii_hexdigit()) {
            return Err("must be SHA-256: 32 pairs of hexadecimal digits");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::Settings;
    use crate::settings::refused;
    use serde_json::json;

    #[test]
    fn the_name_of_a_new_machine_is_one_line_that_can_be_typed() {
        let with = |name: &str| json!({"connections": [{"name": name, "url": "ssh://b"}]});
        for name in ["a\nb", " lead", "trail ", "a\tb", "\u{85}x"] {
            assert_eq!(refused(with(name)).field, "connections[0].name", "{name:?}");
        }
        for name in ["a b", "käse", "$(id)"] {
            assert!(Settings::default().patched(&with(name)).is_ok(), "{name:?}");
        }
        let (stored, strange) = Settings::from_stored(&with("a\nb"));
        assert_eq!((stored.connections.len(), strange), (1, vec![]), "one that is there stays");
    }

    #[test]
    fn no_new_machine_is_called_as_this_one_is_in_a_lane() {
        let with = |name: &str| json!({"connections": [{"name": "nas", "url": "ssh://nas"}, {"name": name, "url": "ssh://b"}]});
        for name in ["here", " here"] {
            assert_eq!(refused(with(name)).field, "connections[1].name");
        }
        let (stored, strange) = Settings::from_stored(&with("here"));
        assert_eq!((stored.connections.len(), strange), (2, vec![]));
        let patch = json!({"connections": [{"name": "here", "url": "ssh://c"}], "theme": "dark"});
        assert_eq!(
            stored.patched(&patch).map(|changed| changed.connections[0].url.clone()),
            Ok("ssh://c".into())
        );
    }

    #[test]
    fn a_machine_is_reached_without_its_token_on_the_wire_or_in_the_document() {
        let check = |url: &str| {
            Settings::default().patched(&json!({"connections": [{"name": "box", "url": url}]})).map(|_| ())
        };
        for good in
            ["https://box:7654", "http://127.0.0.1:7654", "http://[::1]:1", "ssh://box", "ssh://me@box:22"]
        {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in [
            "box",
            "http://box:7654",
            "https://user:secret@box",
            "https://box/?token=x",
            "https://box/api",
            "ssh://",
            "ssh://-oProxyCommand=x",
            "ssh://-l@box",
            "file:///etc/passwd",
            "ftp://box",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_pinned_certificate_is_one_of_https() {
        let print = "AB:".repeat(31) + "ab";
        let connected = |url: &str, fingerprint: &str| {
            let connection = json!({"name": "box", "url": url, "fingerprint": fingerprint});
            Settings::default().patched(&json!({ "connections": [connection] }))
        };
        let taken = connected("https://box:7654", &print).expect("legal");
        assert_eq!(taken.connections[0].fingerprint.as_deref(), Some(&*print));
        for (url, fingerprint) in [("ssh://box", &*print), ("https://box", "AB:CD"), ("https://box", "x")] {
            let refused = connected(url, fingerprint).expect_err("refused");
            assert_eq!(refused.first.field, "connections[0].fingerprint");
        }
    }
}
