//! Reads server-sent events as `solti-http`'s own server writes them: one line of data each, lines ended by `\n`.

use crate::client::heard::LastHeard;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use memchr::memmem;
use solti_api::ApiError;
use std::time::Duration;

/// Three signs of life of the server that did not come.
pub(super) const SILENCE: Duration = Duration::from_secs(45);
/// One event; a line of a log comes in pieces of 1 MiB, escaped at worst to six times that.
const MAX_EVENT: usize = 16 * 1024 * 1024;

/// The connection broke, or what came over it is no event.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error("the connection broke off")]
    Connection(#[from] hyper::Error),
    #[error("nothing was heard for {} s", SILENCE.as_secs())]
    Silence,
    #[error("an event is larger than {MAX_EVENT} bytes")]
    TooLarge,
    #[error("an event cannot be read")]
    Data(#[from] serde_json::Error),
    /// The server has said why it breaks off.
    #[error(transparent)]
    Refused(ApiError),
}

pub(super) struct Event {
    pub id: Option<Bytes>,
    pub data: Bytes,
    /// Its data is the error that ends the stream.
    refusal: bool,
}

pub(super) struct Events {
    body: Incoming,
    heard: LastHeard,
    buffer: BytesMut,
    /// So much of the buffer holds no end of an event.
    searched: usize,
}

impl Events {
    pub(super) fn new(body: Incoming, heard: LastHeard) -> Self {
        Self { body, heard, buffer: BytesMut::new(), searched: 0 }
    }

    /// The next event; `None` at the end of the stream, which the server has announced.
    pub(super) async fn next(&mut self) -> Result<Option<Event>, Broken> {
        loop {
            if let Some(event) = self.buffered() {
                return match event.refusal {
                    true => Err(Broken::Refused(serde_json::from_slice(&event.data)?)),
                    false => Ok(Some(event)),
                };
            }
            if self.buffer.len() > MAX_EVENT {
                return Err(Broken::TooLarge);
            }
            let frame =
                tokio::time::timeout(SILENCE, self.body.frame()).await.map_err(|_| Broken::Silence)?;
            match frame {
                None => return Ok(None),
                Some(frame) => {
                    let frame = frame?;
                    self.heard.note();
                    if let Ok(data) = frame.into_data() {
                        self.buffer.extend_from_slice(&data);
                    }
                }
            }
        }
    }

    /// The next event that is whole already.
    pub(super) fn buffered(&mut self) -> Option<Event> {
        loop {
            let Some(found) = memmem::find(&self.buffer[self.searched..], b"\n\n") else {
                self.searched = self.buffer.len().saturating_sub(1);
                return None;
            };
            let block = self.buffer.split_to(self.searched + found + 2).freeze();
            self.searched = 0;
            let (mut id, mut data, mut refusal) = (None, None, false);
            for line in block.split(|byte| *byte == b'\n') {
                if let Some(text) = line.strip_prefix(b"data: ") {
                    data = Some(block.slice_ref(text));
                } else if let Some(text) = line.strip_prefix(b"id: ") {
                    id = Some(block.slice_ref(text));
                } else if line == b"event: error" {
                    refusal = true;
                }
            }
            // Without data it is a comment or a setting.
            if let Some(data) = data {
                return Some(Event { id, data, refusal });
            }
        }
    }
}
