//! What one message of `stream_task_logs` holds: its events in order, none left out, bounded in lines and in bytes.

use crate::events::Frame;
use serde::Serialize;
use solti_model::OutputEvent;
use ts_rs::TS;

/// Where JSON batches stop getting faster.
const MAX_EVENTS: usize = 1_000;
/// A few long lines fill a frame as well as many short ones.
const MAX_BYTES: usize = 256 * 1024;

#[derive(Debug, Serialize, TS)]
pub struct OutputFrame {
    events: Vec<OutputEvent>,
    /// No further frame follows.
    end: bool,
    #[serde(skip)]
    #[ts(skip)]
    bytes: usize,
}

fn size(event: &OutputEvent) -> usize {
    match event {
        OutputEvent::Chunk { line, raw, .. } => {
            line.len() + raw.as_ref().map_or(0, |raw| raw.as_bytes().len())
        }
        OutputEvent::RunStarted { .. } | OutputEvent::RunFinished { .. } | OutputEvent::Lagged { .. } => 0,
    }
}

impl Frame for OutputFrame {
    type Item = OutputEvent;

    fn first(event: OutputEvent) -> Self {
        Self { bytes: size(&event), events: vec![event], end: false }
    }

    fn fold(&mut self, event: OutputEvent) {
        self.bytes += size(&event);
        self.events.push(event);
    }

    fn is_full(&self) -> bool {
        self.events.len() >= MAX_EVENTS || self.bytes >= MAX_BYTES
    }

    fn last(gathered: Option<Self>) -> Option<Self> {
        let mut frame = gathered.unwrap_or(Self { events: Vec::new(), end: false, bytes: 0 });
        frame.end = true;
        Some(frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use solti_model::OutputStreamKind;

    fn chunk(seq: u64, line: String) -> OutputEvent {
        OutputEvent::line(1, OutputStreamKind::Stdout, seq, 0, line)
    }

    #[test]
    fn a_frame_is_bounded_in_lines_and_in_bytes() {
        let mut short = OutputFrame::first(chunk(0, String::new()));
        for seq in 1..MAX_EVENTS as u64 {
            assert!(!short.is_full());
            short.fold(chunk(seq, String::new()));
        }
        assert!(short.is_full());
        assert!(OutputFrame::first(chunk(0, "x".repeat(MAX_BYTES))).is_full());
    }

    #[test]
    fn the_last_frame_says_so_even_when_it_is_empty() {
        let end = |frame| serde_json::to_value(OutputFrame::last(frame)).expect("writes");
        assert_eq!(end(None), serde_json::json!({"events": [], "end": true}));
        assert_eq!(end(Some(OutputFrame::first(chunk(0, "x".into()))))["end"], true);
    }
}
