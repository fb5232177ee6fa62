//! The fingerprint of a certificate: what a server shows and a client pins.

use crate::HttpError;
use rustls::pki_types::CertificateDer;
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::str::FromStr;

/// SHA-256. Shown as people compare it: upper-case pairs between colons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fingerprint([u8; 32]);

impl Fingerprint {
    pub(crate) fn of(certificate: &CertificateDer<'_>) -> Self {
        Self(Sha256::digest(certificate).into())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, byte) in self.0.iter().enumerate() {
            write!(f, "{}{byte:02X}", if n == 0 { "" } else { ":" })?;
        }
        Ok(())
    }
}

impl FromStr for Fingerprint {
    type Err = HttpError;

    fn from_str(text: &str) -> Result<Self, HttpError> {
        let bad = || HttpError::Fingerprint { text: text.to_owned() };
        let digits: Vec<u32> = text
            .chars()
            .filter(|c| *c != ':' && !c.is_whitespace())
            .map(|c| c.to_digit(16))
            .collect::<Option<_>>()
            .ok_or_else(bad)?;
        let pairs = digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte * 16 + *digit as u8));
        let bytes =
            pairs.collect::<Vec<_>>().try_into().ok().filter(|_| digits.len() == 64).ok_or_else(bad)?;
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_reads_back_with_and_without_colons() {
        let shown = Fingerprint::of(&CertificateDer::from(b"abc".to_vec())).to_string();
        assert!(shown.starts_with("BA:78:16:BF") && shown.len() == 95, "{shown}");
        for text in [shown.clone(), shown.replace(':', "").to_lowercase()] {
            assert_eq!(text.parse::<Fingerprint>().expect("reads").to_string(), shown);
        }
        for bad in ["", "BA:78", &format!("{shown}:00"), &shown.replace('B', "G")] {
            assert!(bad.parse::<Fingerprint>().is_err(), "{bad}");
        }
    }
}
