//! How far a reader of a log has come, so that a stream that broke goes on where it broke.
//!
//! Told in attempts and lines and not in events: retention may have removed lines meanwhile.

use crate::proto::LogPosition;
use solti_model::{OutputEvent, OutputStreamKind};

/// Takes note of an event that the reader has got.
pub fn pass(position: &mut LogPosition, event: &OutputEvent) {
    match event {
        OutputEvent::RunStarted { attempt, .. } => {
            *position = LogPosition { attempt: *attempt, ..LogPosition::default() };
        }
        OutputEvent::Chunk { stream: OutputStreamKind::Stdout, seq, .. } => position.stdout_lines = seq + 1,
        OutputEvent::Chunk { stream: OutputStreamKind::Stderr, seq, .. } => position.stderr_lines = seq + 1,
        OutputEvent::RunFinished { .. } => position.finished = true,
        OutputEvent::Lagged { .. } => {}
    }
}

/// Leaves out of a log what its reader has already. Every stream of a log has the same order, so the first event that is
/// new to the reader is the end of that.
pub struct Resume {
    after: LogPosition,
    caught_up: bool,
}

impl Resume {
    pub fn new(after: Option<LogPosition>) -> Self {
        Self { caught_up: after.is_none(), after: after.unwrap_or_default() }
    }

    pub fn is_new(&mut self, event: &OutputEvent) -> bool {
        self.caught_up = self.caught_up || !self.is_known(event);
        self.caught_up
    }

    fn is_known(&self, event: &OutputEvent) -> bool {
        let (attempt, known_of_this) = match event {
            OutputEvent::RunStarted { attempt, .. } => (attempt, true),
            OutputEvent::Chunk { attempt, stream: OutputStreamKind::Stdout, seq, .. } => {
                (attempt, *seq < self.after.stdout_lines)
            }
            OutputEvent::Chunk { attempt, stream: OutputStreamKind::Stderr, seq, .. } => {
                (attempt, *seq < self.after.stderr_lines)
            }
            OutputEvent::RunFinished { attempt, .. } => (attempt, self.after.finished),
            // Removed before the position: nothing that this reader lacks. At the position: `seq` shows it.
            OutputEvent::Lagged { .. } => return true,
        };
        *attempt < self.after.attempt || (*attempt == self.after.attempt && known_of_this)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(attempt: u32, stream: OutputStreamKind, seq: u64) -> OutputEvent {
        OutputEvent::Chunk { attempt, stream, seq, ts: 0, line: format!("{attempt} {stream:?} {seq}").into() }
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
            let rest: Vec<_> = log.iter().filter(|event| resume.is_new(event)).collect();
            assert_eq!(rest, log[broken_after..].iter().collect::<Vec<_>>(), "broken after {broken_after}");
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
            OutputEvent::Lagged { skipped: 4 },
            chunk(1, Stdout, 4),
            chunk(1, Stdout, 5),
            chunk(1, Stdout, 6),
        ];
        let new: Vec<_> = rest.iter().filter(|event| resume.is_new(event)).collect();
        assert_eq!(new, [&rest[4]]);
    }
}
