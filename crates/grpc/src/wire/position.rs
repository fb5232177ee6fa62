//! How far a reader of a log has come, so that a stream that broke goes on where it broke.
//!
//! Told in attempts, lines and bytes of a line, and not in events: retention may have removed lines meanwhile, and a long line
//! may be cut elsewhere.

use crate::proto::LogPosition;
use bytes::Bytes;
use solti_api::Handed;
use solti_model::{OutputEvent, OutputStreamKind, text_of_line};

/// Takes note of an event that the reader has got.
pub(crate) fn pass(position: &mut LogPosition, event: &OutputEvent) {
    match event {
        OutputEvent::RunStarted { attempt, .. } => {
            *position = LogPosition { attempt: *attempt, ..LogPosition::default() };
        }
        OutputEvent::Chunk { stream, seq, line, continues, unfinished, raw, .. } => {
            let (lines, bytes) = match stream {
                OutputStreamKind::Stdout => (&mut position.stdout_lines, &mut position.stdout_bytes),
                OutputStreamKind::Stderr => (&mut position.stderr_lines, &mut position.stderr_bytes),
            };
            let len = raw.as_ref().map_or(line.len(), |raw| raw.as_bytes().len()) as u64;
            (*lines, *bytes) = match (unfinished, continues) {
                (false, _) => (seq + 1, 0),
                (true, true) => (*seq, *bytes + len),
                (true, false) => (*seq, len),
            };
        }
        OutputEvent::RunFinished { .. } => position.finished = true,
        OutputEvent::Lagged { .. } => {}
    }
}

/// The same place as the handlers know it.
pub(crate) fn position_from_wire(wire: LogPosition) -> solti_api::LogPosition {
    let LogPosition { attempt, stdout_lines, stderr_lines, finished, stdout_bytes, stderr_bytes } = wire;
    if finished && attempt > 0 {
        return solti_api::LogPosition::ended(attempt);
    }
    solti_api::LogPosition {
        attempt,
        stdout: Handed { lines: stdout_lines, bytes: stdout_bytes },
        stderr: Handed { lines: stderr_lines, bytes: stderr_bytes },
        ended: false,
    }
}

/// `None` before everything.
pub(crate) fn position_to_wire(position: solti_api::LogPosition) -> Option<LogPosition> {
    let solti_api::LogPosition { attempt, stdout, stderr, ended } = position;
    (attempt > 0).then_some(LogPosition {
        attempt,
        stdout_lines: stdout.lines,
        stderr_lines: stderr.lines,
        finished: ended,
        stdout_bytes: stdout.bytes,
        stderr_bytes: stderr.bytes,
    })
}

/// Leaves out of a log what its reader has already. Every stream of a log has the same order, so the first event that is
/// new to the reader is the end of that.
pub(crate) struct Resume {
    after: LogPosition,
    caught_up: bool,
    /// Of stdout and of stderr: the line that the reader has a part of came again from its beginning.
    begun_again: [bool; 2],
}

impl Resume {
    pub(crate) fn new(after: Option<LogPosition>) -> Self {
        Self { caught_up: after.is_none(), after: after.unwrap_or_default(), begun_again: [false; 2] }
    }

    /// What of an event is new.
    pub(crate) fn rest(&mut self, event: OutputEvent) -> Option<OutputEvent> {
        if self.caught_up {
            return Some(event);
        }
        let rest = self.unknown(event);
        self.caught_up = rest.is_some();
        rest
    }

    fn unknown(&mut self, event: OutputEvent) -> Option<OutputEvent> {
        let (attempt, known_of_this) = match &event {
            OutputEvent::RunStarted { attempt, .. } => (*attempt, true),
            OutputEvent::Chunk { attempt, .. } if *attempt == self.after.attempt => {
                return self.unknown_of_line(event);
            }
            OutputEvent::Chunk { attempt, .. } => (*attempt, false),
            OutputEvent::RunFinished { attempt, .. } => (*attempt, self.after.finished),
            // Removed before the position: nothing that this reader lacks. At the position: `seq` shows it.
            OutputEvent::Lagged { .. } => return None,
        };
        let known = attempt < self.after.attempt || (attempt == self.after.attempt && known_of_this);
        (!known).then_some(event)
    }

