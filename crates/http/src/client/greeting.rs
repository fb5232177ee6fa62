//! The output of `ssh`, behind what the far shell's start-up files print: a greeting, a hint, a calendar. The answer begins with the
//! line that every answer begins with, and nothing before it is one.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, ReadBuf};

/// A greeting is no longer.
const LONGEST: usize = 64 * 1024;

/// What was heard of the far end so far. Shared with who tells a person of it.
#[derive(Clone, Default)]
pub(super) struct Heard(Arc<Mutex<What>>);

#[derive(Default)]
enum What {
    #[default]
    Nothing,
    /// The last line of it.
    Greeting(String),
    Answer,
}

impl Heard {
    /// Whether Solti has answered, on this connection or one before.
    pub(super) fn answered(&self) -> bool {
        matches!(*self.what(), What::Answer)
    }

    /// What stands in the place of an answer.
    pub(super) fn greeting(&self) -> Option<String> {
        match &*self.what() {
            What::Greeting(line) => Some(line.clone()),
            What::Nothing | What::Answer => None,
        }
    }

    fn what(&self) -> std::sync::MutexGuard<'_, What> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn note(&self, greeting: &[u8]) {
        let text = String::from_utf8_lossy(greeting);
        let last = text.lines().rev().map(str::trim).find(|line| !line.is_empty());
        let mut what = self.what();
        if let (Some(last), What::Nothing | What::Greeting(_)) = (last, &*what) {
            *what = What::Greeting(last.to_owned());
        }
    }
}

pub(super) struct BehindGreeting<S> {
    inner: S,
    heard: Heard,
    /// What came before the answer, and then of the answer what is not handed on yet.
    held: Vec<u8>,
    answers: bool,
}

impl<S> BehindGreeting<S> {
    pub(super) fn new(inner: S, heard: Heard) -> Self {
        Self { inner, heard, held: Vec::new(), answers: false }
    }
}

/// Where `HTTP/1.1 200` begins.
fn answer_in(text: &[u8]) -> Option<usize> {
    const LINE: &[u8] = b"HTTP/1.d ddd";
    let fits = |(expected, byte): (&u8, &u8)| match expected {
        b'd' => byte.is_ascii_digit(),
        expected => expected == byte,
    };
    text.windows(LINE.len()).position(|window| LINE.iter().zip(window).all(fits))
}

impl<S: AsyncRead + Unpin> AsyncRead for BehindGreeting<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while !this.answers {
            let mut bytes = [0; 4096];
            let mut read = ReadBuf::new(&mut bytes);
            ready!(Pin::new(&mut this.inner).poll_read(cx, &mut read))?;
            if read.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            this.held.extend_from_slice(read.filled());
            if let Some(at) = answer_in(&this.held) {
                this.held.drain(..at);
                this.answers = true;
                *this.heard.what() = What::Answer;
            } else {
                this.heard.note(&this.held);
                if this.held.len() > LONGEST {
                    let words = "what comes from there is not an answer of Solti";
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, words)));
                }
            }
        }
        if this.held.is_empty() {
            return Pin::new(&mut this.inner).poll_read(cx, buf);
        }
        let len = this.held.len().min(buf.remaining());
        buf.put_slice(&this.held[..len]);
        this.held.drain(..len);
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;
    use tokio::io::AsyncReadExt as _;

    /// Each read gets one of them.
    struct Parts(VecDeque<Vec<u8>>);

    impl AsyncRead for Parts {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buf: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            buf.put_slice(&self.0.pop_front().unwrap_or_default());
            Poll::Ready(Ok(()))
        }
    }

    async fn read(parts: &[&str]) -> (io::Result<String>, Heard) {
        let heard = Heard::default();
        let parts = Parts(parts.iter().map(|part| part.as_bytes().to_vec()).collect());
        let mut text = String::new();
        let mut stream = BehindGreeting::new(parts, heard.clone());
        let read = stream.read_to_string(&mut text).await.map(|_| text);
        (read, heard)
    }

    #[tokio::test]
    async fn the_answer_is_found_behind_a_greeting_however_both_are_cut() {
        for parts in [
            &["HTTP/1.1 200 OK\r\n\r\nbody"][..],
            &["Welcome to HTTP/1.1\n", "HT", "TP/1.1 2", "00 OK\r\n\r\nbo", "dy"],
            &["no newlineHTTP/1.1 200 OK\r\n\r\nbody"],
        ] {
            let (text, heard) = read(parts).await;
            assert_eq!(text.unwrap(), "HTTP/1.1 200 OK\r\n\r\nbody", "{parts:?}");
            assert!(heard.answered() && heard.greeting().is_none());
        }
    }

    #[tokio::test]
    async fn a_greeting_without_an_answer_is_kept_for_who_asks_why() {
        let (text, heard) = read(&["Hello\nThis account is not available.\n\n"]).await;
        assert_eq!((text.unwrap().as_str(), heard.answered()), ("", false));
        assert_eq!(heard.greeting().as_deref(), Some("This account is not available."));
        let endless = "x".repeat(4096);
        assert!(read(&[&*endless; 17]).await.0.is_err());
    }
}
