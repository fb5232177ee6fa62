//! How a receiver knows that a call is from here, and of when.

use ring::hmac;
use std::fmt::Write as _;

/// The header `Solti-Signature`: `t=<Unix milliseconds>,v1=<hexadecimal HMAC-SHA256>` over the time, a dot and the body.
#[must_use]
pub fn sign(secret: &str, at_ms: u64, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let mut context = hmac::Context::with_key(&key);
    context.update(at_ms.to_string().as_bytes());
    context.update(b".");
    context.update(body);
    let mut text = format!("t={at_ms},v1=");
    for byte in context.sign().as_ref() {
        // Into a string nothing fails.
        write!(text, "{byte:02x}").ok();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_others() {
        // printf '1700000000000.{"a":1}' | openssl dgst -sha256 -hmac secret
        let expected = "4ef2732b0d632a6897af3a6d02a6de287f60d6c5f15dabdb0ceb045a34e3c5a7";
        assert_eq!(
            sign("secret", 1_700_000_000_000, br#"{"a":1}"#),
            format!("t=1700000000000,v1={expected}")
        );
    }
}