    fn unknown_of_line(&mut self, mut event: OutputEvent) -> Option<OutputEvent> {
        let OutputEvent::Chunk { stream, seq, line, continues, unfinished, raw, .. } = &mut event else {
            return Some(event);
        };
        let [stdout_again, stderr_again] = &mut self.begun_again;
        let (lines, had, begun_again) = match stream {
            OutputStreamKind::Stdout => (self.after.stdout_lines, &mut self.after.stdout_bytes, stdout_again),
            OutputStreamKind::Stderr => (self.after.stderr_lines, &mut self.after.stderr_bytes, stderr_again),
        };
        if *seq < lines {
            return None;
        }
        // What goes on within the line without its beginning comes from where the reader is.
        if *seq > lines || *had == 0 || (*continues && !*begun_again) {
            return Some(event);
        }
        *begun_again = true;
        let bytes: Bytes = match raw.take() {
            Some(raw) => raw.into_bytes(),
            None => std::mem::take(line).into_bytes(),
        };
        let known = (bytes.len() as u64).min(*had);
        *had -= known;
        if *unfinished && known == bytes.len() as u64 {
            return None;
        }
        (*line, *raw) = text_of_line(bytes.slice(known as usize..));
        *continues = true;
        *had = 0;
        Some(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(attempt: u32, stream: OutputStreamKind, seq: u64) -> OutputEvent {
        OutputEvent::line(attempt, stream, seq, 0, format!("{attempt} {stream:?} {seq}"))
    }

    #[test]
    fn a_stream_broken_anywhere_goes_on_with_the_next_event() {
        use OutputStreamKind::{Stderr, Stdout};
        let log = [
            OutputEvent::RunStarted { attempt: 1, started_at: 1 },
            chunk(1, Stdout, 0),
            chunk(1, Stderr, 0),
            chunk(1, Stdout, 1),
            OutputEvent::RunFinished { attempt: 1, exit_code: Some(1), finished_at: 2 },
            OutputEvent::RunStarted { attempt: 2, started_at: 3 },
            chunk(2, Stderr, 0),
            chunk(2, Stderr, 1),
            chunk(2, Stdout, 0),
            OutputEvent::RunFinished { attempt: 2, exit_code: None, finished_at: 4 },
        ];
        for broken_after in 0..=log.len() {
            let mut position = None;
            for event in &log[..broken_after] {
                pass(position.get_or_insert_default(), event);
            }
            let mut resume = Resume::new(position);
            let rest: Vec<_> = log.iter().cloned().filter_map(|event| resume.rest(event)).collect();
            assert_eq!(rest, log[broken_after..], "broken after {broken_after}");
        }
    }

    #[test]
    fn lines_that_retention_removed_do_not_shift_the_position() {
        use OutputStreamKind::Stdout;
        let mut position = LogPosition::default();
        pass(&mut position, &OutputEvent::RunStarted { attempt: 1, started_at: 1 });
        pass(&mut position, &chunk(1, Stdout, 5));
        let mut resume = Resume::new(Some(position));
        let rest = [
            OutputEvent::RunStarted { attempt: 1, started_at: 1 },
            OutputEvent::Lagged { skipped: 4, reason: Some("the log cannot be read".into()) },
            chunk(1, Stdout, 4),
            chunk(1, Stdout, 5),
            chunk(1, Stdout, 6),
        ];
        let new: Vec<_> = rest.iter().cloned().filter_map(|event| resume.rest(event)).collect();
        assert_eq!(new, rest[4..]);
    }

    #[test]
    fn a_line_in_parts_goes_on_within_itself_wherever_it_is_cut_the_next_time() {
        let part = |seq, text: &[u8], continues, unfinished| {
            let (attempt, stream, ts) = (1, OutputStreamKind::Stderr, 0);
            let (line, raw) = text_of_line(Bytes::copy_from_slice(text));
            OutputEvent::Chunk { attempt, stream, seq, ts, line, continues, unfinished, raw }
        };
        let mut position = LogPosition::default();
        pass(&mut position, &OutputEvent::RunStarted { attempt: 1, started_at: 1 });
        pass(&mut position, &part(0, b"step 1", false, true));
        pass(&mut position, &part(0, b" \xff", true, true));
        assert_eq!((position.stderr_lines, position.stderr_bytes), (0, 8));
        let again =
            [part(0, b"ste", false, true), part(0, b"p 1 \xff and", true, true), part(0, b"", true, false)];
        let mut resume = Resume::new(Some(position));
        let new: Vec<_> = again.iter().cloned().filter_map(|event| resume.rest(event)).collect();
        assert_eq!(new, [part(0, b" and", true, true), part(0, b"", true, false)]);
        // All of it was had, and the output ended so.
        let mut resume = Resume::new(Some(position));
        assert_eq!(resume.rest(part(0, b"step 1 \xff", false, true)), None);
    }
}
