//! What a subscriber of a task's log receives.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use bytestring::ByteString;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use ts_rs::TS;

/// A program's output stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum OutputStreamKind {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// One event of a task's log. Order is the order of the log; run marks enclose the chunks of their attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum OutputEvent {
    /// An attempt has started.
    RunStarted {
        /// From 1.
        attempt: u32,
        /// Unix milliseconds.
        #[ts(type = "number")]
        started_at: u64,
    },
    /// A line, or a part of one: a line of more than 1 MiB comes in several chunks of one `seq`.
    Chunk {
        /// The run that printed it.
        attempt: u32,
        /// The stream that it came through.
        stream: OutputStreamKind,
        /// Counts the lines of this attempt and stream from 0.
        #[ts(type = "number")]
        seq: u64,
        /// Unix milliseconds.
        #[ts(type = "number")]
        ts: u64,
        /// The line without its newline; bytes that are not UTF-8 are replaced by U+FFFD (`raw` has them).
        #[ts(type = "string")]
        #[schemars(with = "String")]
        line: ByteString,
        /// It goes on where the chunk of this stream before it, which has the same `seq`, has left off.
        #[serde(default, skip_serializing_if = "is_false")]
        #[ts(optional, as = "Option<bool>")]
        continues: bool,
        /// No newline stands behind it: the rest of the line comes in chunks that continue it, or the output ended so.
        #[serde(default, skip_serializing_if = "is_false")]
        #[ts(optional, as = "Option<bool>")]
        unfinished: bool,
        /// What was printed, where that is not UTF-8.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional, as = "Option<String>")]
        raw: Option<RawLine>,
    },
    /// An attempt has ended.
    RunFinished {
        /// The run.
        attempt: u32,
        /// When its program exited by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        exit_code: Option<i32>,
        /// Unix milliseconds.
        #[ts(type = "number")]
        finished_at: u64,
    },
    /// Lines that are not in the log: removed for a limit, or never written for want of space. With a `reason`: what is left of
    /// this attempt's log cannot be read.
    Lagged {
        /// How many; at least, where nobody knows.
        #[ts(type = "number")]
        skipped: u64,
        /// Why the log cannot be read, in a sentence.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        reason: Option<String>,
    },
}

impl OutputEvent {
    /// Of a chunk: through which stream, its bytes as they were printed, and whether a newline stands behind them.
    pub fn printed(&self) -> Option<(OutputStreamKind, &[u8], bool)> {
        let Self::Chunk { stream, line, unfinished, raw, .. } = self else { return None };
        Some((*stream, raw.as_ref().map_or(line.as_bytes(), RawLine::as_bytes), !unfinished))
    }

    /// A whole line of text.
    pub fn line(
        attempt: u32,
        stream: OutputStreamKind,
        seq: u64,
        ts: u64,
        line: impl Into<ByteString>,
    ) -> Self {
        let line = line.into();
        Self::Chunk { attempt, stream, seq, ts, line, continues: false, unfinished: false, raw: None }
    }
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// Bytes of a line that are no text; in JSON standard base64. Events are moved about by the million and this is rare, so that it
/// takes the room of a pointer.
#[derive(Clone, PartialEq, Eq)]
pub struct RawLine(Box<Bytes>);

impl RawLine {
    /// The bytes, newline excluded.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The same, shared.
    pub fn into_bytes(self) -> Bytes {
        *self.0
    }
}

/// Bytes of a line as text, with what is not UTF-8 replaced, and beside that the bytes where there is such.
pub fn text_of_line(bytes: Bytes) -> (ByteString, Option<RawLine>) {
    match ByteString::try_from(bytes.clone()) {
        Ok(line) => (line, None),
        Err(_) => (String::from_utf8_lossy(&bytes).into_owned().into(), Some(bytes.into())),
    }
}

impl From<Bytes> for RawLine {
    fn from(bytes: Bytes) -> Self {
        Self(Box::new(bytes))
    }
}

impl fmt::Debug for RawLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for RawLine {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&**self.0))
    }
}

impl<'de> Deserialize<'de> for RawLine {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = ByteString::deserialize(deserializer)?;
        let bytes = STANDARD.decode(text.as_bytes()).map_err(de::Error::custom)?;
        Ok(Self::from(Bytes::from(bytes)))
    }
}

impl JsonSchema for RawLine {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RawLine".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "contentEncoding": "base64"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_whole_line_of_text_is_written_as_it_ever_was() {
        let line = OutputEvent::line(1, OutputStreamKind::Stdout, 0, 7, "hi");
        let written =
            json!({"type": "chunk", "attempt": 1, "stream": "stdout", "seq": 0, "ts": 7, "line": "hi"});
        assert_eq!(serde_json::to_value(&line).expect("writes"), written);
        assert_eq!(serde_json::from_value::<OutputEvent>(written).expect("reads"), line);
    }

    #[test]
    fn the_bytes_of_what_is_no_text_are_handed_on() {
        let OutputEvent::Chunk { attempt, stream, seq, ts, line, .. } =
            OutputEvent::line(1, OutputStreamKind::Stderr, 3, 7, "a\u{fffd}")
        else {
            unreachable!("a line")
        };
        let raw = Some(RawLine::from(Bytes::from_static(b"a\xff")));
        let (continues, unfinished) = (true, true);
        let event = OutputEvent::Chunk { attempt, stream, seq, ts, line, continues, unfinished, raw };
        let written = serde_json::to_value(&event).expect("writes");
        assert_eq!((&written["raw"], &written["continues"]), (&json!("Yf8="), &json!(true)));
        assert_eq!(serde_json::from_value::<OutputEvent>(written.clone()).expect("reads"), event);
        let mut broken = written;
        broken["raw"] = json!("no base64");
        assert!(serde_json::from_value::<OutputEvent>(broken).is_err());
    }

    /// Millions of them are moved from hand to hand each second.
    #[test]
    fn an_event_takes_one_line_of_the_cache() {
        assert!(size_of::<OutputEvent>() <= 64, "{}", size_of::<OutputEvent>());
    }
}
