//! What a caller names a request by that it may have to send again.

use crate::FieldError;
use std::fmt;

/// Letters that stand for themselves in a header; most keys are random numbers.
const MOST: usize = 64;

/// Two requests of one key are one: what the first has made is the answer to the second.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestKey(Box<str>);

impl RequestKey {
    /// # Errors
    /// What a key has to be.
    pub fn new(text: &str) -> Result<Self, FieldError> {
        let legal = (1..=MOST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        legal.then(|| Self(text.into())).ok_or_else(|| {
            let rule = format!("has to be 1 to {MOST} visible ASCII characters without blanks");
            FieldError::new("idempotency-key", rule)
        })
    }

    /// Of a random number: no other request has it.
    #[must_use]
    pub fn of_number(number: u128) -> Self {
        Self(format!("{number:032x}").into())
    }

    /// As it was sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_one_word_of_a_header() {
        for legal in ["0", "8e03978e-40d5-43e8-bc93-6894a57f9324", &"x".repeat(64)] {
            assert_eq!(RequestKey::new(legal).expect(legal).as_str(), legal);
        }
        for wrong in ["", " ", "a b", "a\nb", "é", &"x".repeat(65)] {
            assert!(RequestKey::new(wrong).is_err(), "{wrong:?}");
        }
    }
}
