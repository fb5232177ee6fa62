//! Events of a log. This is the hot path: a line is shared on its way out, never copied into a message.

use super::{given, not_a_value, time_from_wire, time_to_wire};
use crate::proto;
use bytestring::ByteString;
use proto::output_event_proto::Kind;
use solti_model::{FieldError, OutputEvent, OutputStreamKind, RawLine};

pub(crate) fn event_to_wire(event: OutputEvent) -> proto::OutputEventProto {
    let kind = match event {
        OutputEvent::Chunk { attempt, stream, seq, ts, line, continues, unfinished, raw } => {
            Kind::Chunk(proto::OutputChunkProto {
                attempt,
                stream: match stream {
                    OutputStreamKind::Stdout => proto::OutputStreamKind::Stdout.into(),
                    OutputStreamKind::Stderr => proto::OutputStreamKind::Stderr.into(),
                },
                seq,
                ts: time_to_wire(ts),
                line: line.into_bytes(),
                continues,
                unfinished,
                raw: raw.map(RawLine::into_bytes),
            })
        }
        OutputEvent::RunStarted { attempt, started_at } => {
            Kind::RunStarted(proto::RunStartedProto { attempt, started_at: time_to_wire(started_at) })
        }
        OutputEvent::RunFinished { attempt, exit_code, finished_at } => {
            Kind::RunFinished(proto::RunFinishedProto {
                attempt,
                exit_code,
                finished_at: time_to_wire(finished_at),
            })
        }
        OutputEvent::Lagged { skipped, reason } => Kind::Lagged(proto::LaggedProto { skipped, reason }),
    };
    proto::OutputEventProto { kind: Some(kind) }
}

/// # Errors
/// Names what a server left out. Bytes that are not UTF-8 are none: they are replaced by U+FFFD.
pub(crate) fn event_from_wire(wire: proto::OutputEventProto) -> Result<OutputEvent, FieldError> {
    Ok(match given("kind", wire.kind)? {
        Kind::Chunk(chunk) => OutputEvent::Chunk {
            attempt: chunk.attempt,
            stream: match proto::OutputStreamKind::try_from(chunk.stream) {
                Ok(proto::OutputStreamKind::Stdout) => OutputStreamKind::Stdout,
                Ok(proto::OutputStreamKind::Stderr) => OutputStreamKind::Stderr,
                Ok(proto::OutputStreamKind::Unspecified) | Err(_) => {
                    return Err(not_a_value("stream", chunk.stream));
                }
            },
            seq: chunk.seq,
            ts: time_from_wire(chunk.ts),
            line: match ByteString::try_from(chunk.line.clone()) {
                Ok(line) => line,
                Err(_) => String::from_utf8_lossy(&chunk.line).into_owned().into(),
            },
            continues: chunk.continues,
            unfinished: chunk.unfinished,
            raw: chunk.raw.map(RawLine::from),
        },
        Kind::RunStarted(run) => {
            OutputEvent::RunStarted { attempt: run.attempt, started_at: time_from_wire(run.started_at) }
        }
        Kind::RunFinished(run) => OutputEvent::RunFinished {
            attempt: run.attempt,
            exit_code: run.exit_code,
            finished_at: time_from_wire(run.finished_at),
        },
        Kind::Lagged(lag) => OutputEvent::Lagged { skipped: lag.skipped, reason: lag.reason },
    })
}
